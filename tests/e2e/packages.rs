//! Components in a registry: pushed, locked, fetched by digest, and refused where they are not what was locked.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    crafted::Craft,
    support::{Bench, Ran, grade, root},
};

/// A registry on this machine, with its storage in the folder of a test.
struct Registry {
    process: Child,
    host: String,
    storage: PathBuf,
}

impl Registry {
    /// `users` is the text of an htpasswd file.
    fn start(bench: &Bench, users: Option<&str>) -> Self {
        let program = root().join("target/registry/usr/bin/docker-registry");
        assert!(program.is_file(), "{} is missing: run `make registry` first", program.display());
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let (host, storage) = (format!("127.0.0.1:{port}"), bench.path("storage"));
        let users = users.map(|users| bench.write("users", users).display().to_string());
        let auth = users.map(|path| format!("auth: {{htpasswd: {{realm: test, path: {path}}}}}"));
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: {host}}}\n{}\n",
            storage.display(),
            auth.unwrap_or_default()
        );
        let config = bench.write("registry.yml", config);
        let process = Command::new(program)
            .arg("serve")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the registry starts");
        let begun = Instant::now();
        while TcpStream::connect(&host).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the registry does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, host, storage }
    }

    fn reference(&self, tag: &str) -> String {
        format!("oci://{}/test/remote:{tag}", self.host)
    }

    /// The file of a blob, by its digest without `sha256:`.
    fn blob(&self, digest: &str) -> PathBuf {
        self.storage.join("docker/registry/v2/blobs/sha256").join(&digest[..2]).join(digest).join("data")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder with its own cache, and the binary where no other graders stand beside it.
struct User {
    bench: Bench,
}

impl User {
    fn new() -> Self {
        let bench = Bench::new();
        let (built, program) = (env!("CARGO_BIN_EXE_gradebox"), bench.path("bin/gradebox"));
        fs::create_dir(bench.path("bin")).expect("a folder");
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).expect("the binary");
        bench.write("remote.wasm", component("0.1.0"));
        Self { bench }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(self.bench.path("bin/gradebox"));
        command.args(arguments).current_dir(self.bench.path("")).env_clear().stdin(Stdio::null());
        command.env("HOME", self.bench.path("")).env("GRADEBOX_CACHE", self.bench.path("cache"));
        Ran::from(command.output().expect("the binary starts"))
    }

    /// Pushes the component and locks it in a configuration.
    fn push_and_lock(&self, reference: &str) {
        self.run(&["push", "remote.wasm", reference]).expect_status(0);
        self.bench.write("gradebox.toml", format!("[sandbox]\ngraders = [\"{reference}\"]\n"));
        self.run(&["lock"]).expect_status(0);
    }

    fn grade(&self) -> Ran {
        self.bench.write_rows("rows.jsonl", &[json!({"response": "a"})]);
        self.run(&["grade", "rows.jsonl", "-g", "remote", "-o", "graded.jsonl"])
    }

    fn graded(&self) -> Value {
        self.bench.read_rows("graded.jsonl").remove(0)
    }

    fn forget_fetched(&self) {
        fs::remove_dir_all(self.bench.path("cache/packages")).expect("what was fetched");
    }
}

fn component(version: &str) -> Vec<u8> {
    Craft { name: "remote".to_owned(), version: version.to_owned(), ..Craft::default() }.component()
}

/// What is done to a blob in the registry's storage.
type Damage = fn(&Path);

fn digest_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn a_grader_of_a_registry_is_locked_fetched_once_and_then_used_offline() {
    let user = User::new();
    let registry = Registry::start(&user.bench, None);
    let reference = registry.reference("1.0.0");
    let digest = digest_of(&component("0.1.0"));
    let pushed = user.run(&["push", "remote.wasm", &reference]).expect_status(0);
    assert!(pushed.stdout.contains(&digest), "{}", pushed.stdout);
    user.bench.write("gradebox.toml", format!("[sandbox]\ngraders = [\"{reference}\"]\n"));
    user.grade().expect_status(2).expect_stderr(&["is not in gradebox.lock", "gradebox lock"]);
    user.run(&["lock"]).expect_status(0);
    let lock = fs::read_to_string(user.bench.path("gradebox.lock")).expect("a lock file");
    assert!(lock.contains(&digest) && lock.contains(&reference), "{lock}");

    user.grade().expect_status(0).expect_stderr(&["fetching oci://"]);
    let row = user.graded();
    assert_eq!(grade(&row, "remote")["outcome"], "scored");
    assert!(row.to_string().contains(&digest[..16]), "{row}");

    drop(registry);
    user.run(&["grade", "rows.jsonl", "--graders", "remote.wasm", "-c", "gradebox.toml", "-g", "remote", "-o", "-"])
        .expect_status(0);
    let again = user.grade().expect_status(0);
    assert!(!again.stderr.contains("fetching"), "{}", again.stderr);
    // What lies in the cache is looked at each time.
    let kept = user.bench.path(&format!("cache/packages/{digest}/remote.wasm"));
    fs::write(&kept, component("6.6.6")).expect("a file of ours");
    user.grade().expect_status(2).expect_stderr(&["cannot be had"]);
}

#[test]
fn a_tag_that_moved_is_told_and_followed_only_when_asked() {
    let user = User::new();
    let registry = Registry::start(&user.bench, None);
    let reference = registry.reference("latest");
    user.push_and_lock(&reference);
    let lock = || fs::read_to_string(user.bench.path("gradebox.lock")).expect("a lock file");
    let before = lock();
    user.bench.write("remote.wasm", component("0.2.0"));
    user.run(&["push", "remote.wasm", &reference]).expect_status(0);

    user.run(&["lock"]).expect_status(0).expect_stderr(&["the tag has moved to"]);
    assert_eq!(lock(), before);
    user.grade().expect_status(0);
    assert!(user.graded().to_string().contains("remote 0.1.0"), "{}", user.graded());
    user.run(&["lock", "--upgrade"]).expect_status(0).expect_stderr(&["moved from"]);
    assert!(lock().contains(&digest_of(&component("0.2.0"))));
    user.grade().expect_status(0);
    assert!(user.graded().to_string().contains("remote 0.2.0"), "{}", user.graded());
}

#[test]
fn the_configuration_says_what_stays_locked_and_what_goes_is_named() {
    let user = User::new();
    let registry = Registry::start(&user.bench, None);
    let (first, second) = (registry.reference("1.0.0"), registry.reference("2.0.0"));
    user.push_and_lock(&first);
    user.run(&["push", "remote.wasm", &second]).expect_status(0);
    let lock = || fs::read_to_string(user.bench.path("gradebox.lock")).expect("a lock file");
    user.run(&["lock", "--graders", &second]).expect_status(0);
    assert!(lock().contains(&first) && lock().contains(&second), "{}", lock());
    let again = format!("gradebox lock --graders {second}");
    user.run(&["lock"]).expect_status(0).expect_stderr(&["2.0.0: removed, the configuration does not name it", &again]);
    assert!(lock().contains(&first) && !lock().contains(&second), "{}", lock());
    let quiet = user.run(&["lock"]).expect_status(0);
    assert!(!quiet.stderr.contains("removed"), "{}", quiet.stderr);

    // Without a configuration, nothing says that a reference is not wanted any more.
    fs::remove_file(user.bench.path("gradebox.toml")).expect("a file of ours");
    user.run(&["lock", "--upgrade"]).expect_status(0).expect_stderr(&["1.0.0: sha256:", "as before"]);
    assert!(lock().contains(&first), "{}", lock());
    fs::remove_file(user.bench.path("gradebox.lock")).expect("a file of ours");
    user.run(&["lock"]).expect_status(2).expect_stderr(&["nothing to lock", "--graders oci://"]);
    assert!(!user.bench.path("gradebox.lock").exists());
}

#[test]
fn what_is_not_what_was_locked_is_refused() {
    let damages: [(&str, Damage); 3] = [
        ("another component", |blob| fs::write(blob, component("6.6.6")).expect("the storage")),
        ("cut short", |blob| {
            let content = fs::read(blob).expect("the storage");
            fs::write(blob, &content[..content.len() / 2]).expect("the storage");
        }),
        ("gone", |blob| fs::remove_file(blob).expect("the storage")),
    ];
    let user = User::new();
    let registry = Registry::start(&user.bench, None);
    user.push_and_lock(&registry.reference("1.0.0"));
    let blob = registry.blob(&digest_of(&component("0.1.0")));
    for (what, damage) in damages {
        damage(&blob);
        let ran = user.grade();
        assert_eq!(ran.status, 2, "{what}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("is not what was locked") || ran.stderr.contains("cannot be had"),
            "{}",
            ran.stderr
        );
        assert!(!user.bench.path("graded.jsonl").exists(), "{what}");
    }
    fs::write(&blob, component("0.1.0")).expect("the storage");
    user.grade().expect_status(0);

    // Nor is a lock believed that says something else than the manifest.
    user.forget_fetched();
    let lock = fs::read_to_string(user.bench.path("gradebox.lock")).expect("a lock file");
    let forged = lock.replace(&digest_of(&component("0.1.0")), &digest_of(b"another"));
    user.bench.write("gradebox.lock", forged);
    user.grade().expect_status(2).expect_stderr(&["is not what was locked"]);
    user.bench.write("gradebox.lock", "version = 9\n");
    user.grade().expect_status(2).expect_stderr(&["its version is 9"]);
}

#[test]
fn what_is_missing_or_no_component_is_said() {
    let user = User::new();
    let registry = Registry::start(&user.bench, None);
    let reference = registry.reference("1.0.0");
    user.run(&["lock", "--graders", &reference]).expect_status(2).expect_stderr(&["cannot be had"]);
    assert!(!user.bench.path("gradebox.lock").exists());
    user.run(&["lock", "--graders", "oci://ghcr.io/me/grader"]).expect_status(2).expect_stderr(&["neither a tag nor"]);
    user.bench.write("text.wasm", "not a component");
    user.run(&["push", "text.wasm", &reference]).expect_status(2).expect_stderr(&["does not fit"]);

    // A manifest of something else, under the same tag: media types are changed in the storage.
    user.push_and_lock(&reference);
    let lock = fs::read_to_string(user.bench.path("gradebox.lock")).expect("a lock file");
    let manifest = lock.lines().find_map(|line| line.strip_prefix("manifest = \"sha256:")).expect("a manifest");
    let path = registry.blob(manifest.trim_end_matches('"'));
    let text = fs::read_to_string(&path).expect("the storage");
    for (from, to) in
        [("\"application/wasm\"", "\"application/tar+gzip\""), ("vnd.wasm.config.v0", "vnd.oci.image.config.v1")]
    {
        let other = text.replace(from, to);
        assert_ne!(other, text);
        // Placed under its own digest, and tagged.
        let digest = digest_of(other.as_bytes());
        let place = registry.blob(&digest);
        fs::create_dir_all(place.parent().expect("a folder")).expect("the storage");
        fs::write(place, &other).expect("the storage");
        let manifests = registry.storage.join("docker/registry/v2/repositories/test/remote/_manifests");
        let revision = manifests.join("revisions/sha256").join(&digest);
        fs::create_dir_all(&revision).expect("the storage");
        fs::write(revision.join("link"), format!("sha256:{digest}")).expect("the storage");
        fs::write(manifests.join("tags/1.0.0/current/link"), format!("sha256:{digest}")).expect("the storage");
        user.run(&["lock", "--upgrade"])
            .expect_status(2)
            .expect_stderr(&["is not a component as registries hold them"]);
    }
}

#[test]
fn a_registry_with_users_wants_the_credentials_of_docker_and_they_are_not_shown() {
    let user = User::new();
    let users = "user:$2b$05$ml54rX.QkV9oQy17N9rdmuFSkVGKV9lt2y4bNXgjJF/WlQRHVAAgW\n";
    let registry = Registry::start(&user.bench, Some(users));
    let reference = registry.reference("1.0.0");
    let push = || user.run(&["-v", "push", "remote.wasm", &reference]);
    push().expect_status(2).expect_stderr(&["asks for a name and a password", "docker login"]);
    let login = |auth: &str| {
        let config = json!({"auths": {registry.host.as_str(): {"auth": auth}}});
        user.bench.write(".docker/config.json", config.to_string());
    };
    login("dXNlcjp3cm9uZw==");
    push().expect_status(2).expect_stderr(&["asks for a name and a password"]);
    login("dXNlcjpzZWNyZXQ=");
    let pushed = push().expect_status(0);
    user.push_and_lock(&reference);
    let graded = user.grade().expect_status(0);
    for ran in [pushed, graded] {
        let said = ran.stdout + &ran.stderr;
        assert!(!said.contains("secret") && !said.contains("dXNlcjpzZWNyZXQ"), "{said}");
    }
}
