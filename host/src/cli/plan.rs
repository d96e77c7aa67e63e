//! What a run means: command line over configuration file over environment over defaults. Decides; reads nothing.

mod effective;
mod graders;
mod known;
mod models;
mod prices;
mod sourced;
mod told;

use std::{path::PathBuf, time::Duration};

use indexmap::IndexMap;

pub(super) use self::{
    effective::Places,
    known::Known,
    models::ModelPlan,
    sourced::{Origin, Sourced},
    told::shown,
};
use self::{
    graders::{choose, final_judge},
    models::Models,
};
use super::{
    args::Selection,
    config::{BudgetConfig, Config, ErrorPolicy, JudgeMode, VoteCount},
    environment::Environment,
    failure::Failure,
};
use crate::{budget::Limits, fields::FieldMap, panel::Condition, sample::Columns};

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
    /// Only for `regrade`.
    pub(super) regrade: Option<RegradePlan>,
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
    pub(super) on_error: Sourced<ErrorPolicy>,
    /// How often a row is graded again, where that is the policy.
    pub(super) retries: u32,
    /// The dataset's map with the grader's own over it.
    pub(super) map: FieldMap,
    /// The rows that the grader concerns.
    pub(super) when: Condition,
    /// The grader that is asked where this one is undecided; its threshold and weight count for nothing.
    pub(super) second_opinion: Option<Box<Self>>,
}

/// What a grader is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Component { name: String, params: Columns, grants: GrantsPlan },
    Judge(JudgePlan),
}

/// What a component may use.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GrantsPlan {
    pub(super) programs: Sourced<bool>,
    /// From roles to the names of [`Plan::models`].
    pub(super) models: IndexMap<String, String>,
    /// Of the component's model calls in the whole run.
    pub(super) budget: Limits,
    pub(super) budget_per_grade: Limits,
}

impl What {
    /// Whether the score comes from a model.
    fn is_opinion(&self) -> bool {
        match self {
            Self::Judge(_) => true,
            Self::Component { grants, .. } => !grants.models.is_empty(),
        }
    }
}

/// An LLM judge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JudgePlan {
    pub(super) prompt: Prompt,
    /// Some of [`Plan::models`], each once; one, as a rule.
    pub(super) models: Sourced<Vec<String>>,
    /// Of each model.
    pub(super) votes: Sourced<u32>,
    pub(super) quorum: Option<u32>,
    pub(super) early_stop: bool,
    pub(super) scale: Option<[f64; 2]>,
    pub(super) aggregate: Option<VoteCount>,
    pub(super) rubrics: Vec<String>,
    pub(super) mode: Option<JudgeMode>,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<u32>,
    pub(super) seed: u64,
}

impl JudgePlan {
    /// Whether the votes of all models but one reach the quorum.
    fn can_do_without_one(&self) -> bool {
        let models = u32::try_from(self.models.value.len()).unwrap_or(u32::MAX);
        let all = self.votes.value.saturating_mul(models);
        all - self.votes.value >= self.quorum.unwrap_or(all / 2 + 1)
    }
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
    /// By round; the last for all further rounds.
    pub(super) temperatures: Vec<f64>,
    pub(super) history: Sourced<u32>,
    /// A judge that orders responses.
    pub(super) final_judge: Option<Box<GraderPlan>>,
    pub(super) max_tokens: Option<u32>,
    pub(super) seed: Sourced<u64>,
    /// For one row.
    pub(super) deadline: Option<Duration>,
}

/// How the best of recorded attempts is chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RegradePlan {
    /// A judge that orders responses.
    pub(super) final_judge: Option<Box<GraderPlan>>,
    pub(super) seed: Sourced<u64>,
}

/// What a run makes of its rows.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Grade,
    Refine(RefineOptions),
    Regrade(EarlierRun),
}

/// The refinement whose attempts are graded anew.
#[derive(Debug, Clone, Default)]
pub(super) struct EarlierRun {
    /// The file of its rows.
    pub(super) results: PathBuf,
    /// From fields to the columns that it read them from, where that is known.
    pub(super) map: FieldMap,
}

/// What only `refine` is told on the command line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RefineOptions {
    pub(super) rounds: Option<u32>,
    pub(super) candidates: Option<u32>,
}

impl Plan {
    /// Resolves a run. Refuses names that nothing is known by.
    pub(super) fn resolve(
        selection: &Selection,
        work: &Work,
        config: &Config,
        environment: &Environment,
        known: Known<'_>,
    ) -> Result<Self, Failure> {
        let mut models = Models::new(selection.model.as_deref(), selection.base_url.as_deref(), config, environment);
        // The writer comes first: without one, nothing else is worth saying.
        let mut refine = match work {
            Work::Refine(options) => Some(resolve_refine(*options, config, &mut models)?),
            Work::Grade | Work::Regrade(_) => None,
        };
        let mappings = resolve_map(selection, config, work);
        let map = FieldMap::new(mappings.iter().map(|(field, column)| (field.clone(), column.value.clone())));
        let mut final_judge = |seed: u64| final_judge(seed, &map, &mut models, config, known);
        if let Some(refine) = &mut refine {
            refine.final_judge = final_judge(refine.seed.value)?.map(Box::new);
        }
        let regrade = match work {
            Work::Regrade(_) => {
                let seed = seed(config);
                Some(RegradePlan { final_judge: final_judge(seed.value)?.map(Box::new), seed })
            }
            Work::Grade | Work::Refine(_) => None,
        };
        let mut graders = Vec::new();
        for chosen in choose(selection, config, known)? {
            graders.push(chosen.resolve(selection.threshold, &map, &mut models, config, known)?);
        }
        let plan = Self {
            jobs: jobs(selection, config),
            graders,
            models: models.used,
            refine,
            regrade,
            budget: budget(config.refine.budget.as_ref(), "`budget` in [refine]")?,
            mappings,
        };
        plan.check_budget()?;
        Ok(plan)
    }

    /// Refuses a budget whose worst case cannot be known before a call.
    fn check_budget(&self) -> Result<(), Failure> {
        self.check_budgets_of_components()?;
        let Limits { tokens, cost, .. } = self.budget;
        if cost.is_some()
            && let Some(name) = self.models.iter().find_map(|(name, model)| model.prices.is_none().then_some(name))
        {
            return Err(no_prices("`budget` in [refine]", name));
        }

        let is_open = self.refine.as_ref().is_some_and(|refine| refine.max_tokens.is_none());
        if is_open && (tokens.is_some() || cost.is_some()) {
            let failure =
                Failure::new("`budget` in [refine] bounds tokens or cost, and the writer's responses have no bound");
            return Err(failure.hint("set `max_tokens` in [refine]: the worst case is set aside before each call"));
        }
        Ok(())
    }

    /// The judge that chooses among the best attempts.
    pub(super) fn final_judge(&self) -> Option<&GraderPlan> {
        let of_refine = self.refine.as_ref().map(|refine| &refine.final_judge);
        of_refine.or(self.regrade.as_ref().map(|regrade| &regrade.final_judge))?.as_deref()
    }

    fn check_budgets_of_components(&self) -> Result<(), Failure> {
        for grader in self.graders_and_opinions() {
            let What::Component { grants, .. } = &grader.what else { continue };
            let budgets = [("budget", grants.budget), ("budget_per_grade", grants.budget_per_grade)];
            let Some((key, _)) = budgets.into_iter().find(|(_, limits)| limits.cost.is_some()) else { continue };
            let is_unknown = |name: &&String| self.models.get(*name).is_none_or(|model| model.prices.is_none());
            if let Some(name) = grants.models.values().find(is_unknown) {
                return Err(no_prices(&format!("`{key}` in [graders.{}]", grader.name), name));
            }
        }
        Ok(())
    }

    /// The graders of the panel, those that give them second opinions, and the final judge.
    pub(super) fn graders_and_opinions(&self) -> impl Iterator<Item = &GraderPlan> {
        let final_judge = self.final_judge();
        let opinions = self.graders.iter().filter_map(|grader| grader.second_opinion.as_deref());
        self.graders.iter().chain(opinions).chain(final_judge)
    }

    /// The components that grade, by the names that they give themselves.
    pub(super) fn component_names(&self) -> impl Iterator<Item = &str> {
        self.graders_and_opinions().filter_map(|grader| match &grader.what {
            What::Component { name, .. } => Some(name.as_str()),
            What::Judge(_) => None,
        })
    }

    /// Whether only judges ask the model that reach their quorum without it.
    pub(super) fn can_do_without(&self, model: &str) -> bool {
        let is_writer = self.refine.as_ref().is_some_and(|refine| refine.writer.value == model);
        !is_writer
            && self.graders_and_opinions().all(|grader| match &grader.what {
                What::Judge(judge) => {
                    !judge.models.value.iter().any(|name| name == model) || judge.can_do_without_one()
                }
                What::Component { grants, .. } => !grants.models.values().any(|name| name == model),
            })
    }

    /// The dataset's map.
    pub(super) fn map(&self) -> FieldMap {
        FieldMap::new(self.mappings.iter().map(|(field, column)| (field.clone(), column.value.clone())))
    }
}

fn no_prices(budget: &str, model: &str) -> Failure {
    Failure::new(format!("{budget} has a cost, and the model `{model}` no prices"))
        .hint(format!("add `prices = {{ prompt = …, completion = … }}`, of a million tokens each, to [models.{model}]"))
}

fn budget(file: Option<&BudgetConfig>, place: &str) -> Result<Limits, Failure> {
    let Some(BudgetConfig { calls, tokens, cost }) = file else { return Ok(Limits::default()) };
    if let Some(cost) = cost.filter(|cost| !cost.is_finite() || *cost < 0.0) {
        return Err(Failure::new(format!("`cost` in {place} is {cost}; it must be a number, zero or more")));
    }
    Ok(Limits { calls: *calls, tokens: *tokens, cost: *cost })
}

/// How many worker processes there shall be.
pub(super) fn jobs(selection: &Selection, config: &Config) -> Sourced<usize> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let file = config.sandbox.jobs.filter(|jobs| *jobs > 0);
    Sourced::first(selection.jobs.map(usize::from), "--jobs", file.map(usize::from), cores)
}

/// Whether no component can be among the graders, whatever components there are.
pub(super) fn asks_judges_only(selection: &Selection, config: &Config, rubrics: &[&str]) -> bool {
    let is_judge = |name: &str| match config.graders.get(name) {
        Some(grader) if grader.judge.is_some() || grader.template.is_some() => true,
        Some(grader) if grader.component.is_some() => false,
        _ => rubrics.contains(&name),
    };
    if selection.grader.is_empty() {
        config.graders.keys().all(|name| is_judge(name))
    } else {
        selection.grader.iter().all(|grader| is_judge(&grader.name))
    }
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

/// The dataset's map: the command line over the file, and over what an earlier run was told.
pub(super) fn dataset_map(selection: &Selection, config: &Config, work: &Work) -> FieldMap {
    FieldMap::new(resolve_map(selection, config, work).into_iter().map(|(field, column)| (field, column.value)))
}

fn resolve_map(selection: &Selection, config: &Config, work: &Work) -> Vec<(String, Sourced<String>)> {
    let mut map = IndexMap::new();
    if let Work::Regrade(earlier) = work {
        let told = |column: &str| Sourced { value: column.to_owned(), origin: Origin::Run };
        map.extend(earlier.map.iter().map(|(field, column)| (field.to_owned(), told(column))));
    }
    for (field, column) in &config.dataset.map {
        map.insert(field.clone(), Sourced::file(column.clone()));
    }
    for (field, column) in &selection.map {
        map.insert(field.clone(), Sourced::option(column.clone(), "--map"));
    }
    map.into_iter().collect()
}

fn resolve_refine(options: RefineOptions, config: &Config, models: &mut Models<'_>) -> Result<RefinePlan, Failure> {
    let file = &config.refine;
    for (key, value) in [("rounds", file.rounds), ("candidates", file.candidates), ("patience", file.patience)] {
        if value == Some(0) {
            return Err(Failure::new(format!("`{key}` in [refine] is 0; it must be one or more")));
        }
    }
    if let Some(temperature) =
        file.temperature.iter().find(|temperature| **temperature < 0.0 || !temperature.is_finite())
    {
        return Err(Failure::new(format!("`temperature` in [refine] is {temperature}; it must be zero or more")));
    }
    Ok(RefinePlan {
        writer: models.of_writer()?,
        rounds: Sourced::first(options.rounds, "--rounds", file.rounds, 3),
        candidates: Sourced::first(options.candidates, "--candidates", file.candidates, 1),
        patience: Sourced::first(None, "", file.patience, 2),
        temperatures: file.temperature.clone(),
        history: Sourced::first(None, "", file.history, 0),
        final_judge: None,
        max_tokens: file.max_tokens,
        seed: seed(config),
        deadline: file.deadline,
    })
}

fn seed(config: &Config) -> Sourced<u64> {
    Sourced::first(None, "", config.refine.seed, 0)
}

#[cfg(test)]
mod tests;
