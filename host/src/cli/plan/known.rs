//! What names there are, and what to say of another.

use std::path::Path;

use crate::{cli::failure::Failure, dataset::nearest_names};

/// The names that a grader can be found under.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Known<'a> {
    pub(in crate::cli) components: &'a [&'a str],
    pub(in crate::cli) rubrics: &'a [&'a str],
}

impl Known<'_> {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.components.contains(&name) || self.rubrics.contains(&name)
    }

    /// Everything that there is, for people.
    pub(super) fn list(&self) -> String {
        let components = if self.components.is_empty() {
            "there are no components (`make graders` builds the built-in ones; --graders DIR names others)".to_owned()
        } else {
            format!("components: {}", self.components.join(", "))
        };
        format!("{components}; judges, which need a --model: {}", self.rubrics.join(", "))
    }
}

pub(super) fn unknown<'a>(
    kind: &str,
    name: &str,
    known: Known<'a>,
    configured: impl Iterator<Item = &'a str>,
) -> Failure {
    let all = configured.chain(known.components.iter().copied()).chain(known.rubrics.iter().copied());
    let near = nearest_names(name, all);
    let failure = Failure::new(format!("unknown {kind} `{name}`"));
    if name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "wasm") {
        return failure.hint(format!(
            "a grader is chosen by its name; --graders {name} says where it is, and -g NAME takes it: `gradebox graders \
             --graders {name}` lists the names"
        ));
    }
    match near.first() {
        Some(near) => failure.hint(format!("did you mean `{near}`? {}", known.list())),
        None => failure.hint(known.list()),
    }
}

pub(super) fn unknown_of(kind: &str, name: &str, known: &[&str]) -> Failure {
    let near = nearest_names(name, known.iter().copied());
    let failure = Failure::new(format!("unknown {kind} `{name}`"));
    let all = if known.is_empty() { format!("there is no {kind}") } else { format!("there are: {}", known.join(", ")) };
    match near.first() {
        Some(near) => failure.hint(format!("did you mean `{near}`? {all}")),
        None => failure.hint(all),
    }
}
