//! The calls that a grader component makes of models: which it may make, and what it is answered. The host makes them;
//! a worker only ever sees what came back.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{AnsweredCall, ModelCall, WireMessage};
use crate::{
    budget::{Budget, Charge, Limits},
    model::{ChatModel, Completion, Request, Structure, Usage},
    sample::{Columns, Message},
    score::{ErrorKind, GradeError},
};

/// Model calls of one grade, where nothing else is configured.
pub const CALLS_PER_GRADE: u64 = 16;

/// The longest reply in tokens, where the grader does not say.
const MAX_TOKENS: u32 = 1024;

/// Messages of one call together, in bytes.
const LARGEST: usize = 8 << 20;

/// The models that a grader may ask, and how much.
#[derive(Clone, Default)]
pub struct GrantedModels {
    /// By the role that the grader names. Each holds its own bounds on the run.
    pub roles: IndexMap<String, Arc<dyn ChatModel>>,
    /// What the calls of one grade may use together.
    pub per_grade: Limits,
}

impl GrantedModels {
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }
}

/// What a grader says of a call beside its messages. Nothing else of a request is a grader's to say: neither the model
/// nor its address.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    seed: Option<u64>,
    response_schema: Option<Value>,
}

/// The model calls of one grade.
pub(super) struct ModelCalls<'a> {
    models: &'a GrantedModels,
    /// Where the configuration speaks of the grader.
    table: &'a str,
    budget: Budget,
    /// What came back so far, for the grade to be done again with.
    pub(super) answered: Vec<AnsweredCall>,
    pub(super) usage: Usage,
    /// For the details of the grade: a JSON object for each call.
    pub(super) told: Vec<Value>,
}

impl<'a> ModelCalls<'a> {
    pub(super) fn new(models: &'a GrantedModels, table: &'a str) -> Self {
        let calls = models.per_grade.calls.or(Some(CALLS_PER_GRADE));
        let budget = Budget::new(Limits { calls, ..models.per_grade }, Charge::default());
        Self { models, table, budget, answered: vec![], usage: Usage::default(), told: vec![] }
    }

    /// Makes the call and puts its answer on record, behind the first `after` answers.
    pub(super) async fn make(&mut self, call: ModelCall, after: usize) -> Result<(), GradeError> {
        let model = self.models.roles.get(&call.role).ok_or_else(|| denied(&call.role, self.models, self.table))?;
        let request = request(&call).map_err(|problem| GradeError::new(ErrorKind::BadResult, problem))?;
        let worst = model.worst_case(&request);
        let reservation = self.budget.reserve(worst).await.map_err(|exhausted| {
            let table = self.table;
            GradeError::new(
                ErrorKind::GraderLimit,
                format!("one grade may ask no more: {exhausted}; raise `budget_per_grade` in {table} of gradebox.toml"),
            )
        })?;
        let (answer, usage) = model.complete(&request).await;
        reservation.settle(usage.charge(worst));
        self.usage = self.usage.plus(usage);
        self.told.push(told(&call.role, model.name(), usage));
        let completion = answer.map_err(|error| GradeError::from(&error))?;
        self.answered.truncate(after);
        self.answered.push(AnsweredCall { call, reply: reply(&completion, usage).to_string() });
        Ok(())
    }
}

fn denied(role: &str, models: &GrantedModels, table: &str) -> GradeError {
    let shown: String = role.chars().take(64).filter(|c| !c.is_control()).collect();
    let reason = if models.is_empty() {
        format!("it asks the model of the role `{shown}`, and has been granted none")
    } else {
        let roles = models.roles.keys().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
        format!("it asks the model of the role `{shown}`, and has been granted those of {roles} only")
    };
    let key = if shown.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') && !shown.is_empty() {
        shown
    } else {
        Value::from(shown).to_string()
    };
    GradeError::new(
        ErrorKind::CapabilityDenied,
        format!("{reason}; `roles = {{ {key} = \"MODEL\" }}` in {table} of gradebox.toml grants it"),
    )
}

fn request(call: &ModelCall) -> Result<Request, String> {
    let size: usize = call.messages.iter().map(WireMessage::size).sum();
    if LARGEST < size {
        return Err(format!("its call is {} MiB; at most {} MiB are sent to a model", size >> 20, LARGEST >> 20));
    }
    if call.messages.is_empty() {
        return Err("it asks a model with no message at all".to_owned());
    }
    // Through a map: a list would do for a struct, too.
    let options: Options = serde_json::from_str::<Columns>(&call.options)
        .and_then(|options| serde_json::from_value(Value::Object(options)))
        .map_err(|error| format!("the options of its model call cannot be used: {error}"))?;
    if options.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        return Err("the temperature of its model call is not a number from 0 to 2".to_owned());
    }
    Ok(Request {
        messages: call.messages.iter().map(message).collect::<Result<_, _>>()?,
        temperature: options.temperature.or(Some(0.0)),
        max_tokens: options.max_tokens.or(Some(MAX_TOKENS)),
        seed: options.seed,
        structure: options.response_schema.map(|schema| Structure { name: "reply".to_owned(), schema }),
        extra: Columns::new(),
    })
}

fn message(message: &WireMessage) -> Result<Message, String> {
    let extra = match message.extra.as_deref().map(serde_json::from_str) {
        None => Columns::new(),
        Some(Ok(Value::Object(extra))) => extra,
        Some(_) => return Err("a message of its model call has an `extra` that is not a JSON object".to_owned()),
    };
    // They stand beside each other in the request, and what the grader calls its content must be what is sent.
    if let Some(key) = ["role", "content"].into_iter().find(|key| extra.contains_key(*key)) {
        return Err(format!("a message of its model call has another `{key}` in its `extra`"));
    }
    Ok(Message { role: message.role.clone(), content: message.content.clone(), extra })
}

fn reply(completion: &Completion, usage: Usage) -> Value {
    json!({
        "content": completion.content,
        "finish_reason": if completion.truncated { "length" } else { "stop" },
        "model": completion.model,
        "usage": usage.to_json(),
    })
}

fn told(role: &str, model: &str, usage: Usage) -> Value {
    json!({"role": role, "model": model, "usage": usage.to_json()})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(options: &str, extra: Option<&str>) -> ModelCall {
        let message =
            WireMessage { role: "user".to_owned(), content: "Hm?".to_owned(), extra: extra.map(str::to_owned) };
        ModelCall { role: "judge".to_owned(), messages: vec![message], options: options.to_owned() }
    }

    #[test]
    fn a_grader_cannot_say_more_of_a_request_than_the_contract_lets_it() {
        let allowed = request(&call(r#"{"temperature": 0.5, "max_tokens": 7, "seed": 3}"#, None)).unwrap();
        assert_eq!((allowed.temperature, allowed.max_tokens, allowed.seed), (Some(0.5), Some(7), Some(3)));
        for options in
            ["", "[]", r#"{"model": "dearer"}"#, r#"{"base_url": "http://elsewhere"}"#, r#"{"temperature": 9}"#]
        {
            assert!(request(&call(options, None)).is_err(), "{options}");
        }
        assert!(request(&call("{}", Some(r#"{"role": "system"}"#))).is_err());
        assert!(request(&call("{}", Some("3"))).is_err());
        assert!(request(&ModelCall { messages: vec![], ..call("{}", None) }).is_err());
    }

    #[test]
    fn what_is_refused_names_the_line_to_add() {
        let said = |role| denied(role, &GrantedModels::default(), "[graders.x]").reason;
        assert!(said("judge").contains("roles = { judge = \"MODEL\" }` in [graders.x]"), "{}", said("judge"));
        assert!(said("a role").contains("{ \"a role\" = "), "{}", said("a role"));
    }
}
