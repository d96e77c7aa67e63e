//! The sandbox and the components that it can run: where they are searched for, and what is said of it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use directories::ProjectDirs;

use super::{config::Config, console, environment::Environment, failure::Failure, packages, plan::Plan};
use crate::sandbox::{
    Catalog, CatalogError, CompileCache, LogLevel, LogLine, LogSink, Metering, Sandbox, SandboxSettings,
};

/// The sandbox, with every component that it can run.
pub(super) struct Components {
    pub(super) sandbox: Sandbox,
    pub(super) catalog: Catalog,
    pub(super) cache: CompileCache,
}

impl Components {
    /// Starts the sandbox and searches the directories; says what cannot be used.
    pub(super) async fn open(
        jobs: usize,
        metering: Metering,
        directories: &[PathBuf],
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let (sandbox, cache) = start(jobs, metering, environment)?;
        let catalog = Catalog::open(&sandbox, &cache, directories, &say_compiling).await;
        Self::found(sandbox, catalog, cache)
    }

    /// The same, from an index where there is one: a grader must be confirmed before it is used. So many workers are
    /// started meanwhile.
    pub(super) async fn list(
        jobs: usize,
        ahead: usize,
        metering: Metering,
        directories: &[PathBuf],
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let (sandbox, cache) = start(jobs, metering, environment)?;
        sandbox.start_ahead(ahead, &cache);
        let catalog = Catalog::list(&sandbox, &cache, directories, &say_compiling).await;
        Self::found(sandbox, catalog, cache)
    }

    fn found(sandbox: Sandbox, catalog: Result<Catalog, CatalogError>, cache: CompileCache) -> Result<Self, Failure> {
        let catalog = catalog.map_err(not_searched)?;
        say_findings(&catalog);
        Ok(Self { sandbox, catalog, cache })
    }

    /// Looks at the content of the graders that a plan names. Where one is not what it was listed as, the directories
    /// are searched again, file by file.
    pub(super) async fn confirm(&mut self, plan: &Plan, directories: &[PathBuf]) -> Result<(), Failure> {
        for name in plan.component_names() {
            let confirmed = self.catalog.confirm(&self.sandbox, &self.cache, name, &say_compiling).await;
            match confirmed {
                Ok(true) => {}
                Ok(false) => console::say(&format!("note: the content of `{name}` was changed since it was listed")),
                Err(changed) => {
                    console::say(&format!("note: {changed}; searching again"));
                    self.catalog = Catalog::open(&self.sandbox, &self.cache, directories, &say_compiling)
                        .await
                        .map_err(not_searched)?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn not_searched(error: CatalogError) -> Failure {
    Failure::from(error).hint("--graders takes a directory of .wasm files")
}

fn say_findings(catalog: &Catalog) {
    for rejected in catalog.rejected() {
        console::say(&format!("warning: `{}` {}; skipped", rejected.path.display(), rejected.reason));
    }
    for notice in catalog.notices() {
        console::say(&format!("note: {notice}"));
    }
}

/// Starts the sandbox without any component.
pub(super) fn start(
    jobs: usize,
    metering: Metering,
    environment: &Environment,
) -> Result<(Sandbox, CompileCache), Failure> {
    let program = std::env::current_exe()
        .map_err(|error| anyhow::Error::new(error).context("cannot find the binary that workers are started from"))?;
    let cache = CompileCache::open(&cache_directory(environment), metering)
        .map_err(|error| Failure::from(error).hint("GRADEBOX_CACHE names another directory for compiled components"))?;
    let on_log: Option<LogSink> = if environment.verbose { Some(Arc::new(say_log)) } else { None };
    Ok((Sandbox::start(SandboxSettings { jobs, metering, program, on_log }), cache))
}

fn say_log(grader: &str, row: &str, line: &LogLine) {
    let level = match line.level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    };
    console::say(&format!("{level}: grader {grader}, row {row}: {}", line.message));
}

/// Says that a component is being compiled, which takes a while and is done once.
pub(super) fn say_compiling(path: &Path) {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    console::say(&format!("compiling {name} (once; kept in the cache)"));
}

/// Where compiled components are kept.
pub(super) fn cache_directory(environment: &Environment) -> PathBuf {
    if let Some(directory) = environment.variable("GRADEBOX_CACHE") {
        return PathBuf::from(directory);
    }
    match ProjectDirs::from("", "", "gradebox") {
        Some(directories) => directories.cache_dir().join("components"),
        None => std::env::temp_dir().join("gradebox-components"),
    }
}

/// Where the compilers of `gradebox build` are installed.
pub(super) fn toolchain_directory(environment: &Environment) -> PathBuf {
    if let Some(directory) = environment.variable("GRADEBOX_TOOLCHAINS") {
        return PathBuf::from(directory);
    }
    match ProjectDirs::from("", "", "gradebox") {
        Some(directories) => directories.cache_dir().join("toolchains"),
        None => std::env::temp_dir().join("gradebox-toolchains"),
    }
}

/// The directories to search for components: the user's, then those of the file, then the built-in one.
pub(super) fn component_directories(
    named: &[PathBuf],
    config: &Config,
    environment: &Environment,
) -> Result<Vec<PathBuf>, Failure> {
    let mut directories = Vec::new();
    for directory in named.iter().chain(&config.sandbox.graders) {
        if let Some(reference) = packages::reference(directory) {
            directories.push(packages::locked_file(reference, config, environment)?);
            continue;
        }
        let is_component = directory.is_file() && directory.extension().is_some_and(|extension| extension == "wasm");
        if !directory.is_dir() && !is_component {
            let problem = if directory.exists() { "is not a directory" } else { "does not exist" };
            let failure = Failure::new(format!("the grader directory {} {problem}", directory.display()));
            return Err(
                failure.hint("name a directory of .wasm files; `gradebox check FILE.wasm` looks at a single one")
            );
        }
        directories.push(directory.clone());
    }
    let built_in = environment.built_in_directories().into_iter().find(|directory| directory.is_dir());
    directories.extend(built_in);
    let mut seen = Vec::new();
    directories.retain(|directory| {
        let place = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
        let is_new = !seen.contains(&place);
        seen.push(place);
        is_new
    });
    Ok(directories)
}
