//! What a run means: command line over configuration file over environment over defaults. Decides; reads nothing.

mod effective;
mod models;
mod told;

use std::fmt;

use indexmap::IndexMap;

use self::models::Models;
pub(super) use self::{effective::Places, models::ModelPlan};
use super::{
    args::{GraderArg, Selection},
    config::{BudgetConfig, Config, GraderConfig, JudgeMode, VoteCount},
    environment::Environment,
    failure::Failure,
};
use crate::{budget::Limits, dataset::nearest_names, fields::FieldMap, sample::Columns};

/// A value with where it came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sourced<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File,
    /// An option, such as `--threshold`.
    Option(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("configuration file"),
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
        }
    }
}

impl<T> Sourced<T> {
    fn option(value: T, name: &'static str) -> Self {
        Self { value, origin: Origin::Option(name) }
    }

    fn file(value: T) -> Self {
        Self { value, origin: Origin::File }
    }

    fn standard(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }

    /// The value of the option, else that of the file, else the default.
    fn first(option: Option<T>, name: &'static str, file: Option<T>, default: T) -> Self {
        match (option, file) {
            (Some(value), _) => Self::option(value, name),
            (None, Some(value)) => Self::file(value),
            (None, None) => Self::standard(default),
        }
    }
}

/// The names that a grader can be found under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) components: &'a [&'a str],
    pub(super) rubrics: &'a [&'a str],
}

/// What a run of `grade` or `refine` means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// Worker processes.
    pub(super) jobs: Sourced<usize>,
    pub(super) graders: Vec<GraderPlan>,
    /// The models that graders and the writer use, by name.
    pub(super) models: IndexMap<String, ModelPlan>,
    /// Only for `refine`.
    pub(super) refine: Option<RefinePlan>,
    /// What the model calls of the run may use together.
    pub(super) budget: Limits,
    mappings: Vec<(String, Sourced<String>)>,
}

/// A grader with its place in the panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GraderPlan {
    pub(super) name: String,
    pub(super) what: What,
    pub(super) threshold: Sourced<f64>,
    pub(super) weight: Sourced<f64>,
    pub(super) required: Sourced<bool>,
    /// The dataset's map with the grader's own over it.
    pub(super) map: FieldMap,
    /// The grader that is asked where this one is undecided; its threshold and weight count for nothing.
    pub(super) second_opinion: Option<Box<Self>>,
}

/// What a grader is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Component { name: String, params: Columns },
    Judge(JudgePlan),
}

/// An LLM judge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JudgePlan {
    pub(super) prompt: Prompt,
    /// One of [`Plan::models`].
    pub(super) model: Sourced<String>,
    pub(super) votes: Sourced<u32>,
    pub(super) scale: Option<[f64; 2]>,
    pub(super) aggregate: Option<VoteCount>,
    pub(super) rubrics: Vec<String>,
    pub(super) mode: Option<JudgeMode>,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<u32>,
}

/// What a judge is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prompt {
    /// A rubric of the library.
    Rubric(String),
    Template(String),
}

/// How responses are refined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RefinePlan {
    /// One of [`Plan::models`].
    pub(super) writer: Sourced<String>,
    pub(super) rounds: Sourced<u32>,
    pub(super) candidates: Sourced<u32>,
    pub(super) patience: Sourced<u32>,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<u32>,
    pub(super) seed: Sourced<u64>,
}

/// What only `refine` is told on the command line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RefineOptions {
    pub(super) rounds: Option<u32>,
    pub(super) candidates: Option<u32>,
}

impl Plan {
    /// Resolves a run; `refine` where it shall refine. Refuses names that nothing is known by.
    pub(super) fn resolve(
        selection: &Selection,
        refine: Option<RefineOptions>,
        config: &Config,
        environment: &Environment,
        known: Known<'_>,
    ) -> Result<Self, Failure> {
        let mut models = Models::new(selection.model.as_deref(), selection.base_url.as_deref(), config, environment);
        // The writer comes first: without one, nothing else is worth saying.
        let refine = refine.map(|options| resolve_refine(options, config, &mut models)).transpose()?;
        let mappings = resolve_map(selection, config);
        let map = FieldMap::new(mappings.iter().map(|(field, column)| (field.clone(), column.value.clone())));
        let mut graders = Vec::new();
        for chosen in choose(selection, config, known)? {
            graders.push(chosen.resolve(selection.threshold, &map, &mut models, config, known)?);
        }
        let plan = Self {
            jobs: jobs(selection, config),
            graders,
            models: models.used,
            refine,
            budget: budget(config.refine.budget.as_ref())?,
            mappings,
        };
        plan.check_budget()?;
        Ok(plan)
    }

    /// Refuses a budget whose worst case cannot be known before a call.
    fn check_budget(&self) -> Result<(), Failure> {
        let Limits { tokens, cost, .. } = self.budget;
        if cost.is_some()
            && let Some(name) = self.models.iter().find_map(|(name, model)| model.prices.is_none().then_some(name))
        {
            let failure = Failure::new(format!("`budget` in [refine] has a cost, and the model `{name}` no prices"));
            return Err(failure.hint(format!(
                "add `prices = {{ prompt = …, completion = … }}`, of a million tokens each, to [models.{name}]"
            )));
        }
        let is_open = self.refine.as_ref().is_some_and(|refine| refine.max_tokens.is_none());
        if is_open && (tokens.is_some() || cost.is_some()) {
            let failure =
                Failure::new("`budget` in [refine] bounds tokens or cost, and the writer's responses have no bound");
            return Err(failure.hint("set `max_tokens` in [refine]: the worst case is set aside before each call"));
        }
        Ok(())
    }

    /// The graders of the panel and those that give them second opinions.
    pub(super) fn graders_and_opinions(&self) -> impl Iterator<Item = &GraderPlan> {
        self.graders.iter().chain(self.graders.iter().filter_map(|grader| grader.second_opinion.as_deref()))
    }

    /// The dataset's map.
    pub(super) fn map(&self) -> FieldMap {
        FieldMap::new(self.mappings.iter().map(|(field, column)| (field.clone(), column.value.clone())))
    }
}

fn budget(file: Option<&BudgetConfig>) -> Result<Limits, Failure> {
    let Some(BudgetConfig { calls, tokens, cost }) = file else { return Ok(Limits::default()) };
    if let Some(cost) = cost.filter(|cost| !cost.is_finite() || *cost < 0.0) {
        return Err(Failure::new(format!(
            "`cost` in the budget of [refine] is {cost}; it must be a number, zero or more"
        )));
    }
    Ok(Limits { calls: *calls, tokens: *tokens, cost: *cost })
}

/// How many worker processes there shall be.
pub(super) fn jobs(selection: &Selection, config: &Config) -> Sourced<usize> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let file = config.sandbox.jobs.filter(|jobs| *jobs > 0);
    Sourced::first(selection.jobs.map(usize::from), "--jobs", file.map(usize::from), cores)
}

/// Every model that the command line, the file or the environment names, and what is wrong with the others.
pub(super) fn all_models(
    named: Option<&str>,
    base_url: Option<&str>,
    config: &Config,
    environment: &Environment,
) -> (IndexMap<String, ModelPlan>, Vec<Failure>) {
    Models::new(named, base_url, config, environment).all()
}

/// The dataset's map: the command line over the file.
pub(super) fn dataset_map(selection: &Selection, config: &Config) -> FieldMap {
    FieldMap::new(resolve_map(selection, config).into_iter().map(|(field, column)| (field, column.value)))
}

fn resolve_map(selection: &Selection, config: &Config) -> Vec<(String, Sourced<String>)> {
    let mut map = IndexMap::new();
    for (field, column) in &config.dataset.map {
        map.insert(field.clone(), Sourced::file(column.clone()));
    }
    for (field, column) in &selection.map {
        map.insert(field.clone(), Sourced::option(column.clone(), "--map"));
    }
    map.into_iter().collect()
}

/// A grader that was selected, before it is known what it is.
struct Chosen {
    name: String,
    config: GraderConfig,
    /// Parameters of the command line, over those of the file.
    params: Columns,
}

/// The graders of the command line, else all of the file but those that only give second opinions.
fn choose(selection: &Selection, config: &Config, known: Known<'_>) -> Result<Vec<Chosen>, Failure> {
    if selection.grader.is_empty() {
        if config.graders.is_empty() {
            let failure = Failure::new("no grader is selected, neither with -g nor in a configuration file");
            return Err(failure.hint(format!("select some with -g NAME; {}", known.list())));
        }
        let of_others = |name: &String| {
            config.graders.iter().any(|(other, grader)| other != name && grader.second_opinion.as_ref() == Some(name))
        };
        let own = config.graders.keys().filter(|name| !of_others(name));
        let chosen: Vec<Chosen> = own.map(|name| Chosen::of_file(name, Columns::new(), config)).collect();
        if chosen.is_empty() {
            return Err(Failure::new("the graders of the configuration file are all second opinions of each other")
                .hint("remove one `second_opinion`"));
        }
        return Ok(chosen);
    }
    let mut names = Vec::new();
    for GraderArg { name, .. } in &selection.grader {
        if names.contains(&name) {
            let failure = Failure::new(format!("the grader `{name}` is selected twice"));
            return Err(failure.hint(
                "to use one component twice, give each a name of its own in gradebox.toml, with `component = \"…\"`",
            ));
        }
        let is_known = config.graders.contains_key(name) || known.contains(name);
        if !is_known {
            return Err(unknown("grader", name, known, config.graders.keys().map(String::as_str)));
        }
        names.push(name);
    }
    Ok(selection.grader.iter().map(|grader| Chosen::of_file(&grader.name, grader.params.clone(), config)).collect())
}

impl Chosen {
    fn of_file(name: &str, params: Columns, config: &Config) -> Self {
        Self { name: name.to_owned(), config: config.graders.get(name).cloned().unwrap_or_default(), params }
    }

    fn resolve(
        self,
        threshold: Option<f64>,
        map: &FieldMap,
        models: &mut Models<'_>,
        config: &Config,
        known: Known<'_>,
    ) -> Result<GraderPlan, Failure> {
        let second_opinion = match self.second_opinion(config, known)? {
            Some(second) => Some(Box::new(second.resolve(threshold, map, models, config, known)?)),
            None => None,
        };
        let what = self.what(models, known)?;
        let default = if matches!(what, What::Judge(_)) { 0.7 } else { 1.0 };
        let threshold = match (self.config.threshold, threshold) {
            (Some(own), _) => Sourced::file(own),
            (None, Some(common)) => Sourced::option(common, "--threshold"),
            (None, None) => Sourced::standard(default),
        };
        let weight = Sourced::first(None, "", self.config.weight, 1.0);
        if !(0.0..=1.0).contains(&threshold.value) {
            return Err(self.bad("threshold", threshold.value, "a number from 0 to 1"));
        }
        if !weight.value.is_finite() || weight.value < 0.0 {
            return Err(self.bad("weight", weight.value, "a number, zero or more"));
        }
        let own_map = FieldMap::new(self.config.map.clone());
        Ok(GraderPlan {
            what,
            threshold,
            weight,
            required: Sourced::first(None, "", self.config.required, true),
            map: map.overlaid(&own_map),
            name: self.name,
            second_opinion,
        })
    }

    /// The grader that is asked where this one is undecided.
    fn second_opinion(&self, config: &Config, known: Known<'_>) -> Result<Option<Self>, Failure> {
        let Some(name) = &self.config.second_opinion else { return Ok(None) };
        if *name == self.name {
            let failure = Failure::new(format!("the second opinion of `{name}` is to be its own"));
            return Err(failure.hint(format!("name another grader in `second_opinion` of [graders.{name}]")));
        }
        if !config.graders.contains_key(name) && !known.contains(name) {
            return Err(unknown("grader", name, known, config.graders.keys().map(String::as_str)).within(&self.name));
        }
        let second = Self::of_file(name, Columns::new(), config);
        if second.config.second_opinion.is_some() {
            let failure = Failure::new(format!("`{name}` gives `{}` a second opinion and wants one itself", self.name));
            return Err(failure.hint(format!("there is no third: remove `second_opinion` from [graders.{name}]")));
        }
        Ok(Some(second))
    }

    fn what(&self, models: &mut Models<'_>, known: Known<'_>) -> Result<What, Failure> {
        let config = &self.config;
        match (&config.component, &config.judge, &config.template) {
            (Some(component), None, None) => self.component(component, known),
            (None, Some(rubric), None) => {
                if known.rubrics.contains(&rubric.as_str()) {
                    return self.judge(Prompt::Rubric(rubric.clone()), models);
                }
                Err(unknown_of("rubric", rubric, known.rubrics).within(&self.name))
            }
            (None, None, Some(template)) => self.judge(Prompt::Template(template.clone()), models),
            (None, None, None) if known.components.contains(&self.name.as_str()) => self.component(&self.name, known),
            (None, None, None) if known.rubrics.contains(&self.name.as_str()) => {
                self.judge(Prompt::Rubric(self.name.clone()), models)
            }
            (None, None, None) => {
                let failure = unknown("grader", &self.name, known, std::iter::empty());
                Err(failure.within(&self.name))
            }
            _ => Err(Failure::new(format!(
                "[graders.{}] is more than one of `component`, `judge` and `template`; keep the one that it is",
                self.name
            ))),
        }
    }

    fn component(&self, name: &str, known: Known<'_>) -> Result<What, Failure> {
        if !known.components.contains(&name) {
            return Err(unknown_of("component", name, known.components).within(&self.name));
        }
        if let Some(key) = self.judge_key() {
            let failure = Failure::new(format!(
                "`{key}` in [graders.{}] is of judges only, and `{name}` is a component",
                self.name
            ));
            return Err(failure.hint("what a component can be told stands in `params`"));
        }
        let mut params = self.config.params.clone();
        params.extend(self.params.clone());
        Ok(What::Component { name: name.to_owned(), params })
    }

    /// A key that has a meaning for judges only.
    fn judge_key(&self) -> Option<&'static str> {
        let config = &self.config;
        let keys = [
            ("model", config.model.is_some()),
            ("votes", config.votes.is_some()),
            ("scale", config.scale.is_some()),
            ("aggregate", config.aggregate.is_some()),
            ("rubrics", !config.rubrics.is_empty()),
            ("mode", config.mode.is_some()),
            ("temperature", config.temperature.is_some()),
            ("max_tokens", config.max_tokens.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_set)| is_set.then_some(key))
    }

    fn judge(&self, prompt: Prompt, models: &mut Models<'_>) -> Result<What, Failure> {
        if !self.params.is_empty() || !self.config.params.is_empty() {
            let failure = Failure::new(format!("the judge `{}` has no parameters", self.name));
            return Err(
                failure.hint("write what it shall do differently in gradebox.toml: votes, scale, template, model")
            );
        }
        let votes = Sourced::first(None, "", self.config.votes, 1);
        if votes.value == 0 {
            return Err(self.bad("votes", 0.0, "one or more"));
        }
        Ok(What::Judge(JudgePlan {
            prompt,
            model: models.of_judge(&self.name, self.config.model.as_deref())?,
            votes,
            scale: self.config.scale,
            aggregate: self.config.aggregate,
            rubrics: self.config.rubrics.clone(),
            mode: self.config.mode,
            temperature: self.config.temperature,
            max_tokens: self.config.max_tokens,
        }))
    }

    fn bad(&self, key: &str, value: f64, wanted: &str) -> Failure {
        Failure::new(format!("`{key}` in [graders.{}] is {value}; it must be {wanted}", self.name))
    }
}

fn resolve_refine(options: RefineOptions, config: &Config, models: &mut Models<'_>) -> Result<RefinePlan, Failure> {
    let file = &config.refine;
    for (key, value) in [("rounds", file.rounds), ("candidates", file.candidates), ("patience", file.patience)] {
        if value == Some(0) {
            return Err(Failure::new(format!("`{key}` in [refine] is 0; it must be one or more")));
        }
    }
    Ok(RefinePlan {
        writer: models.of_writer()?,
        rounds: Sourced::first(options.rounds, "--rounds", file.rounds, 3),
        candidates: Sourced::first(options.candidates, "--candidates", file.candidates, 1),
        patience: Sourced::first(None, "", file.patience, 2),
        temperature: file.temperature,
        max_tokens: file.max_tokens,
        seed: Sourced::first(None, "", file.seed, 0),
    })
}

impl Known<'_> {
    fn contains(&self, name: &str) -> bool {
        self.components.contains(&name) || self.rubrics.contains(&name)
    }

    /// Everything that there is, for people.
    fn list(&self) -> String {
        let components = if self.components.is_empty() {
            "there are no components (`make graders` builds the built-in ones; --graders DIR names others)".to_owned()
        } else {
            format!("components: {}", self.components.join(", "))
        };
        format!("{components}; judges, which need a --model: {}", self.rubrics.join(", "))
    }
}

fn unknown<'a>(kind: &str, name: &str, known: Known<'a>, configured: impl Iterator<Item = &'a str>) -> Failure {
    let all = configured.chain(known.components.iter().copied()).chain(known.rubrics.iter().copied());
    let near = nearest_names(name, all);
    let failure = Failure::new(format!("unknown {kind} `{name}`"));
    match near.first() {
        Some(near) => failure.hint(format!("did you mean `{near}`? {}", known.list())),
        None => failure.hint(known.list()),
    }
}

fn unknown_of(kind: &str, name: &str, known: &[&str]) -> Failure {
    let near = nearest_names(name, known.iter().copied());
    let failure = Failure::new(format!("unknown {kind} `{name}`"));
    let all = if known.is_empty() { format!("there is no {kind}") } else { format!("there are: {}", known.join(", ")) };
    match near.first() {
        Some(near) => failure.hint(format!("did you mean `{near}`? {all}")),
        None => failure.hint(all),
    }
}

#[cfg(test)]
mod tests;
