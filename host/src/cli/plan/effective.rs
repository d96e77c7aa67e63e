//! The effective configuration as a gradebox.toml that says where each value came from.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{GraderPlan, ModelPlan, Origin, Plan, Prompt, RefinePlan, Sourced, What, told::shown};
use crate::{
    budget::Limits,
    cli::config::{EndpointConfig, ErrorPolicy, JudgeMode, PricesConfig, VoteCount},
};

/// Where components are searched and kept.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Places {
    /// In the order of the search.
    pub(in crate::cli) directories: Vec<PathBuf>,
    pub(in crate::cli) cache: PathBuf,
}

impl Places {
    /// The places as TOML, for commands that have no other configuration.
    pub(in crate::cli) fn render(&self) -> String {
        let mut text = Toml { text: String::new(), file: String::new() };
        text.places(self);
        text.text
    }
}

impl Plan {
    /// The plan as TOML; each line ends with where its value came from.
    pub(in crate::cli) fn render(&self, file: Option<&Path>, places: &Places) -> String {
        let file = file.map_or("configuration file".to_owned(), |path| path.display().to_string());
        let mut text = Toml { text: String::new(), file };
        text.places(places);
        text.value("jobs", &self.jobs.value.into(), &self.jobs.origin);
        if !self.mappings.is_empty() {
            text.table("dataset.map");
            for (field, column) in &self.mappings {
                text.value(&key(field), &column.value.clone().into(), &column.origin);
            }
        }
        for (name, model) in &self.models {
            text.table(&format!("models.{}", key(name)));
            text.model(model);
        }
        let mut shown = Vec::new();
        for grader in self.graders_and_opinions().filter(|grader| {
            let is_new = !shown.contains(&grader.name);
            shown.push(grader.name.clone());
            is_new
        }) {
            text.table(&format!("graders.{}", key(&grader.name)));
            text.grader(grader, &self.mappings);
        }
        if let Some(refine) = &self.refine {
            text.table("refine");
            text.refine(refine);
            text.budget("budget", self.budget);
        }
        if let Some(regrade) = &self.regrade {
            text.table("refine");
            text.of_file("final", regrade.final_judge.as_ref().map(|judge| judge.name.clone()));
            text.sourced("seed", &regrade.seed);
            text.budget("budget", self.budget);
        }
        text.text
    }
}

/// Lines of TOML in the making.
struct Toml {
    text: String,
    /// What values of the file are said to come from.
    file: String,
}

impl Toml {
    fn table(&mut self, name: &str) {
        let separator = if self.text.is_empty() { "" } else { "\n" };
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{separator}[{name}]");
    }

    fn places(&mut self, places: &Places) {
        self.table("sandbox");
        let directories: Vec<String> = places.directories.iter().map(|path| path.display().to_string()).collect();
        let _ = writeln!(self.text, "# compiled components are kept in {} (GRADEBOX_CACHE)", places.cache.display());
        let origin = "--graders, configuration file, beside the binary, GRADEBOX_GRADERS";
        self.value("graders", &directories.into(), &Origin::Option(origin));
    }

    fn value(&mut self, key: &str, value: &Value, origin: &Origin) {
        let origin = if *origin == Origin::File { self.file.clone() } else { origin.to_string() };
        let _ = writeln!(self.text, "{key} = {}  # {origin}", toml_of(value));
    }

    fn sourced<T: Clone + Into<Value>>(&mut self, key: &str, value: &Sourced<T>) {
        self.value(key, &value.value.clone().into(), &value.origin);
    }

    fn of_file<T: Into<Value>>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.value(key, &value.into(), &Origin::File);
        }
    }

    fn model(&mut self, model: &ModelPlan) {
        if model.endpoints.is_empty() {
            self.value("base_url", &shown(&model.base_url.value).into(), &model.base_url.origin);
        } else {
            let endpoints: Vec<Value> = model.endpoints.iter().map(endpoint).collect();
            self.of_file("endpoints", Some(endpoints));
        }
        self.sourced("model", &model.model);
        self.sourced("api_key_env", &model.api_key_env);
        self.of_file("max_concurrency", model.max_concurrency);
        self.of_file("requests_per_minute", model.requests_per_minute);
        self.of_file("tokens_per_minute", model.tokens_per_minute);
        self.of_file("timeout", model.timeout.map(|timeout| timeout.as_secs_f64()));
        self.of_file("deadline", model.deadline.map(|deadline| deadline.as_secs_f64()));
        self.of_file("max_retries", model.max_retries);
        self.of_file("stream", model.stream.then_some(true));
        self.of_file("ca_file", model.ca_file.as_ref().map(|path| path.display().to_string()));
        let table = |entries: &std::collections::BTreeMap<String, String>| {
            (!entries.is_empty())
                .then(|| entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Value>())
        };
        self.of_file("header_env", table(&model.header_env));
        self.of_file("query", table(&model.query));
        match &model.prices {
            Some(prices) => {
                let PricesConfig { prompt, completion, cached_prompt } = prices.value;
                let table = json!({"prompt": prompt, "completion": completion, "cached_prompt": cached_prompt});
                self.value("prices", &table, &prices.origin);
            }
            None => self.text.push_str("# prices are not known\n"),
        }
        self.of_file("body", (!model.body.is_empty()).then(|| Value::Object(model.body.clone())));
    }

    fn grader(&mut self, grader: &GraderPlan, dataset: &[(String, Sourced<String>)]) {
        match &grader.what {
            What::Component { name, params, grants } => {
                let origin = if *name == grader.name { Origin::Default } else { Origin::File };
                self.value("component", &name.clone().into(), &origin);
                if !params.is_empty() {
                    self.value("params", &Value::Object(params.clone()), &Origin::Option("-g and configuration file"));
                }
                self.sourced("programs", &grants.programs);
                if !grants.models.is_empty() {
                    self.of_file("roles", Some(serde_json::json!(grants.models)));
                    self.budget("budget", grants.budget);
                    self.budget("budget_per_grade", grants.budget_per_grade);
                }
            }
            What::Judge(judge) => {
                match &judge.prompt {
                    Prompt::Rubric(rubric) => self.value("judge", &rubric.clone().into(), &Origin::Default),
                    Prompt::Template(template) => self.of_file("template", Some(template.clone())),
                }
                match &judge.models.value[..] {
                    [model] => self.value("model", &model.clone().into(), &judge.models.origin),
                    models => self.value("models", &models.to_vec().into(), &judge.models.origin),
                }
                self.sourced("votes", &judge.votes);
                self.of_file("quorum", judge.quorum);
                self.of_file("early_stop", (!judge.early_stop).then_some(false));
                self.of_file("scale", judge.scale.map(|scale| Value::from(scale.to_vec())));
                self.of_file("aggregate", judge.aggregate.map(VoteCount::as_str));
                self.of_file("rubrics", (!judge.rubrics.is_empty()).then(|| Value::from(judge.rubrics.clone())));
                let mode = judge.mode.map(|mode| if mode == JudgeMode::Listwise { "listwise" } else { "pointwise" });
                self.of_file("mode", mode);
                self.of_file("temperature", judge.temperature);
                self.of_file("max_tokens", judge.max_tokens);
            }
        }
        self.of_file("second_opinion", grader.second_opinion.as_ref().map(|second| second.name.clone()));
        self.sourced("threshold", &grader.threshold);
        self.sourced("weight", &grader.weight);
        self.sourced("required", &grader.required);
        let when = grader.when.iter().map(|(column, values)| (column.to_owned(), Value::from(values.to_vec())));
        self.of_file("when", (!grader.when.is_empty()).then(|| Value::Object(when.collect())));
        self.value("on_error", &grader.on_error.value.as_str().into(), &grader.on_error.origin);
        self.of_file("retries", (grader.on_error.value == ErrorPolicy::Retry).then_some(grader.retries));
        let own = grader
            .map
            .iter()
            .filter(|(field, column)| !dataset.iter().any(|(mapped, to)| mapped == field && to.value == *column));
        let own: serde_json::Map<String, Value> =
            own.map(|(field, column)| (field.to_owned(), Value::from(column))).collect();
        self.of_file("map", (!own.is_empty()).then_some(Value::Object(own)));
    }

    fn refine(&mut self, refine: &RefinePlan) {
        self.sourced("model", &refine.writer);
        self.sourced("rounds", &refine.rounds);
        self.sourced("candidates", &refine.candidates);
        self.sourced("patience", &refine.patience);
        self.sourced("seed", &refine.seed);
        self.sourced("history", &refine.history);
        let temperature = match &refine.temperatures[..] {
            [] => None,
            [one] => Some(Value::from(*one)),
            several => Some(several.to_vec().into()),
        };
        self.of_file("temperature", temperature);
        self.of_file("max_tokens", refine.max_tokens);
        self.of_file("deadline", refine.deadline.map(|deadline| deadline.as_secs_f64()));
        self.of_file("final", refine.final_judge.as_ref().map(|judge| judge.name.clone()));
    }

    fn budget(&mut self, key: &str, budget: Limits) {
        if budget.is_unlimited() {
            return;
        }
        let bounds = [
            ("calls", budget.calls.map(Value::from)),
            ("tokens", budget.tokens.map(Value::from)),
            ("cost", budget.cost.map(Value::from)),
        ];
        let bounds = bounds.into_iter().filter_map(|(name, bound)| Some((name.to_owned(), bound?)));
        self.value(key, &Value::Object(bounds.collect()), &Origin::File);
    }
}

fn endpoint(endpoint: &EndpointConfig) -> Value {
    json!({
        "base_url": shown(&endpoint.base_url),
        "weight": endpoint.weight,
        "model": endpoint.model,
        "api_key_env": endpoint.api_key_env,
    })
}

/// A key, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { name.to_owned() } else { Value::from(name).to_string() }
}

/// A JSON value as TOML on one line; TOML has no null.
fn toml_of(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(name, value)| format!("{} = {}", key(name), toml_of(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}
