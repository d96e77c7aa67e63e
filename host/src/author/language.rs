//! The languages that graders are written in.

use std::path::Path;

use super::BuildError;

/// A language that `gradebox build` can make a component of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceLanguage {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    C,
    Zig,
    Go,
}

impl SourceLanguage {
    pub const ALL: [Self; 7] =
        [Self::Rust, Self::Python, Self::JavaScript, Self::TypeScript, Self::C, Self::Zig, Self::Go];

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::C => "c",
            Self::Zig => "zig",
            Self::Go => "go",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }

    /// The file of a project that the author edits first.
    pub fn main_file(self) -> &'static str {
        match self {
            Self::Rust => "src/lib.rs",
            Self::Python => "grader.py",
            Self::JavaScript => "grader.js",
            Self::TypeScript => "grader.ts",
            Self::C => "grader.c",
            Self::Zig => "grader.zig",
            Self::Go => "grader.go",
        }
    }

    /// The file that tells a project of this language.
    fn mark(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Go => "go.mod",
            other => other.main_file(),
        }
    }

    /// The language of a project, by its files.
    ///
    /// # Errors
    /// [`BuildError::Project`] where none or several are found.
    pub fn of(project: &Path) -> Result<Self, BuildError> {
        if !project.is_dir() {
            let problem = if project.exists() { "is not a folder" } else { "does not exist" };
            return Err(BuildError::Project(format!("{} {problem}", project.display())));
        }
        let found: Vec<Self> =
            Self::ALL.into_iter().filter(|language| project.join(language.mark()).is_file()).collect();
        match found[..] {
            [language] => Ok(language),
            [] => {
                let marks = Self::ALL.map(Self::mark).join(", ");
                Err(BuildError::Project(format!(
                    "{} is no project of a grader: it has none of {marks}",
                    project.display()
                )))
            }
            [first, second, ..] => Err(BuildError::Project(format!(
                "{} has both {} and {}; a project has one language",
                project.display(),
                first.mark(),
                second.mark()
            ))),
        }
    }
}
