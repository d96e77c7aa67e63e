//! The configuration file gradebox.toml: where it is, and what to say of a wrong one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{config::Config, failure::Failure, packages};
use crate::dataset::nearest_names;

/// The name under which the file is found without being named.
pub(super) const FILE_NAME: &str = "gradebox.toml";

/// A configuration with the file that it came from.
#[derive(Debug, Clone, Default)]
pub(super) struct ConfigFile {
    /// `None` where there is no file.
    pub(super) path: Option<PathBuf>,
    pub(super) config: Config,
}

impl ConfigFile {
    /// Reads the named file, or the usual one where it is there.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => path,
            None if Path::new(FILE_NAME).is_file() => Path::new(FILE_NAME),
            None => return Ok(Self::default()),
        };
        let text = fs::read_to_string(path).map_err(|error| {
            let failure =
                anyhow::Error::new(error).context(format!("cannot read the configuration {}", path.display()));
            Failure::from(failure).hint("name a gradebox.toml with -c, or leave -c out")
        })?;
        let mut config = parse(&text).map_err(|problem| problem.at(path))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        beside.clone_into(&mut config.folder);
        for directory in config.sandbox.graders.iter_mut().filter(|place| packages::reference(place).is_none()) {
            *directory = beside.join(&*directory);
        }
        for authorities in config.models.values_mut().filter_map(|model| model.ca_file.as_mut()) {
            *authorities = beside.join(&*authorities);
        }
        Ok(Self { path: Some(path.to_owned()), config })
    }
}

/// What is wrong with the text of a configuration.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    /// 1-based line and column, where they are known.
    place: Option<(usize, usize)>,
    message: String,
    hint: Option<String>,
}

impl Problem {
    fn at(self, path: &Path) -> Failure {
        let place = self.place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        let failure = Failure::new(format!("{}{place}: {}", path.display(), self.message));
        match self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn parse(text: &str) -> Result<Config, Problem> {
    toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|error| {
        let offset = error.span().map(|span| span.start);
        let place = offset.map(|offset| position(text, offset));
        let table = offset.and_then(|offset| table_at(text, offset));
        let within = table.map(|table| format!(" in [{table}]")).unwrap_or_default();
        let (message, hint) = explain(error.message().trim(), &within);
        Problem { place, message, hint }
    })
}

/// The parser's message in our words, with the nearest known key for an unknown one.
fn explain(message: &str, within: &str) -> (String, Option<String>) {
    let Some((unknown, known)) = unknown_field(message) else {
        return (format!("{}{within}", message.replace('\n', ": ")), None);
    };
    let near = nearest_names(unknown, known.iter().copied());
    let hint = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys known there are {}", known.join(", ")),
    };
    (format!("unknown key `{unknown}`{within}"), Some(hint))
}

/// The parts of serde's "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, rest) = rest.split_once('`')?;
    Some((unknown, rest.split('`').skip(1).step_by(2).collect()))
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

/// The header of the table in which an offset lies.
fn table_at(text: &str, offset: usize) -> Option<&str> {
    let mut headers =
        text.get(..offset)?.lines().map(str::trim).filter(|line| line.starts_with('[') && !line.contains('='));
    headers.next_back()?.split(['[', ']']).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    const FULL: &str = r#"
[dataset]
map = { query = "question", reference = "gold" }

[models.writer]
base_url = "http://127.0.0.1:8080/v1"
model = "smollm2-135m"
api_key_env = "OPENAI_API_KEY"
max_concurrency = 16
requests_per_minute = 600
tokens_per_minute = 200000
timeout = "90s"

[graders.syntax]
threshold = 1.0

[graders.code-execution]
threshold = 1.0
weight = 2
params = { timeout_ms = 5000, ratio = 0.5 }

[graders.quality]
model = "writer"
scale = [0.0, 1.0]
template = """
Query: {query}
"""

[refine]
model = "writer"
rounds = 3
budget = { calls = 1000, tokens = 2000000, cost = 5.0 }
"#;

    #[test]
    fn every_key_of_the_documentation_is_known_and_order_is_kept() {
        let config = parse(FULL).unwrap();
        assert_eq!(config.graders.keys().collect::<Vec<_>>(), ["syntax", "code-execution", "quality"]);
        let params = Value::Object(config.graders["code-execution"].params.clone());
        assert_eq!(params, json!({"timeout_ms": 5000, "ratio": 0.5}));
        assert_eq!(config.models["writer"].timeout, Some(Duration::from_secs(90)));
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest_known_one() {
        let problem = parse("[graders.syntax]\nweight = 1.0\n  thresold = 1.0\n").unwrap_err();
        assert_eq!(problem.place, Some((3, 3)));
        assert_eq!(problem.message, "unknown key `thresold` in [graders.syntax]");
        assert_eq!(problem.hint.as_deref(), Some("did you mean `threshold`?"));
        let problem = parse("[grader.syntax]\n").unwrap_err();
        assert_eq!(problem.hint.as_deref(), Some("did you mean `graders`?"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_its_place() {
        let problem = parse("[graders.syntax]\nthreshold = \"high\"\n").unwrap_err();
        assert_eq!(problem.place, Some((2, 13)));
        assert!(problem.message.contains("in [graders.syntax]"), "{}", problem.message);
        assert!(parse("[refine\n").unwrap_err().place.is_some());
    }
}
