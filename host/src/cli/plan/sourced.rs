//! Values that know where they came from.

use std::fmt;

/// A value with where it came from.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Sourced<T> {
    pub(in crate::cli) value: T,
    pub(in crate::cli) origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Origin {
    Default,
    File,
    /// An option, such as `--threshold`.
    Option(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// What the run was told whose results are worked on.
    Run,
    /// Prices that a provider has published: whose, and when.
    Published(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("configuration file"),
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
            Self::Published(source) => f.write_str(source),
            Self::Run => f.write_str("run.json of the run"),
        }
    }
}

impl<T> Sourced<T> {
    pub(super) fn option(value: T, name: &'static str) -> Self {
        Self { value, origin: Origin::Option(name) }
    }

    pub(super) fn file(value: T) -> Self {
        Self { value, origin: Origin::File }
    }

    pub(super) fn standard(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }

    /// The value of the option, else that of the file, else the default.
    pub(super) fn first(option: Option<T>, name: &'static str, file: Option<T>, default: T) -> Self {
        match (option, file) {
            (Some(value), _) => Self::option(value, name),
            (None, Some(value)) => Self::file(value),
            (None, None) => Self::standard(default),
        }
    }
}
