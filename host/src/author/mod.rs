//! Projects of graders: how a new one looks, and how a component is made of one, whatever its language.
//!
//! A project is a folder with one file that tells its language ([`SourceLanguage::of`]). [`scaffold`] makes one;
//! [`build`] runs the language's compiler, which [`Toolchains`] finds or installs, and makes a component of what it
//! leaves.

mod build;
mod componentize;
mod language;
mod rust_project;
mod scaffold;
mod sources;
mod toolchain;

pub use self::{
    build::build,
    language::SourceLanguage,
    scaffold::{ScaffoldError, scaffold},
    toolchain::Toolchains,
};

/// Why no component came of a project.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder is no project, or more than one; says why.
    #[error("{0}")]
    Project(String),
    /// A program that the build needs is not there.
    #[error("{what} is not installed")]
    Missing { what: &'static str, install: &'static str },
    /// A program of the toolchain failed; what it said.
    #[error("{what} failed ({status})\n{said}")]
    Failed { what: String, status: std::process::ExitStatus, said: String, hint: Option<&'static str> },
    /// The compiled module does not fit the world of the project.
    #[error("what the compiler made is no grader: {0:#}")]
    Component(anyhow::Error),
    #[error("cannot use `{}`", path.display())]
    Io { path: std::path::PathBuf, source: std::io::Error },
}

impl BuildError {
    /// What to do next, where it is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Project(_) => Some("`gradebox new NAME --lang python` makes a project that builds".to_owned()),
            Self::Missing { install, .. } => Some(format!("install it with: {install}")),
            Self::Failed { hint, .. } => hint.map(str::to_owned),
            Self::Component(error) => {
                let wants_import = format!("{error:#}").contains("gradebox:grader/");
                wants_import.then(|| "name in wit/world.wit what the grader exports and imports".to_owned())
            }
            Self::Io { .. } => None,
        }
    }

    fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}
