//! The compile cache: what somebody damaged, exchanged or brought from elsewhere is compiled again and never run.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use gradebox::{
    fields::FieldMap,
    grader::Grader,
    sample::{Columns, Sample},
    sandbox::{
        CacheError, Catalog, CompileCache, ComponentGrader, GradeLimits, Grants, Metering, Sandbox, SandboxSettings,
    },
    score::{ErrorKind, Outcome},
};
use serde_json::json;

use crate::{
    lockdown::kernel_has_landlock,
    support::{Bench, hostile_graders, root},
};

/// A directory of two small components, and a cache of its own.
struct Place {
    bench: Bench,
    graders: PathBuf,
}

/// What an opening of the catalog came to.
struct Opened {
    sandbox: Sandbox,
    catalog: Catalog,
    compiled: usize,
}

impl Place {
    fn new() -> Self {
        let bench = Bench::new();
        let graders = hostile_graders(&bench);
        fs::copy(root().join("target/graders/code-execution.wasm"), graders.join("code-execution.wasm"))
            .expect("target/graders: run `make graders` first");
        Self { bench, graders }
    }

    fn cache(&self) -> PathBuf {
        self.bench.path("cache")
    }

    async fn open(&self, program: &Path) -> Opened {
        let settings = SandboxSettings { jobs: 1, metering: Metering::Time, program: program.to_owned(), on_log: None };
        let sandbox = Sandbox::start(settings);
        let cache = CompileCache::open(&self.cache(), Metering::Time).expect("a cache");
        let compiled = AtomicUsize::new(0);
        let count = |_: &Path| {
            compiled.fetch_add(1, Ordering::Relaxed);
        };
        let catalog =
            Catalog::open(&sandbox, &cache, std::slice::from_ref(&self.graders), &count).await.expect("a directory");
        Opened { sandbox, catalog, compiled: compiled.into_inner() }
    }

    async fn open_here(&self) -> Opened {
        self.open(Path::new(env!("CARGO_BIN_EXE_gradebox"))).await
    }

    /// The compiled components, the larger one first.
    fn compiled_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.cache())
            .expect("the cache")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
            .collect();
        files.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).expect("a file").len()));
        files
    }
}

impl Opened {
    async fn grade(&self) -> Outcome {
        let entry = self.catalog.find("hostile").expect("the hostile component");
        let grader = ComponentGrader::new(
            self.sandbox.clone(),
            entry,
            &Columns::new(),
            FieldMap::default(),
            Grants { programs: false, ..Grants::default() },
            GradeLimits::default(),
        );
        let sample = Sample {
            id: json!(1),
            messages: vec![],
            response: Some("behave".to_owned()),
            responses: vec![],
            reference: None,
            columns: Arc::new(Columns::new()),
        };
        grader.grade(&sample).await.outcome
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_is_not_compiled_again() {
    let place = Place::new();
    assert_eq!(place.open_here().await.compiled, 2);
    let again = place.open_here().await;
    assert_eq!(again.compiled, 0);
    assert!(matches!(again.grade().await, Outcome::Scored(_)));
    // A file that was only touched, as by a backup, has the same content.
    for file in place.compiled_files() {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("a file of ours");
    }
    let touched = place.open_here().await;
    assert_eq!(touched.compiled, 0);
    assert!(matches!(touched.grade().await, Outcome::Scored(_)));
    // Nor is one that is touched, as by another run, before a worker opens it.
    let opened = place.open_here().await;
    for file in place.compiled_files() {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a file of ours");
    }
    let outcome = opened.grade().await;
    assert!(matches!(outcome, Outcome::Scored(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_is_compiled_again() {
    type Damage = fn(&[PathBuf]);
    let damages: &[(&str, usize, Damage)] = &[
        ("a flipped bit", 1, |files| {
            let mut content = fs::read(&files[0]).expect("a file");
            let middle = content.len() / 2;
            content[middle] ^= 1;
            fs::write(&files[0], content).expect("a file of ours");
        }),
        ("a file cut short", 1, |files| {
            let content = fs::read(&files[0]).expect("a file");
            fs::write(&files[0], &content[..content.len() - 4096]).expect("a file of ours");
        }),
        ("an empty file", 1, |files| fs::write(&files[0], "").expect("a file of ours")),
        ("files in each other's place", 2, |files| {
            let (first, second) = (fs::read(&files[0]).expect("a file"), fs::read(&files[1]).expect("a file"));
            fs::write(&files[0], second).expect("a file of ours");
            fs::write(&files[1], first).expect("a file of ours");
        }),
        ("notes in each other's place too", 2, |files| {
            for extension in ["cwasm", "note"] {
                let at = |index: usize| files[index].with_extension(extension);
                let (first, second) = (fs::read(at(0)).expect("a file"), fs::read(at(1)).expect("a file"));
                fs::write(at(0), second).expect("a file of ours");
                fs::write(at(1), first).expect("a file of ours");
            }
        }),
        ("a lost file", 1, |files| fs::remove_file(&files[0]).expect("a file of ours")),
        ("a damaged note", 1, |files| {
            let note = files[0].with_extension("note");
            let mut content = fs::read(&note).expect("a note");
            let version = content.windows(5).position(|bytes| bytes == b"0.1.0").expect("the grader's version");
            content[version + 4] += 1;
            fs::write(note, content).expect("a file of ours");
        }),
        ("a link to another file", 1, |files| {
            let elsewhere = files[0].with_extension("elsewhere");
            fs::write(&elsewhere, "not compiled by anybody").expect("a file of ours");
            fs::remove_file(&files[0]).expect("a file of ours");
            std::os::unix::fs::symlink(elsewhere, &files[0]).expect("a link");
        }),
    ];
    let place = Place::new();
    place.open_here().await;
    for (what, times, damage) in damages {
        damage(&place.compiled_files());
        let opened = place.open_here().await;
        assert_eq!(opened.compiled, *times, "{what}");
        assert!(opened.catalog.rejected().is_empty(), "{what}: {:?}", opened.catalog.rejected());
        assert!(matches!(opened.grade().await, Outcome::Scored(_)), "{what}");
        assert_eq!(place.open_here().await.compiled, 0, "after {what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exchanged_after_the_check_is_not_run() {
    let place = Place::new();
    place.open_here().await;
    let opened = place.open_here().await;
    for file in place.compiled_files() {
        let mut content = fs::read(&file).expect("a file");
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(&file, content).expect("a file of ours");
    }
    match opened.grade().await {
        Outcome::Error(error) => {
            assert_eq!(error.kind, ErrorKind::GraderFailed);
            assert!(error.reason.contains("was changed"), "{}", error.reason);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_elsewhere_cannot_even_be_opened_by_a_worker() {
    if !kernel_has_landlock() {
        return;
    }
    let place = Place::new();
    place.open_here().await;
    let opened = place.open_here().await;
    for file in place.compiled_files() {
        let elsewhere = place.bench.path("elsewhere");
        fs::rename(&file, &elsewhere).expect("a file of ours");
        std::os::unix::fs::symlink(elsewhere, &file).expect("a link");
    }
    match opened.grade().await {
        Outcome::Error(error) => assert!(error.reason.contains("Permission denied"), "{}", error.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cache_that_others_can_write_to_is_refused() {
    let bench = Bench::new();
    let directory = bench.path("cache");
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("a directory of ours");
    let error = CompileCache::open(&directory, Metering::Time).err().expect("a refusal");
    assert!(matches!(error, CacheError::Unsafe { .. }) && error.to_string().contains("others may write"), "{error}");
}

/// A stand-in for a component on which the compiler dies: the process that compiles kills itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_component_on_which_the_compiler_dies_is_rejected_and_the_host_goes_on() {
    let place = Place::new();
    let script = format!(
        "#!/bin/sh\n[ \"$2\" = compile ] && [ \"$3\" = graders ] && kill -9 $$\nexec {:?} \"$@\"\n",
        env!("CARGO_BIN_EXE_gradebox")
    );
    let program = place.bench.write_script("dying-compiler", script);
    let opened = place.open(&program).await;
    assert!(opened.catalog.graders().is_empty());
    for rejected in opened.catalog.rejected() {
        assert!(rejected.reason.contains("the compiler gave up on it"), "{}", rejected.reason);
    }
    assert_eq!(opened.catalog.rejected().len(), 2);
}

#[test]
fn compiling_has_limits_of_its_own() {
    let python = fs::File::open(root().join("target/graders/runtimes/python.wasm")).expect("run `make graders` first");
    // In words: processor time in seconds, and memory in bytes.
    for (cpu_seconds, memory) in [("1", "8000000000"), ("300", "100000000")] {
        let python = python.try_clone().expect("a file");
        std::io::Seek::rewind(&mut &python).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_gradebox"))
            .args(["worker", "compile", "runtimes", "time", cpu_seconds, memory])
            .stdin(Stdio::from(python))
            .output()
            .expect("a compiler");
        assert!(!output.status.success(), "{cpu_seconds} s and {memory} bytes are enough");
        assert!(output.stdout.is_empty());
    }
}
