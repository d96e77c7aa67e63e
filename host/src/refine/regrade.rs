//! Grades anew what an earlier refinement tried, and chooses the best again. Nothing is written for it.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Attempt, Grading, Refinement, Stop,
    attempts::{Attempts, notes_against},
};
use crate::{
    model::Usage,
    panel::{Assessment, Member, Panel},
    sample::{Columns, Sample},
    score::{ErrorKind, GradeError},
};

/// What a row holds of an earlier refinement, without its grades.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// As [`Refinement::attempts`] has them.
    pub attempts: Vec<Attempt>,
    /// Rounds of writing and grading that were begun.
    pub rounds: u32,
    /// What all the calls of the writer cost, those without a response included.
    pub writer_usage: Usage,
}

impl Recorded {
    /// Reads a row's `refinement`, or says what is wrong with it.
    pub fn read(refinement: &Value) -> Result<Self, String> {
        let Some(members) = refinement.as_object() else { return Err("is not the record of a refinement".to_owned()) };
        let Some(attempts) = members.get("attempts").and_then(Value::as_array) else {
            return Err("has no list of `attempts`".to_owned());
        };
        let read = |(index, attempt): (usize, &Value)| {
            read_attempt(attempt).ok_or_else(|| format!("has an attempt {index} without the text of a `response`"))
        };
        let rounds = members.get("rounds").and_then(Value::as_u64).and_then(|rounds| u32::try_from(rounds).ok());
        Ok(Self {
            attempts: attempts.iter().enumerate().map(read).collect::<Result<_, _>>()?,
            rounds: rounds.unwrap_or(0),
            writer_usage: usage_of(members.get("usage").and_then(|usage| usage.get("writer"))),
        })
    }

    /// The record with the row's first original before the attempts, unless it is the first of them, and with the
    /// response that the row has now behind them, unless it is among them: neither was written by the writer.
    #[must_use]
    pub fn with_own(mut self, original: Option<&str>, current: Option<&str>) -> Self {
        let is = |attempt: &Attempt, text: &str| attempt.response.trim() == text.trim();
        if let Some(original) = original.filter(|text| !self.attempts.first().is_some_and(|first| is(first, text))) {
            self.attempts.insert(0, Attempt::given(original));
        }
        if let Some(current) = current.filter(|text| !self.attempts.iter().any(|attempt| is(attempt, text))) {
            self.attempts.push(Attempt::given(current));
        }
        self
    }
}

fn read_attempt(attempt: &Value) -> Option<Attempt> {
    let attempt: &Columns = attempt.as_object()?;
    Some(Attempt {
        response: attempt.get("response")?.as_str()?.to_owned(),
        assessment: Assessment::default(),
        model: attempt.get("model").and_then(Value::as_str).map(str::to_owned),
        usage: usage_of(attempt.get("usage")),
    })
}

fn usage_of(usage: Option<&Value>) -> Usage {
    usage.and_then(|usage| Usage::deserialize(usage).ok()).unwrap_or_default()
}

/// Grades every recorded attempt at `sample`, and chooses the best by the rules of a refinement, the final comparison
/// included. Whatever goes wrong is in the record: nothing here fails.
///
/// The record keeps what the writer cost; the calls of graders are those that were made for the new grades.
pub async fn regrade(sample: &Sample, panel: &Panel, recorded: Recorded, final_judge: Option<&Member>) -> Refinement {
    let Recorded { attempts: tried, rounds, writer_usage } = recorded;
    if tried.is_empty() {
        let error = GradeError::new(ErrorKind::InvalidSample, "the row has neither an attempt nor a response to grade");
        return Refinement {
            rounds,
            writer_usage,
            is_regraded: true,
            ..Refinement::ungradable(panel.unassessed(&error))
        };
    }
    let grading = Grading::new(sample, panel, final_judge);
    let mut attempts = Attempts::of_record(panel, rounds, writer_usage);
    grading.grade(tried, &mut attempts).await;
    if !attempts.lacks_budget() {
        grading.compare(&mut attempts).await;
    }
    let stop = if attempts.lacks_budget() { Stop::Budget } else { Stop::Regraded };
    let refinement = attempts.end(stop, None);
    let notes = refinement.attempts.first().map(notes_against).unwrap_or_default();
    Refinement { notes, is_regraded: true, ..refinement }
}

#[cfg(test)]
mod tests;
