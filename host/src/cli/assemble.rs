//! The composition root: makes every adapter that a plan names.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    components::Components,
    config::ErrorPolicy,
    dry_run::Rehearsal,
    environment::Environment,
    failure::Failure,
    judges,
    plan::{GraderPlan, GrantsPlan, ModelPlan, Plan, What},
    record::Record,
};
use crate::{
    budget::Budget,
    dataset::nearest_names,
    fields::Needs,
    grader::{Grader, Mode},
    llm::{Endpoint, Replicas, Secret},
    model::ChatModel,
    panel::{Member, OnError, OnlyWhere, Panel, SecondOpinion},
    run::{Bounded, FatalErrors, watch_grader, watch_writer},
    sample::Columns,
    sandbox::{ComponentGrader, Entry, GradeLimits, GrantedModels, Grants},
    traffic::Traffic,
};

/// Rows for each worker: it is kept busy while answers travel.
const PLACES: usize = 4;

/// Rows for each worker besides, while rows take little; as many as may be sent to it at once.
const PLACES_BESIDES: usize = 60;

/// What the graders and models of a run are tied to.
#[derive(Debug, Clone, Default)]
pub(super) struct Wiring {
    /// Whether results have receipts.
    pub(super) receipts: bool,
    /// Where model calls are counted.
    pub(super) traffic: Traffic,
    /// Where no model shall be asked: what notes what would be.
    pub(super) rehearsal: Option<Rehearsal>,
}

/// The graders and models of a plan, ready for use.
pub(super) struct Assembly {
    pub(super) panel: Panel,
    /// The fields that each member of the panel reads.
    pub(super) needs: Vec<Needs>,
    /// What each member is made of.
    pub(super) singles: Vec<Single>,
    /// Only for `refine`.
    pub(super) writer: Option<Arc<dyn ChatModel>>,
    /// Compares the best attempts; only where there are any, and one is named.
    pub(super) final_judge: Option<Member>,
    pub(super) fatal: FatalErrors,
    /// Every model, without what watches and records it.
    pub(super) models: Vec<Arc<Replicas>>,
    /// Rows to work on at the same time.
    pub(super) concurrency: usize,
    /// Rows that may be worked on besides, while rows take little.
    pub(super) besides: usize,
}

/// A grader by itself, and the one that gives it second opinions.
pub(super) struct Single {
    pub(super) grader: Arc<dyn Grader>,
    pub(super) second: Option<Arc<dyn Grader>>,
}

impl Assembly {
    pub(super) fn new(
        plan: &Plan,
        components: &Components,
        record: &Record,
        wiring: &Wiring,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let fatal = if record.is_kept() { FatalErrors::with_budget() } else { FatalErrors::default() };
        // Models take as many calls as their settings allow.
        let mut concurrency = plan.jobs.value * PLACES;
        // Whoever asks models waits for them.
        let besides = if plan.models.is_empty() { plan.jobs.value * PLACES_BESIDES } else { 0 };
        let (mut models, mut replicated) = (IndexMap::new(), Vec::new());
        for (name, model) in &plan.models {
            let mut endpoints = endpoints(name, model, environment)?;
            for (endpoint, _) in &mut endpoints {
                endpoint.budget = record.budget.clone();
                endpoint.traffic = wiring.traffic.clone();
            }
            let identity = identity(&endpoints);
            let title = title(name, &endpoints);
            concurrency = concurrency.max(endpoints.iter().map(|(endpoint, _)| endpoint.max_concurrency).sum());
            let replicas = Arc::new(connect(endpoints)?);
            let model: Arc<dyn ChatModel> = Arc::clone(&replicas) as _;
            replicated.push(replicas);
            let model = match &wiring.rehearsal {
                Some(_) => Rehearsal::silent(model),
                None if plan.can_do_without(name) => fatal.watch_dispensable(model),
                None => fatal.watch(model),
            };
            models.insert(name.clone(), Connected { model, identity, title });
        }
        let models = ConnectedModels { models, record, rehearsal: wiring.rehearsal.as_ref() };
        let adapter = |grader| adapter(grader, components, &models, wiring.receipts);
        let writer = match &plan.refine {
            Some(refine) => Some(watch_writer(models.find(&refine.writer.value)?)),
            None => None,
        };
        let (mut members, mut needs, mut singles) = (Vec::new(), Vec::new(), Vec::new());
        for grader in &plan.graders {
            let (mut made, wanted) = adapter(grader)?;
            let mut single = Single { grader: Arc::clone(&made), second: None };
            if let Some(second) = &grader.second_opinion {
                let opinion = adapter(second)?.0;
                single.second = Some(Arc::clone(&opinion));
                made = with_second_opinion(grader, made, second, opinion)?;
            }
            singles.push(single);
            needs.push(wanted);
            members.push(member(grader, watch_grader(made, &grader.name)));
        }
        let final_judge = plan.final_judge().map(|plan| final_judge(plan, components, &models)).transpose()?;
        let panel = Panel::new(members);
        Ok(Self { panel, needs, singles, writer, final_judge, fatal, concurrency, besides, models: replicated })
    }
}

fn member(plan: &GraderPlan, grader: Arc<dyn Grader>) -> Member {
    Member {
        name: plan.name.clone(),
        grader,
        threshold: plan.threshold.value,
        weight: plan.weight.value,
        required: plan.required.value,
        on_error: match plan.on_error.value {
            ErrorPolicy::Fail => OnError::Fail,
            ErrorPolicy::Skip => OnError::Skip,
            ErrorPolicy::Retry => OnError::Retry(plan.retries),
            ErrorPolicy::Review => OnError::Review,
        },
    }
}

fn final_judge(plan: &GraderPlan, components: &Components, models: &ConnectedModels<'_>) -> Result<Member, Failure> {
    let (grader, _) = adapter(plan, components, models, false)?;
    if grader.mode() != Mode::Listwise {
        let failure =
            Failure::new(format!("`final` in [refine]: `{}` judges one response, and must order several", plan.name));
        return Err(failure.hint("name a rubric, or a judge whose template has {responses} and not {response}"));
    }
    Ok(member(plan, watch_grader(grader, &plan.name)))
}

/// The models of a run, ready to be asked, and the record of what they answer.
struct ConnectedModels<'a> {
    models: IndexMap<String, Connected>,
    record: &'a Record,
    rehearsal: Option<&'a Rehearsal>,
}

struct Connected {
    model: Arc<dyn ChatModel>,
    /// Tells endpoints and models apart; see [`Endpoint::identity`].
    identity: String,
    /// For results.
    title: String,
}

impl ConnectedModels<'_> {
    /// The model that the plan calls `name`.
    fn find(&self, name: &str) -> Result<Arc<dyn ChatModel>, Failure> {
        let Connected { model, identity, .. } = self.models.get(name).ok_or_else(|| lost("model", name))?;
        Ok(self.overheard(match &self.record.recorder {
            Some(recorder) => recorder.record(Arc::clone(model), identity.clone()),
            None => Arc::clone(model),
        }))
    }

    fn overheard(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        match self.rehearsal {
            Some(rehearsal) => rehearsal.listen(model),
            None => model,
        }
    }

    /// The model as results name it.
    fn title(&self, name: &str) -> String {
        self.models.get(name).map_or_else(|| name.to_owned(), |connected| connected.title.clone())
    }

    /// The models that a component may ask, under its own budget.
    fn granted(&self, grader: &str, plan: &GrantsPlan) -> Result<GrantedModels, Failure> {
        let budget = Budget::new(plan.budget, self.record.charge_of(grader));
        let mut roles = IndexMap::new();
        for (role, name) in &plan.models {
            let Connected { model, identity, .. } = self.models.get(name).ok_or_else(|| lost("model", name))?;
            let place = format!("`budget` in [graders.{grader}] of gradebox.toml");
            let bounded = Arc::new(Bounded::new(Arc::clone(model), budget.clone(), place));
            let model = match &self.record.recorder {
                Some(recorder) => recorder.record_for(grader, bounded, identity.clone()),
                None => bounded,
            };
            roles.insert(role.clone(), self.overheard(model));
        }
        Ok(GrantedModels { roles, per_grade: plan.budget_per_grade })
    }
}

/// The grader of a plan, with the fields that it reads.
fn adapter(
    grader: &GraderPlan,
    components: &Components,
    models: &ConnectedModels<'_>,
    receipts: bool,
) -> Result<(Arc<dyn Grader>, Needs), Failure> {
    let (adapter, needs): (Arc<dyn Grader>, Needs) = match &grader.what {
        What::Component { name, params, grants } => {
            let entry = components.catalog.find(name).ok_or_else(|| lost("component", name))?;
            let grants = Grants { programs: grants.programs.value, models: models.granted(&grader.name, grants)? };
            let mut made = component(entry, params, grader, components, grants)?;
            if receipts {
                made = made.with_receipts(&components.catalog, entry, params);
            }
            (Arc::new(made), entry.needs.clone())
        }
        What::Judge(judge) => {
            let names = judge.models.value.iter();
            let titles: Vec<String> = names.clone().map(|name| models.title(name)).collect();
            let models = names.map(|name| models.find(name)).collect::<Result<_, _>>()?;
            let judge = judges::assemble(grader, judge, models)?.asking(&titles);
            let wanted = judge.needs();
            (Arc::new(judge), wanted)
        }
    };
    if grader.when.is_empty() {
        return Ok((adapter, needs));
    }
    Ok((Arc::new(OnlyWhere::new(adapter, grader.when.clone())), needs))
}

fn with_second_opinion(
    plan: &GraderPlan,
    first: Arc<dyn Grader>,
    second_plan: &GraderPlan,
    second: Arc<dyn Grader>,
) -> Result<Arc<dyn Grader>, Failure> {
    let both = SecondOpinion::new(first, second, second_plan.name.clone()).ok_or_else(|| {
        let failure = Failure::new(format!(
            "`second_opinion` in [graders.{}]: `{}` and `{}` must both judge single responses, and one orders several",
            plan.name, plan.name, second_plan.name
        ));
        failure.hint("remove `second_opinion`, or name a grader that scores one response")
    })?;
    Ok(Arc::new(both))
}

fn component(
    entry: &Entry,
    params: &Columns,
    plan: &GraderPlan,
    components: &Components,
    grants: Grants,
) -> Result<ComponentGrader, Failure> {
    if let Some(unknown) = unknown_parameter(&entry.params_schema, params) {
        let known = parameter_names(&entry.params_schema);
        let failure = Failure::new(format!("unknown parameter `{unknown}` of `{}`", plan.name));
        let list = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        return Err(match nearest_names(unknown, known.iter().copied()).first() {
            Some(near) => failure.hint(format!("did you mean `{near}`? {list}")),
            None => failure.hint(list),
        });
    }
    let sandbox = components.sandbox.clone();
    let grader = ComponentGrader::new(sandbox, entry, params, plan.map.clone(), grants, GradeLimits::default());
    Ok(grader.named(&plan.name))
}

/// A parameter that a schema without room for others does not know.
fn unknown_parameter<'a>(schema: &Value, params: &'a Columns) -> Option<&'a str> {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return None;
    }
    let known = parameter_names(schema);
    params.keys().map(String::as_str).find(|name| !known.contains(name))
}

/// The names of the parameters that a schema describes.
pub(super) fn parameter_names(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map(|properties| properties.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn lost(kind: &str, name: &str) -> Failure {
    Failure::new(format!("the {kind} `{name}` of the plan is not there; this is a fault of gradebox, please report it"))
}

/// Every endpoint of a model with its weight; one, mostly.
pub(super) fn endpoints(
    name: &str,
    plan: &ModelPlan,
    environment: &Environment,
) -> Result<Vec<(Endpoint, f64)>, Failure> {
    let model = endpoint(name, plan, environment)?;
    if plan.endpoints.is_empty() {
        return Ok(vec![(model, 1.0)]);
    }
    let endpoints = plan.endpoints.iter().map(|own| {
        let mut endpoint = Endpoint { base_url: own.base_url.clone(), ..model.clone() };
        if let Some(id) = &own.model {
            endpoint.model.clone_from(id);
        }
        if let Some(variable) = &own.api_key_env {
            endpoint.api_key = environment.variable(variable).and_then(Secret::new);
            endpoint.api_key_env = Some(variable.clone());
        }
        (endpoint, own.weight.unwrap_or(1.0))
    });
    Ok(endpoints.collect())
}

pub(super) fn connect(endpoints: Vec<(Endpoint, f64)>) -> Result<Replicas, Failure> {
    let mut endpoints = endpoints.into_iter();
    let first = endpoints.next().ok_or_else(|| lost("model", "without endpoints"))?;
    Replicas::connect(first, endpoints)
        .map_err(|error| Failure::from(error).hint("--print-config shows where each value came from"))
}

/// The model's name in the configuration, and what endpoints know it by where that is something else.
fn title(name: &str, endpoints: &[(Endpoint, f64)]) -> String {
    let mut known: Vec<&str> = endpoints.iter().map(|(endpoint, _)| endpoint.model.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    if known == [name] { name.to_owned() } else { format!("{name} ({})", known.join(", ")) }
}

/// What tells a model from others: all its endpoints. Which of them answers, their order and weights make no difference.
fn identity(endpoints: &[(Endpoint, f64)]) -> String {
    let mut identities: Vec<String> = endpoints.iter().map(|(endpoint, _)| endpoint.identity()).collect();
    identities.sort_unstable();
    identities.join("\n")
}

/// The endpoint of a model, with its key out of the environment.
pub(super) fn endpoint(name: &str, plan: &ModelPlan, environment: &Environment) -> Result<Endpoint, Failure> {
    let mut endpoint = Endpoint::new(name, plan.base_url.value.clone(), plan.model.value.clone());
    endpoint.api_key = environment.variable(&plan.api_key_env.value).and_then(Secret::new);
    endpoint.api_key_env = Some(plan.api_key_env.value.clone());
    endpoint.max_concurrency = plan.max_concurrency.unwrap_or(endpoint.max_concurrency);
    endpoint.requests_per_minute = plan.requests_per_minute;
    endpoint.tokens_per_minute = plan.tokens_per_minute;
    endpoint.timeout = plan.timeout.unwrap_or(endpoint.timeout);
    endpoint.deadline = plan.deadline.unwrap_or(endpoint.deadline);
    endpoint.stream = plan.stream;
    endpoint.ca_file.clone_from(&plan.ca_file);
    endpoint.max_retries = plan.max_retries.unwrap_or(endpoint.max_retries);
    for (header, variable) in &plan.header_env {
        let value = environment.variable(variable).and_then(Secret::new).ok_or_else(|| {
            let failure =
                Failure::new(format!("the environment variable {variable}, for the header `{header}`, is not set"));
            failure.hint(format!("set it, or remove the header from `header_env` in [models.{name}]"))
        })?;
        endpoint.headers.push((header.clone(), value));
    }
    endpoint.query = plan.query.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    endpoint.body.clone_from(&plan.body);
    endpoint.prices = plan.known_prices();
    Ok(endpoint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_is_unknown_where_the_schema_has_no_room_for_others() {
        let Value::Object(params) = json!({"known": 1, "other": 2}) else { panic!("an object") };
        let mut schema = json!({"properties": {"known": {}}, "additionalProperties": false});
        assert_eq!(unknown_parameter(&schema, &params), Some("other"));
        schema["additionalProperties"] = json!(true);
        assert_eq!(unknown_parameter(&schema, &params), None);
    }
}
