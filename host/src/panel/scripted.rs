//! Graders for tests of decisions: what each says of a response stands in the response.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{Member, OnError, Panel};
use crate::{
    grader::{Graded, Grader, Kind, Mode},
    model::Usage,
    receipt::Provenance,
    sample::{Columns, Message, Sample},
    score::{ErrorKind, GradeError, Outcome, Ranking, Score},
};

/// In a response such as `a=0.5 b=undecided`, the grader `a` finds the score 0.5; it is not applicable where it does
/// not stand. A listwise grader ranks by the numbers that it finds.
struct Scripted {
    name: String,
    mode: Mode,
    kind: Kind,
}

#[async_trait]
impl Grader for Scripted {
    fn mode(&self) -> Mode {
        self.mode
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        let outcome = match self.mode {
            Mode::Pointwise => self.judge(sample.response.as_deref().unwrap_or_default()),
            Mode::Listwise => self.order(&sample.responses),
        };
        let usage = Usage { calls: u64::from(self.kind == Kind::Judge), ..Usage::default() };
        Graded { outcome, usage, provenance: Provenance::default() }
    }
}

impl Scripted {
    fn entry<'a>(&self, response: &'a str) -> Option<&'a str> {
        response.split_whitespace().find_map(|word| word.strip_prefix(&self.name)?.strip_prefix('='))
    }

    fn judge(&self, response: &str) -> Outcome {
        let Some(entry) = self.entry(response) else {
            return Outcome::NotApplicable { reason: format!("no {} here", self.name) };
        };
        if let Ok(value) = entry.parse() {
            let reason = format!("{} gives {entry}", self.name);
            return Outcome::Scored(Score { score: value, value, reason, details: Columns::new() });
        }
        match entry {
            "undecided" => Outcome::Undecided { reason: format!("{} cannot tell", self.name) },
            "ranked" => Outcome::Ranked(Ranking { ranks: vec![1], reason: String::new(), votes: vec![] }),
            kind => self.fail(serde_json::from_value(json!(kind)).unwrap()),
        }
    }

    fn fail(&self, kind: ErrorKind) -> Outcome {
        Outcome::Error(GradeError::new(kind, format!("{} failed", self.name)))
    }

    fn order(&self, responses: &[String]) -> Outcome {
        if responses.iter().any(|response| self.entry(response) == Some("invalid-sample")) {
            return self.fail(ErrorKind::InvalidSample);
        }
        let value = |response: &String| self.entry(response).and_then(|entry| entry.parse::<f64>().ok());
        let Some(values) = responses.iter().map(value).collect::<Option<Vec<f64>>>() else {
            return self.fail(ErrorKind::JudgeUnparsable);
        };
        let rank = |value: &f64| 1 + values.iter().filter(|other| *other > value).count();
        let ranks = values.iter().map(|value| u32::try_from(rank(value)).unwrap()).collect();
        Outcome::Ranked(Ranking { ranks, reason: format!("{} ordered {}", self.name, responses.len()), votes: vec![] })
    }
}

/// A required pointwise component with the threshold and weight one.
pub(crate) fn component(name: &str) -> Member {
    member(name, Mode::Pointwise, Kind::Component, 1.0)
}

/// A required pointwise judge with the threshold 0.7 and weight one.
pub(crate) fn judge(name: &str) -> Member {
    member(name, Mode::Pointwise, Kind::Judge, 0.7)
}

/// A required listwise judge with weight one.
pub(crate) fn ranker(name: &str) -> Member {
    member(name, Mode::Listwise, Kind::Judge, 0.7)
}

fn member(name: &str, mode: Mode, kind: Kind, threshold: f64) -> Member {
    let grader = Arc::new(Scripted { name: name.to_owned(), mode, kind });
    Member { name: name.to_owned(), grader, threshold, weight: 1.0, required: true, on_error: OnError::Fail }
}

impl Member {
    pub(crate) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    pub(crate) fn on_error(self, on_error: OnError) -> Self {
        Self { on_error, ..self }
    }

    pub(crate) fn weighing(self, weight: f64) -> Self {
        Self { weight, ..self }
    }
}

pub(crate) fn panel(members: impl IntoIterator<Item = Member>) -> Panel {
    Panel::new(members.into_iter().collect())
}

/// A sample with a query and, unless it is empty, this response.
pub(crate) fn sample(response: &str) -> Sample {
    Sample {
        id: json!(1),
        messages: vec![Message::user("the query")],
        response: (!response.is_empty()).then(|| response.to_owned()),
        responses: Vec::new(),
        reference: None,
        columns: Arc::default(),
    }
}
