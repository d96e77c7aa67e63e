//! Grades and assessments as they stand in a row. A key without meaning is absent, never null.

use serde_json::{Number, Value};

use super::{Assessment, Grade, rounded};
use crate::{
    sample::Columns,
    score::{Outcome, Score},
};

impl Grade {
    /// The grade as an entry of a row's `grades`.
    pub fn to_json(&self) -> Value {
        let mut json = Columns::new();
        json.insert("outcome".to_owned(), outcome_name(&self.outcome).into());
        match &self.outcome {
            Outcome::Scored(score) => self.describe_score(score, &mut json),
            Outcome::Ranked(ranking) => {
                json.insert("ranks".to_owned(), ranking.ranks.clone().into());
                json.insert("reason".to_owned(), ranking.reason.clone().into());
                if ranking.votes.len() > 1 {
                    json.insert("votes".to_owned(), ranking.votes.iter().cloned().collect());
                }
            }
            Outcome::NotApplicable { reason } | Outcome::Undecided { reason } => {
                json.insert("reason".to_owned(), reason.clone().into());
            }
            Outcome::Error(error) => {
                json.insert("kind".to_owned(), error.kind.as_str().into());
                json.insert("reason".to_owned(), error.reason.clone().into());
                json.insert("retryable".to_owned(), error.retryable.into());
            }
        }
        if self.usage.calls > 0 {
            json.insert("usage".to_owned(), self.usage.to_json());
        }
        Value::Object(json)
    }

    fn describe_score(&self, score: &Score, json: &mut Columns) {
        set_number(json, "score", Some(rounded(score.score)));
        set_number(json, "value", Some(score.value));
        if let Some(pass) = self.pass {
            json.insert("pass".to_owned(), pass.into());
        }
        json.insert("reason".to_owned(), score.reason.clone().into());
        if !score.details.is_empty() {
            json.insert("details".to_owned(), Value::Object(score.details.clone()));
        }
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

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Scored(_) => "scored",
        Outcome::Ranked(_) => "ranked",
        Outcome::NotApplicable { .. } => "not-applicable",
        Outcome::Undecided { .. } => "undecided",
        Outcome::Error(_) => "error",
    }
}

/// Sets `key` where there is a number that JSON can hold.
pub(crate) fn set_number(json: &mut Columns, key: &str, number: Option<f64>) {
    if let Some(number) = number.and_then(Number::from_f64) {
        json.insert(key.to_owned(), Value::Number(number));
    }
}
