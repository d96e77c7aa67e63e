//! Joins an author's trait to the contract's functions.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::{
    Description, Example, GradeError, Grader, ListwiseGrader, Message, Order, Responses, Sample, Verdict,
    bindings::{
        descriptor::exports::gradebox::grader::descriptor, host::gradebox::grader::types,
        listwise::exports::gradebox::grader::listwise, pointwise::exports::gradebox::grader::pointwise,
    },
    read_params,
};

/// The component of a [`Grader`].
pub struct Pointwise<G>(PhantomData<G>);

/// The component of a [`ListwiseGrader`].
pub struct Listwise<G>(PhantomData<G>);

impl<G: Grader> descriptor::Guest for Pointwise<G> {
    fn describe() -> descriptor::Description {
        description_to_contract::<G::Params>(G::describe())
    }
}

impl<G: Grader> pointwise::Guest for Pointwise<G> {
    fn grade(sample: types::Sample, params: String) -> Result<types::Verdict, types::GradeError> {
        grade::<G>(sample, &params).map(verdict_to_contract).map_err(error_to_contract)
    }
}

impl<G: ListwiseGrader> descriptor::Guest for Listwise<G> {
    fn describe() -> descriptor::Description {
        description_to_contract::<G::Params>(G::describe())
    }
}

impl<G: ListwiseGrader> listwise::Guest for Listwise<G> {
    fn rank(
        messages: Vec<types::Message>,
        responses: Vec<String>,
        fields: String,
        params: String,
    ) -> Result<listwise::Order, types::GradeError> {
        rank::<G>(messages, responses, &fields, &params).map(order_to_contract).map_err(error_to_contract)
    }
}

/// Makes the crate a component that grades with this [`Grader`](crate::Grader). Once in a crate, at its root.
#[macro_export]
macro_rules! export_grader {
    ($grader:ty) => {
        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, reason = "generated code crosses the component's boundary")]
        const _: () = {
            type Component = $crate::export::Pointwise<$grader>;
    $crate::bindings::descriptor::export_descriptor!(Component with_types_in $crate::bindings::descriptor);
    $crate::bindings::pointwise::export_pointwise!(Component with_types_in $crate::bindings::pointwise);
        };
    };
}

/// Makes the crate a component that orders with this [`ListwiseGrader`](crate::ListwiseGrader). Once in a
/// crate, at its root.
#[macro_export]
macro_rules! export_listwise_grader {
    ($grader:ty) => {
        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, reason = "generated code crosses the component's boundary")]
        const _: () = {
            type Component = $crate::export::Listwise<$grader>;
    $crate::bindings::descriptor::export_descriptor!(Component with_types_in $crate::bindings::descriptor);
    $crate::bindings::listwise::export_listwise!(Component with_types_in $crate::bindings::listwise);
        };
    };
}

pub(crate) fn message_to_contract(message: &Message) -> types::Message {
    types::Message {
        role: message.role.clone(),
        content: message.content.clone(),
        extra: (!message.extra.is_empty()).then(|| json_text(&message.extra)),
    }
}

fn grade<G: Grader>(sample: types::Sample, params: &str) -> Result<Verdict, GradeError> {
    let params = read_params(params)?;
    let sample = Sample {
        id: sample.id,
        messages: messages_from_contract(sample.messages)?,
        response: sample.response,
        reference: sample.reference,
        fields: object("fields", &sample.fields)?,
    };
    G::grade(&sample, &params)
}

fn rank<G: ListwiseGrader>(
    messages: Vec<types::Message>,
    responses: Vec<String>,
    fields: &str,
    params: &str,
) -> Result<Order, GradeError> {
    let params = read_params(params)?;
    let messages = messages_from_contract(messages)?;
    G::rank(&Responses { messages, responses, fields: object("fields", fields)? }, &params)
}

fn messages_from_contract(messages: Vec<types::Message>) -> Result<Vec<Message>, GradeError> {
    let message = |message: types::Message| {
        let extra = message.extra.map_or_else(|| Ok(Map::new()), |extra| object("messages", &extra))?;
        Ok(Message { role: message.role, content: message.content, extra })
    };
    messages.into_iter().map(message).collect()
}

fn object(what: &str, json: &str) -> Result<Map<String, Value>, GradeError> {
    serde_json::from_str(json)
        .map_err(|error| GradeError::InvalidSample(format!("`{what}` is not a JSON object: {error}")))
}

fn description_to_contract<P: JsonSchema>(description: Description) -> descriptor::Description {
    let schema = description.params_schema.unwrap_or_else(schema_of::<P>);
    let examples: Vec<Value> = description.examples.iter().map(Example::to_json).collect();
    descriptor::Description {
        name: description.name,
        version: description.version,
        summary: description.summary,
        scale: types::Scale { worst: description.worst, best: description.best },
        required_fields: description.required_fields,
        optional_fields: description.optional_fields,
        params_schema: schema.to_string(),
        examples: Value::Array(examples).to_string(),
        extra: json_text(&description.extra),
    }
}

/// The schema of the parameters, closed: [`read_params`] refuses unknown keys.
fn schema_of<P: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(P);
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    schema.to_value()
}

fn verdict_to_contract(verdict: Verdict) -> types::Verdict {
    match verdict {
        Verdict::Scored { value, reason, details } => {
            types::Verdict::Scored(types::Score { value, reason, details: json_text(&details) })
        }
        Verdict::NotApplicable(reason) => types::Verdict::NotApplicable(reason),
        Verdict::Undecided(reason) => types::Verdict::Undecided(reason),
    }
}

fn order_to_contract(order: Order) -> listwise::Order {
    match order {
        Order::Ranked { ranks, reason } => listwise::Order::Ranked(listwise::Ranking { ranks, reason }),
        Order::NotApplicable(reason) => listwise::Order::NotApplicable(reason),
        Order::Undecided(reason) => listwise::Order::Undecided(reason),
    }
}

fn error_to_contract(error: GradeError) -> types::GradeError {
    match error {
        GradeError::InvalidSample(message) => types::GradeError::InvalidSample(message),
        GradeError::InvalidParams(message) => types::GradeError::InvalidParams(message),
        GradeError::Internal(message) => types::GradeError::Internal(message),
    }
}

/// An object as JSON text. A map with text keys always has one, so there is nothing to report.
fn json_text(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned())
}
