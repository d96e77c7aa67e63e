//! The configuration file gradebox.toml: its keys, and what to say of a wrong one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{failure::Failure, packages, quantity};
use crate::{dataset::nearest_names, sample::Columns};

/// The name under which the file is found without being named.
pub(super) const FILE_NAME: &str = "gradebox.toml";

/// What a gradebox.toml may say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    pub(super) dataset: DatasetConfig,
    /// Chat models behind OpenAI-compatible endpoints, by the names that graders and `refine` use.
    #[schemars(with = "BTreeMap<String, ModelConfig>")]
    pub(super) models: IndexMap<String, ModelConfig>,
    /// The graders of a run; the name is that of the column of results.
    #[schemars(with = "BTreeMap<String, GraderConfig>")]
    pub(super) graders: IndexMap<String, GraderConfig>,
    pub(super) refine: RefineConfig,
    pub(super) sandbox: SandboxConfig,
    /// The folder of the file, empty for the current one.
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

/// How to read the dataset.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DatasetConfig {
    /// From a field, such as `reference`, to the column that holds it.
    pub(super) map: BTreeMap<String, String>,
}

/// One model of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ModelConfig {
    /// Such as `http://127.0.0.1:8080/v1`; without it, the environment's `OPENAI_BASE_URL`.
    pub(super) base_url: Option<String>,
    /// Several endpoints that answer alike, in the place of `base_url`: calls are spread by weight, and an endpoint that
    /// fails is left out for a while.
    pub(super) endpoints: Vec<EndpointConfig>,
    /// The model's id at the endpoint; without it, the name of this table.
    pub(super) model: Option<String>,
    /// The environment variable that holds the key; `OPENAI_API_KEY` without it.
    pub(super) api_key_env: Option<String>,
    /// Calls under way at the same time, at most; fewer while the endpoint is overloaded.
    #[schemars(range(min = 1))]
    pub(super) max_concurrency: Option<usize>,
    #[schemars(range(min = 1))]
    pub(super) requests_per_minute: Option<u32>,
    /// Prompt and completion together.
    #[schemars(range(min = 1))]
    pub(super) tokens_per_minute: Option<u32>,
    /// For one attempt: seconds, or text such as "90s". With `stream`, for each wait between two pieces of the reply.
    #[serde(deserialize_with = "quantity::duration")]
    #[schemars(with = "Option<Quantity>")]
    pub(super) timeout: Option<Duration>,
    /// For one call with all its attempts: seconds, or text such as "15m".
    #[serde(deserialize_with = "quantity::duration")]
    #[schemars(with = "Option<Quantity>")]
    pub(super) deadline: Option<Duration>,
    /// The reply shall come in pieces as it is written, so that a slow model is told from a silent one.
    pub(super) stream: bool,
    /// Certificates in PEM form that are trusted beside those of the system, relative to this file.
    pub(super) ca_file: Option<PathBuf>,
    /// Attempts after the first.
    pub(super) max_retries: Option<u32>,
    /// Request headers whose values stand in environment variables: from the header to the variable.
    pub(super) header_env: BTreeMap<String, String>,
    /// Further query parameters, such as Azure's `api-version`.
    pub(super) query: BTreeMap<String, String>,
    /// Further members of every request body.
    #[schemars(with = "BTreeMap<String, Value>")]
    pub(super) body: Columns,
    /// What a million tokens cost; without it, what the provider of a well-known model has published.
    pub(super) prices: Option<PricesConfig>,
}

/// What a million tokens cost, in a currency of your choice.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PricesConfig {
    pub(super) prompt: f64,
    pub(super) completion: f64,
    /// Of prompt tokens that the endpoint says it had in its own cache; `prompt` without it.
    #[serde(default)]
    pub(super) cached_prompt: Option<f64>,
}

/// One grader: a component, a judge of the rubric library, or a judge with a template of one's own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GraderConfig {
    /// The component; without `component`, `judge` and `template`, the one called as this table is.
    pub(super) component: Option<String>,
    /// A rubric of the library.
    pub(super) judge: Option<String>,
    /// The prompt of a judge of one's own, with `{query}`, `{response}` and the names of columns.
    pub(super) template: Option<String>,
    /// The score that passes, 0..1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) threshold: Option<f64>,
    /// Another grader, of this file or by its own name, that is asked where this one is undecided. Its score stands
    /// then; it is no grader of the run besides, unless it is selected.
    pub(super) second_opinion: Option<String>,
    /// The share in the assessment's score.
    #[schemars(range(min = 0.0))]
    pub(super) weight: Option<f64>,
    /// Whether a row passes only where this grader lets it.
    pub(super) required: Option<bool>,
    /// The rows that this grader concerns: from a column to the value, or the list of values, that it must hold. It has
    /// nothing to say of the others.
    #[schemars(with = "BTreeMap<String, Value>")]
    pub(super) when: Columns,
    /// What an error of this grader means for the row. It is never a score.
    pub(super) on_error: Option<ErrorPolicy>,
    /// How often a row is graded again with `on_error = "retry"`; twice without it.
    #[schemars(range(min = 1, max = 10))]
    pub(super) retries: Option<u32>,
    /// Whether a component may run untrusted programs, each in a sandbox of its own; it may unless this says `false`.
    pub(super) programs: Option<bool>,
    /// The models that a component may ask: from the role that the component names to the model.
    pub(super) roles: BTreeMap<String, String>,
    /// What all the model calls of a component in one run may use together.
    pub(super) budget: Option<BudgetConfig>,
    /// What the model calls of one grade of a component may use together; 16 calls without it.
    pub(super) budget_per_grade: Option<BudgetConfig>,
    /// Parameters of a component.
    #[schemars(with = "BTreeMap<String, Value>")]
    pub(super) params: Columns,
    /// From a field to a column, for this grader only.
    pub(super) map: BTreeMap<String, String>,
    /// The model that a judge asks.
    pub(super) model: Option<String>,
    /// Several models that a judge asks, in place of `model`; each has `votes` votes, and all are counted together.
    pub(super) models: Vec<String>,
    /// How often a judge asks each of its models. A judge that orders responses shows them in one order and in the
    /// reverse by turns.
    #[schemars(range(min = 1))]
    pub(super) votes: Option<u32>,
    /// The least number of valid votes for a score; more than half of all without it. With fewer, the grade is an error.
    #[schemars(range(min = 1))]
    pub(super) quorum: Option<u32>,
    /// Whether votes are left out that can no longer change the score; they are without it.
    pub(super) early_stop: Option<bool>,
    /// The worst and the best score that a judge may give.
    pub(super) scale: Option<[f64; 2]>,
    /// How several votes become one score.
    pub(super) aggregate: Option<VoteCount>,
    /// What `{rubrics}` in a template stands for.
    pub(super) rubrics: Vec<String>,
    /// Whether a judge scores one response or orders several.
    pub(super) mode: Option<JudgeMode>,
    /// Of a judge's model.
    #[schemars(range(min = 0.0))]
    pub(super) temperature: Option<f64>,
    /// The longest reply of a judge, in tokens.
    #[schemars(range(min = 1))]
    pub(super) max_tokens: Option<u32>,
}

/// Whether a judge scores one response or orders several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum JudgeMode {
    Pointwise,
    Listwise,
}

/// How several votes become one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum VoteCount {
    Median,
    Mean,
    /// The score of more than half of the votes; without one, the grade is undecided.
    Majority,
}

impl VoteCount {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::Mean => "mean",
            Self::Majority => "majority",
        }
    }
}

/// What an error of a grader means for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ErrorPolicy {
    /// The row does not pass.
    #[default]
    Fail,
    /// The grader is left out of the decision whether the row passes; the coverage shows it.
    Skip,
    /// The row is graded again where that may help; if that fails, too, the row does not pass.
    Retry,
    /// The row does not pass, is not refined for this error, and is marked for `export --to review`.
    Review,
}

impl ErrorPolicy {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Retry => "retry",
            Self::Review => "review",
        }
    }
}

/// One of several endpoints of a model.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EndpointConfig {
    pub(super) base_url: String,
    /// Its share of the calls, relative to the others; 1 without it.
    #[schemars(range(min = 0))]
    pub(super) weight: Option<f64>,
    /// The model's id there; without it, that of the model's table.
    pub(super) model: Option<String>,
    /// Without it, that of the model's table.
    pub(super) api_key_env: Option<String>,
}

/// How `refine` works.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RefineConfig {
    /// The model that writes better responses.
    pub(super) model: Option<String>,
    /// Rounds of writing and grading, at most.
    #[schemars(range(min = 1))]
    pub(super) rounds: Option<u32>,
    /// Responses written in each round.
    #[schemars(range(min = 1))]
    pub(super) candidates: Option<u32>,
    /// Rounds without a better response after which to give up.
    #[schemars(range(min = 1))]
    pub(super) patience: Option<u32>,
    /// Of the writer: a number, or a list with one for each round, of which the last holds for all further rounds;
    /// without it, the endpoint's own.
    #[serde(deserialize_with = "quantity::numbers")]
    #[schemars(with = "Option<Numbers>")]
    pub(super) temperature: Vec<f64>,
    /// Attempts that the writer is shown beside the best, each with what is wrong with it; none without it.
    pub(super) history: Option<u32>,
    /// A judge that orders responses: at the end it chooses among the attempts that the graders hold equal. It is asked
    /// with the responses in one order and in the reverse; where the two contradict each other, nothing changes.
    #[serde(rename = "final")]
    pub(super) final_judge: Option<String>,
    /// The longest response, in tokens.
    #[schemars(range(min = 1))]
    pub(super) max_tokens: Option<u32>,
    pub(super) seed: Option<u64>,
    /// How long one row may be refined, with all its model calls: seconds, or text such as "5m". The grading of its own
    /// response is waited for; then the best by that time is kept.
    #[serde(deserialize_with = "quantity::duration")]
    #[schemars(with = "Option<Quantity>")]
    pub(super) deadline: Option<Duration>,
    /// What all the model calls of a run together may use.
    pub(super) budget: Option<BudgetConfig>,
}

/// What model calls together may use.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BudgetConfig {
    pub(super) calls: Option<u64>,
    pub(super) tokens: Option<u64>,
    pub(super) cost: Option<f64>,
}

/// Where WebAssembly runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SandboxConfig {
    /// Worker processes; without it, one per core.
    #[schemars(range(min = 1))]
    pub(super) jobs: Option<u16>,
    /// Directories of grader components and single components, relative to this file, and references to registries:
    /// `oci://host/repository:tag`, whose content `gradebox lock` pins in gradebox.lock.
    pub(super) graders: Vec<PathBuf>,
}

/// A number, or text with a unit; for the schema only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "says to editors what the file may hold")]
enum Quantity {
    Number(f64),
    Text(String),
}

/// A number, or several; for the schema only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "says to editors what the file may hold")]
enum Numbers {
    One(f64),
    Several(Vec<f64>),
}

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

/// The JSON Schema of the file, for editors.
pub(super) fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
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
    use serde_json::json;

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

    #[test]
    fn the_schema_knows_every_table() {
        let schema = schema();
        for table in ["dataset", "models", "graders", "refine", "sandbox"] {
            assert!(schema["properties"].get(table).is_some(), "{table}");
        }
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
