//! `gradebox lock` and `gradebox push`, and the components of registries that other commands use.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    components::{cache_directory, say_compiling, start},
    config::Config,
    config_file::ConfigFile,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
};
use crate::{
    packages::{Lock, Locked, PackageError, Registry, SCHEME, Store, credentials, require_reference},
    sandbox::{self, Metering},
};

/// Write down in gradebox.lock which content the references to registries stand for
///
/// Without --graders, what the configuration does not name is taken out of the lock.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox lock
  gradebox lock --graders oci://ghcr.io/me/grader:1.0
  gradebox lock --upgrade")]
pub(super) struct LockArgs {
    /// The configuration file whose references are locked [default: gradebox.toml in the current directory]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A reference to lock beside those of the file; may be repeated
    #[arg(long, value_name = "REFERENCE")]
    pub(super) graders: Vec<String>,
    /// Follow tags that have moved
    #[arg(long)]
    pub(super) upgrade: bool,
}

/// Put a grader component into an OCI registry
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gradebox push grader.wasm oci://ghcr.io/me/grader:1.0")]
pub(super) struct PushArgs {
    /// The component
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Where to: `oci://HOST/REPOSITORY:TAG`
    #[arg(value_name = "REFERENCE")]
    pub(super) reference: String,
}

/// The name of the lock file.
const FILE_NAME: &str = "gradebox.lock";

/// The reference that stands where a directory may stand.
pub(super) fn reference(place: &Path) -> Option<&str> {
    place.to_str().filter(|text| text.starts_with(SCHEME))
}

/// Where the lock file of a configuration stands.
fn lock_file(config: &Config) -> PathBuf {
    config.folder.join(FILE_NAME)
}

/// The file of a component of a registry. The lock says which; it is fetched where the cache does not have it.
pub(super) fn locked_file(reference: &str, config: &Config, environment: &Environment) -> Result<PathBuf, Failure> {
    require_reference(reference)?;
    let path = lock_file(config);
    let lock = Lock::read(&path)?;
    let Some(locked) = lock.find(reference) else {
        let failure = Failure::new(format!("`{reference}` is not in {}", path.display()));
        return Err(failure.hint(format!("`gradebox lock --graders {reference}` writes down what it stands for now")));
    };
    let store = Store::within(&cache_directory(environment));
    if let Some(file) = store.find(locked) {
        return Ok(file);
    }
    console::say(&format!("fetching {reference} (once; kept in the cache)"));
    let registry = registry(reference, environment)?;
    let content = apart(registry.fetch(locked))?.map_err(with_hint)?;
    Ok(store.keep(locked, &content)?)
}

/// Waits for a future on a thread of its own: places are looked up where nothing can be awaited.
fn apart<T: Send>(future: impl Future<Output = T> + Send) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::scope(|scope| scope.spawn(move || runtime.block_on(future)).join())
        .map_err(|_| Failure::new("the thread that talks to the registry ended early"))
}

fn registry(reference: &str, environment: &Environment) -> Result<Registry, Failure> {
    let host = require_reference(reference)?;
    let folder = match (environment.variable("DOCKER_CONFIG"), environment.variable("HOME")) {
        (Some(folder), _) => Some(PathBuf::from(folder)),
        (None, Some(home)) => Some(Path::new(home).join(".docker")),
        (None, None) => None,
    };
    let config = folder.and_then(|folder| fs::read_to_string(folder.join("config.json")).ok());
    let credentials = config.and_then(|config| credentials(&config, &host));
    let plain = environment.variable("GRADEBOX_PLAIN_HTTP").unwrap_or_default();
    let plain: Vec<String> = plain.split(',').map(|host| host.trim().to_owned()).collect();
    Ok(Registry::of(reference, credentials, &plain)?)
}

fn with_hint(error: PackageError) -> Failure {
    let hint = match &error {
        PackageError::Unauthorized { .. } => "`docker login HOST` writes them to ~/.docker/config.json",
        PackageError::Refused { .. } => "is the name right, and can the registry be reached?",
        PackageError::Differs { .. } => {
            "the registry holds something else than what was locked, or damaged it; nothing of it was used"
        }
        PackageError::Foreign { .. } => "`gradebox push` and `wkg oci push` make what is expected",
        PackageError::Reference { .. } => "such as oci://ghcr.io/me/grader:1.0",
    };
    Failure::from(error).hint(hint)
}

pub(super) async fn lock(args: &LockArgs, environment: &Environment) -> CommandResult {
    let file = ConfigFile::load(args.config.as_deref())?;
    let path = lock_file(&file.config);
    let mut lock = Lock::read(&path)?;
    let before = lock.clone();
    let mut wanted: Vec<String> =
        file.config.sandbox.graders.iter().filter_map(|place| reference(place)).map(str::to_owned).collect();
    // Without names, the file decides what is locked; with names, they are added. Where there is no file, nothing says
    // that a reference is not wanted any more.
    let mut removed = Vec::new();
    match &file.path {
        _ if !args.graders.is_empty() => wanted.extend_from_slice(&args.graders),
        Some(_) => removed = lock.keep_only(&wanted),
        None => wanted = lock.references().map(str::to_owned).collect(),
    }
    if wanted.is_empty() && file.path.is_none() {
        let failure = Failure::new("there is nothing to lock: no gradebox.toml is here, and no reference is named");
        return Err(failure.hint("gradebox lock --graders oci://HOST/REPOSITORY:TAG"));
    }
    for reference in &wanted {
        let now = registry(reference, environment)?.resolve().await.map_err(with_hint)?.locked;
        match lock.find(reference) {
            Some(locked) if *locked == now => console::say(&format!("{reference}: {} as before", now.digest)),
            Some(locked) if !args.upgrade => console::say(&format!(
                "{reference}: stays at {}; the tag has moved to {} (--upgrade follows it)",
                locked.digest, now.digest
            )),
            Some(Locked { digest, .. }) => {
                console::say(&format!("{reference}: moved from {digest} to {}", now.digest));
                lock.set(now);
            }
            None => {
                console::say(&format!("{reference}: {}", now.digest));
                lock.set(now);
            }
        }
    }
    if lock != before || !path.exists() {
        lock.write(&path)?;
    }
    for Locked { reference, digest, .. } in removed {
        console::say(&format!(
            "{reference}: removed, the configuration does not name it (it was {digest}; `gradebox lock --graders \
             {reference}` locks it again)"
        ));
    }
    Ok(Status::Done)
}

pub(super) async fn push(args: &PushArgs, environment: &Environment) -> CommandResult {
    let registry = registry(&args.reference, environment)?;
    let (sandbox, cache) = start(1, Metering::Time, environment)?;
    let content = fs::read(&args.file)
        .map_err(|error| anyhow::Error::new(error).context(format!("cannot read {}", args.file.display())))?;
    let looked = sandbox::inspect(&sandbox, &cache, &args.file, &say_compiling).await;
    sandbox.close();
    if let Err(reason) = looked {
        let failure = Failure::new(format!("{} does not fit: it {reason}", args.file.display()));
        return Err(failure.hint("only what `gradebox check` accepts is pushed"));
    }
    let pushed = registry.push(&content).await.map_err(with_hint)?;
    console::print(&format!("{} is {} (manifest {})", args.reference, pushed.digest, pushed.manifest))?;
    Ok(Status::Done)
}
