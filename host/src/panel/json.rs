//! Grades and assessments as they stand in a row. A key without meaning is absent, never null.

use serde_json::Value;

use super::{Assessment, Grade, set_number};
use crate::sample::Columns;

impl Grade {
    /// The grade as an entry of a row's `grades`.
    pub fn to_json(&self) -> Value {
        let mut json = Columns::new();
        for (key, value) in self.outcome.to_json() {
            if let ("reason", Some(pass)) = (key.as_str(), self.pass) {
                json.insert("pass".to_owned(), pass.into());
            }
            json.insert(key, value);
        }
        if self.usage.calls > 0 {
            json.insert("usage".to_owned(), self.usage.to_json());
        }
        if let Some(grader) = &self.provenance.grader {
            json.insert("grader".to_owned(), Value::from(&**grader));
        }
        if let Some(Ok(receipt)) = self.provenance.receipt.as_ref().map(serde_json::to_value) {
            json.insert("receipt".to_owned(), receipt);
        }
        Value::Object(json)
    }
}

impl Assessment {
    /// A row's `grades`.
    pub fn grades_json(&self) -> Value {
        Value::Object(self.grades.iter().map(|(name, grade)| (name.clone(), grade.to_json())).collect())
    }

    /// A row's `assessment`.
    pub fn to_json(&self) -> Value {
        let mut json = Columns::new();
        set_number(&mut json, "score", self.score);
        if let Some(pass) = self.pass {
            json.insert("pass".to_owned(), pass.into());
        }
        set_number(&mut json, "coverage", self.coverage);
        if !self.review.is_empty() {
            json.insert("review".to_owned(), self.review.clone().into());
        }
        Value::Object(json)
    }
}
