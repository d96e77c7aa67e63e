//! The keys of gradebox.toml.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::quantity;
use crate::sample::Columns;

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

/// The JSON Schema of the file, for editors.
pub(super) fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_schema_knows_every_table() {
        let schema = schema();
        for table in ["dataset", "models", "graders", "refine", "sandbox"] {
            assert!(schema["properties"].get(table).is_some(), "{table}");
        }
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
