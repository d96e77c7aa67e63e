//! What the process was started with, read once: variables, the binary's place, how much to say.

use std::{collections::HashMap, env, path::PathBuf};

/// The process's environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    variables: HashMap<String, String>,
    /// The directory of the running binary.
    pub(super) binary_directory: Option<PathBuf>,
    /// Whether the user wants to see what graders log.
    pub(super) verbose: bool,
    /// The command line, the program's name first.
    pub(super) arguments: Vec<String>,
}

impl Environment {
    pub(super) fn read(verbose: bool) -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let binary = env::current_exe().and_then(std::fs::canonicalize).ok();
        Self {
            variables: env::vars_os().filter_map(text).collect(),
            binary_directory: binary.and_then(|binary| binary.parent().map(PathBuf::from)),
            verbose,
            arguments: env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        }
    }

    /// A variable that is set and not blank.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Where built-in components may stand: beside the binary, or where `GRADEBOX_GRADERS` says.
    pub(super) fn built_in_directories(&self) -> Vec<PathBuf> {
        let beside = self.binary_directory.iter().flat_map(|directory| {
            [directory.parent().map(|parent| parent.join("graders")), Some(directory.join("graders"))]
        });
        let named = self.variable("GRADEBOX_GRADERS").map(PathBuf::from);
        beside.flatten().chain(named).collect()
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { variables, ..Self::default() }
    }
}
