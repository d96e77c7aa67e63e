//! Who a grader is, what it reads, what it may be told.

use serde_json::{Map, Value, json};

/// All that a host or a user needs to know before the first grade. Begin with [`description!`](crate::description!).
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) worst: f64,
    pub(crate) best: f64,
    pub(crate) required_fields: Vec<Vec<String>>,
    pub(crate) optional_fields: Vec<String>,
    pub(crate) params_schema: Option<Value>,
    pub(crate) examples: Vec<Example>,
    pub(crate) extra: Map<String, Value>,
}

impl Description {
    /// A grader with the scale 0 (worst) to 1 (best) that needs no columns beyond the response.
    ///
    /// `name` is lower-case words joined by `-`, `version` a semantic version, `summary` one sentence.
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            worst: 0.0,
            best: 1.0,
            required_fields: Vec::new(),
            optional_fields: Vec::new(),
            params_schema: None,
            examples: Vec::new(),
            extra: Map::new(),
        }
    }

    /// The two ends of the grader's own scale; `worst` may be the larger number.
    #[must_use]
    pub fn scale(mut self, worst: f64, best: f64) -> Self {
        self.worst = worst;
        self.best = best;
        self
    }

    /// Requires at least one of these columns; `a+b` is two columns that count together. Each call adds a
    /// group, and every group must be met.
    #[must_use]
    pub fn requires_one_of(mut self, columns: &[&str]) -> Self {
        self.required_fields.push(owned(columns));
        self
    }

    /// Columns that the grader reads when they are there.
    #[must_use]
    pub fn reads(mut self, columns: &[&str]) -> Self {
        self.optional_fields.extend(owned(columns));
        self
    }

    /// A JSON Schema of the parameters, instead of the one made from `Params`.
    #[must_use]
    pub fn params_schema(mut self, schema: Value) -> Self {
        self.params_schema = Some(schema);
        self
    }

    /// Adds a golden case; `gradebox check` runs them all.
    #[must_use]
    pub fn example(mut self, example: Example) -> Self {
        self.examples.push(example);
        self
    }

    /// Adds what the contract has no place for yet.
    #[must_use]
    pub fn extra(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(key.to_owned(), value.into());
        self
    }
}

/// Begins a [`Description`] with the name and version of the crate that calls it: `description!("One sentence")`.
#[macro_export]
macro_rules! description {
    ($summary:expr) => {
        $crate::Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), $summary)
    };
}

/// A golden case: a sample, parameters, and the verdict that they must lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    sample: Value,
    params: Value,
    verdict: Value,
}

impl Example {
    /// A sample as a row of a dataset: `{"query": …, "response": …, "reference": …, "tests": …}`. Say
    /// next what it must lead to.
    pub fn new(sample: Value) -> Self {
        Self { sample, params: json!({}), verdict: json!({}) }
    }

    /// The parameters of this case; none by default.
    #[must_use]
    pub fn params(mut self, params: Value) -> Self {
        self.params = params;
        self
    }

    /// The grader scores it with exactly this value, in the grader's own scale.
    #[must_use]
    pub fn scores(mut self, value: f64) -> Self {
        self.verdict = json!({"outcome": "scored", "value": value});
        self
    }

    /// The grader has nothing to say of it.
    #[must_use]
    pub fn is_not_applicable(mut self) -> Self {
        self.verdict = json!({"outcome": "not-applicable"});
        self
    }

    /// The grader cannot tell.
    #[must_use]
    pub fn is_undecided(mut self) -> Self {
        self.verdict = json!({"outcome": "undecided"});
        self
    }

    /// The grader refuses the sample.
    #[must_use]
    pub fn is_invalid_sample(mut self) -> Self {
        self.verdict = json!({"outcome": "error", "kind": "invalid-sample"});
        self
    }

    /// The grader refuses the parameters.
    #[must_use]
    pub fn is_invalid_params(mut self) -> Self {
        self.verdict = json!({"outcome": "error", "kind": "invalid-params"});
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"sample": self.sample, "params": self.params, "verdict": self.verdict})
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
