//! Which parameters an endpoint understands, learnt from what it rejects.

use super::complaint::Complaint;
use crate::model::Request;

/// Keywords of JSON Schema that say how long or large a value is, which not every strict mode knows.
pub(super) const REFUSED_KEYWORDS: [&str; 6] = ["maxLength", "minLength", "maxItems", "minItems", "maximum", "minimum"];

/// How a request is worded for one endpoint. Starts with what is most widely understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dialect {
    pub(super) limit: LimitName,
    pub(super) structure: StructureLevel,
    pub(super) without_temperature: bool,
    pub(super) without_seed: bool,
    /// The system message goes into the first user message.
    pub(super) without_system: bool,
    pub(super) stream: StreamLevel,
}

/// What the limit on the reply is called: old servers know the first only, some reasoning models the second only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LimitName {
    #[default]
    MaxTokens,
    MaxCompletionTokens,
}

/// How a streaming reply is asked for, where one is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum StreamLevel {
    #[default]
    WithUsage,
    Plain,
    /// In one piece after all.
    Whole,
}

/// How a structured reply is asked for. Each level asks less of the server than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum StructureLevel {
    #[default]
    Schema,
    /// The schema without the keywords that strict modes often refuse.
    PlainSchema,
    Object,
    Prompt,
}

impl Dialect {
    /// The dialect to try next after the endpoint turned `request` down with this status; `None` where the complaint
    /// is not about how it was worded. A 400 without a known reason is put down to the structure, if any.
    pub(super) fn after(self, request: &Request, streams: bool, status: u16, complaint: &Complaint) -> Option<Self> {
        if !matches!(status, 400 | 422 | 500 | 501) {
            return None;
        }
        let rejected = |param: &str| is_rejected(param, complaint);
        if request.max_tokens.is_some() && self.limit == LimitName::MaxTokens && wants_other_limit(complaint) {
            return Some(Self { limit: LimitName::MaxCompletionTokens, ..self });
        }
        if streams && self.stream != StreamLevel::Whole {
            if self.stream == StreamLevel::WithUsage && complaint.mentions(&["stream_options", "include_usage"]) {
                return Some(Self { stream: StreamLevel::Plain, ..self });
            }
            if rejected("stream") {
                return Some(Self { stream: StreamLevel::Whole, ..self });
            }
        }
        if request.temperature.is_some() && !self.without_temperature && rejected("temperature") {
            return Some(Self { without_temperature: true, ..self });
        }
        if request.seed.is_some() && !self.without_seed && rejected("seed") {
            return Some(Self { without_seed: true, ..self });
        }
        if !self.without_system && has_system(request) && refuses_system(complaint) {
            return Some(Self { without_system: true, ..self });
        }
        request.structure.as_ref()?;
        Some(Self { structure: self.structure.next(complaint)?, ..self })
    }

    /// Both what this endpoint has taught before and what it taught now.
    #[must_use]
    pub(super) fn merged(self, other: Self) -> Self {
        Self {
            limit: if other.limit == LimitName::MaxTokens { self.limit } else { other.limit },
            structure: self.structure.max(other.structure),
            without_temperature: self.without_temperature || other.without_temperature,
            without_seed: self.without_seed || other.without_seed,
            without_system: self.without_system || other.without_system,
            stream: self.stream.max(other.stream),
        }
    }
}

impl StructureLevel {
    fn next(self, complaint: &Complaint) -> Option<Self> {
        match self {
            Self::Schema if complaint.mentions(&REFUSED_KEYWORDS) => Some(Self::PlainSchema),
            Self::Schema | Self::PlainSchema => Some(Self::Object),
            Self::Object => Some(Self::Prompt),
            Self::Prompt => None,
        }
    }
}

/// A limit that is merely too large names the same parameter, but does not tell of the other one.
fn wants_other_limit(complaint: &Complaint) -> bool {
    let named = complaint.param.as_deref() == Some("max_tokens") || complaint.mentions(&["max_tokens"]);
    named && (complaint.mentions(&["max_completion_tokens"]) || complaint.has_code(&["unsupported_parameter"]))
}

fn is_rejected(param: &str, complaint: &Complaint) -> bool {
    let named = complaint.param.as_deref() == Some(param) || complaint.mentions(&[param]);
    let codes = ["unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"];
    let words =
        ["unsupported", "not support", "unknown", "unrecognized", "unexpected", "not permitted", "only the default"];
    named && (complaint.has_code(&codes) || complaint.mentions(&words))
}

fn has_system(request: &Request) -> bool {
    request.messages.iter().any(|message| message.role == "system")
}

fn refuses_system(complaint: &Complaint) -> bool {
    let words = [
        "system role not supported",
        "system role is not supported",
        "does not support system",
        "system message is not",
    ];
    complaint.mentions(&words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{model::Structure, sample::Message};

    fn request() -> Request {
        Request {
            messages: vec![Message::system("s"), Message::user("u")],
            temperature: Some(0.7),
            max_tokens: Some(10),
            seed: Some(1),
            ..Request::default()
        }
    }

    fn structured() -> Request {
        Request { structure: Some(Structure { name: "s".to_owned(), schema: json!({}) }), ..request() }
    }

    fn after(request: &Request, status: u16, error: &serde_json::Value) -> Option<Dialect> {
        Dialect::default().after(request, false, status, &Complaint::of_error(error))
    }

    #[test]
    fn the_other_name_of_the_limit_is_tried_where_the_endpoint_asks_for_it() {
        let error = json!({"message": "'max_tokens' is not supported. Use 'max_completion_tokens' instead.", "param": "max_tokens"});
        let dialect = after(&request(), 400, &error).unwrap();
        assert_eq!(dialect, Dialect { limit: LimitName::MaxCompletionTokens, ..Dialect::default() });
        let large =
            json!({"message": "max_tokens is too large: 99999", "param": "max_tokens", "code": "invalid_value"});
        assert_eq!(after(&request(), 400, &large), None);
    }

    #[test]
    fn a_rejected_parameter_is_left_out_once() {
        let error =
            json!({"message": "'temperature' does not support 0.7, only the default (1)", "param": "temperature"});
        let dialect = after(&request(), 400, &error).unwrap();
        assert!(dialect.without_temperature);
        assert_eq!(dialect.after(&request(), false, 400, &Complaint::of_error(&error)), None);
        let error = json!({"message": "body.seed: Extra inputs are not permitted"});
        assert!(after(&request(), 422, &error).unwrap().without_seed);
        assert!(after(&request(), 500, &json!({"message": "System role not supported"})).unwrap().without_system);
    }

    #[test]
    fn the_structure_is_relaxed_step_by_step_also_after_a_500() {
        let first = after(&structured(), 500, &json!({"message": "Input should be 'text' or 'json_object'"})).unwrap();
        assert_eq!(first.structure, StructureLevel::Object);
        let second = first.after(&structured(), false, 400, &Complaint::default()).unwrap();
        assert_eq!(second.structure, StructureLevel::Prompt);
        assert_eq!(second.after(&structured(), false, 400, &Complaint::default()), None);
    }

    #[test]
    fn a_keyword_that_is_refused_does_not_cost_the_schema() {
        let error = json!({"message": "Invalid schema for response_format: 'maxLength' is not permitted"});
        let plain = after(&structured(), 400, &error).unwrap();
        assert_eq!(plain.structure, StructureLevel::PlainSchema);
        let next = plain.after(&structured(), false, 400, &Complaint::of_error(&error)).unwrap();
        assert_eq!(next.structure, StructureLevel::Object);
    }

    #[test]
    fn other_complaints_change_nothing() {
        assert_eq!(after(&request(), 400, &json!({"message": "bad"})), None);
        assert_eq!(after(&structured(), 429, &json!({"message": "slow down"})), None);
    }

    #[test]
    fn lessons_add_up() {
        let one = Dialect { without_seed: true, structure: StructureLevel::Object, ..Dialect::default() };
        let two = Dialect { limit: LimitName::MaxCompletionTokens, ..Dialect::default() };
        let both = Dialect { limit: LimitName::MaxCompletionTokens, ..one };
        assert_eq!((one.merged(two), two.merged(one)), (both, both));
    }
}
