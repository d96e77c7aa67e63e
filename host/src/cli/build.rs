//! `gradebox build`: makes a component of a grader's project, and checks it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use tempfile::NamedTempFile;

use super::{
    args::Directories,
    check,
    components::{Components, component_directories, say_compiling, toolchain_directory},
    config::Config,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
};
use crate::{
    author::{self, Toolchains},
    sandbox::{self, Metering},
};

/// Make a component of a grader's project, whatever its language, and check it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox build
  gradebox build too-long -o graders/too-long.wasm")]
pub(super) struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    pub(super) project: PathBuf,
    /// Where the component goes [default: NAME.wasm in the project's folder]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) directories: Directories,
}

pub(super) async fn build(args: &BuildArgs, environment: &Environment) -> CommandResult {
    let folder = std::path::absolute(toolchain_directory(environment))?;
    let component = author::build(&args.project, &Toolchains { folder, say: &console::say }).map_err(|error| {
        let hint = error.hint();
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })?;
    // Beside its place, and moved there when it is known what it is: whoever watches the place sees a whole component.
    let beside = beside(args);
    let failed = |error| anyhow::Error::new(error).context(format!("cannot write into {}", beside.display()));
    let made = tempfile::Builder::new().prefix(".building-").tempfile_in(&beside).map_err(failed)?;
    fs::write(made.path(), component).map_err(failed)?;

    let directories = component_directories(&args.directories.graders, &Config::default(), environment)?;
    let components = Components::list(1, 0, Metering::Time, &directories, environment).await?;
    let status = place(args, made, &components).await;
    components.sandbox.close();
    status
}

/// Puts the component where it belongs and lets it show its examples.
async fn place(args: &BuildArgs, made: NamedTempFile, components: &Components) -> CommandResult {
    let (sandbox, cache) = (&components.sandbox, &components.cache);
    let catalog = match sandbox::inspect(sandbox, cache, made.path(), &|_| say_compiling(Path::new("it"))).await {
        Ok(catalog) => catalog,
        Err(reason) => {
            console::print(&format!("what was built does not fit: it {reason}"))?;
            return Ok(Status::Incomplete);
        }
    };
    let Some(entry) = catalog.graders().first() else {
        console::print("what was built is a language runtime, not a grader")?;
        return Ok(Status::Incomplete);
    };
    let output = args.output.clone().unwrap_or_else(|| args.project.join(format!("{}.wasm", entry.name)));
    let size = made.as_file().metadata()?.len();
    let persisted = made.persist(&output).map_err(|error| error.error);
    persisted.map_err(|error| anyhow::Error::new(error).context(format!("cannot write {}", output.display())))?;
    readable(&output)?;
    console::say(&format!("built {} ({} kB)", output.display(), size.div_ceil(1000)));
    check::check_grader(entry, components).await
}

/// The folder that the component goes to.
fn beside(args: &BuildArgs) -> PathBuf {
    let folder = match &args.output {
        Some(output) => output.parent().map_or_else(PathBuf::new, Path::to_owned),
        None => args.project.clone(),
    };
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

/// Temporary files are the owner's own; a component is for whoever may read the folder.
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}
