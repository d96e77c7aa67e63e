//! A refinement as it stands in a row.

use serde_json::Value;

use super::{Attempt, Note, Refinement};
use crate::{
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
        if let Some(comparison) = &self.comparison {
            json.insert("final".to_owned(), comparison.to_json());
        }
        json.insert("usage".to_owned(), self.usage_json());
        Value::Object(json)
    }

    /// All model calls, then those of the writer and of each grader.
    fn usage_json(&self) -> Value {
        let mut usage = self.usage().to_json();
        let graders = self.grader_usage.iter().map(|(name, usage)| (name.clone(), usage.to_json()));
        if let Some(members) = usage.as_object_mut() {
            members.insert("writer".to_owned(), self.writer_usage.to_json());
            members.insert("graders".to_owned(), Value::Object(graders.collect()));
        }
        usage
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
            json.insert("usage".to_owned(), self.usage.to_json());
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
