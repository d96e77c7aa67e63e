//! A refinement as it stands in a row.

use serde_json::Value;

use super::{Attempt, Note, Refinement};
use crate::{
    model::Usage,
    panel::{rounded, set_number},
    sample::Columns,
};

impl Refinement {
    /// A row's `refinement`.
    pub fn to_json(&self) -> Value {
        let mut json = Columns::new();
        json.insert("stop".to_owned(), self.stop.as_str().into());
        if let Some(error) = &self.error {
            json.insert("error".to_owned(), error.to_string().into());
        }
        if let Some(chosen) = self.chosen {
            json.insert("chosen".to_owned(), chosen.into());
        }
        json.insert("rounds".to_owned(), self.rounds.into());
        json.insert("attempts".to_owned(), self.attempts.iter().map(Attempt::to_json).collect());
        json.insert("usage".to_owned(), usage_json(self.usage()));
        Value::Object(json)
    }

    /// A row's `refinement_notes`; `None` where no round was begun.
    pub fn notes_json(&self) -> Option<Value> {
        let notes = || self.notes.iter().map(|(name, note)| (name.clone(), note.to_json()));
        (self.rounds > 0).then(|| Value::Object(notes().collect()))
    }
}

impl Attempt {
    fn to_json(&self) -> Value {
        let mut json = Columns::new();
        json.insert("response".to_owned(), self.response.clone().into());
        json.insert("grades".to_owned(), self.assessment.grades_json());
        json.insert("assessment".to_owned(), self.assessment.to_json());
        if let Some(model) = &self.model {
            json.insert("model".to_owned(), model.clone().into());
            json.insert("usage".to_owned(), usage_json(self.usage));
        }
        Value::Object(json)
    }
}

impl Note {
    fn to_json(&self) -> Value {
        let mut json = Columns::new();
        set_number(&mut json, "score", self.score.map(rounded));
        json.insert("reason".to_owned(), self.reason.clone().into());
        Value::Object(json)
    }
}

/// Tokens and cost of calls; null is unknown. Without any call they are zero, and the cost has no price to go by.
fn usage_json(usage: Usage) -> Value {
    let tokens = |count: Option<u64>| if usage.calls == 0 { Some(count.unwrap_or(0)) } else { count };
    let mut json = Columns::new();
    json.insert("prompt_tokens".to_owned(), tokens(usage.prompt_tokens).into());
    json.insert("completion_tokens".to_owned(), tokens(usage.completion_tokens).into());
    json.insert("calls".to_owned(), usage.calls.into());
    json.insert("cost".to_owned(), usage.cost.into());
    Value::Object(json)
}
