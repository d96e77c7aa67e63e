//! The votes on one sample: who cast them, whether they suffice, what they come to. Decides; asks nobody.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{prompt::value_of, reply::Verdict, settings::Aggregate, votes};
use crate::{
    model::Usage,
    sample::Columns,
    score::{ErrorKind, GradeError, Outcome, Ranking, Scale, Score, rounded},
};

/// A valid vote.
#[derive(Debug)]
pub(super) struct Vote<T> {
    pub(super) verdict: Verdict<T>,
    /// The model that cast it, by its own name.
    pub(super) model: String,
}

/// What came of asking for one vote.
pub(super) struct Cast<T> {
    /// The asked model, by the configuration's name.
    pub(super) of: String,
    pub(super) vote: Result<Vote<T>, GradeError>,
    pub(super) usage: Usage,
}

/// The votes so far.
#[derive(Debug)]
pub(super) struct Ballot<T> {
    /// Votes that may be asked for.
    seats: usize,
    /// Valid votes, at least, that make an outcome.
    quorum: usize,
    /// Each with the configuration's name of its model.
    valid: Vec<(String, Vote<T>)>,
    failed: Vec<(String, GradeError)>,
    usage: IndexMap<String, Usage>,
}

impl<T> Ballot<T> {
    pub(super) fn new(seats: usize, quorum: usize) -> Self {
        Self { seats, quorum, valid: Vec::new(), failed: Vec::new(), usage: IndexMap::new() }
    }

    pub(super) fn add(&mut self, cast: Vec<Cast<T>>) {
        for Cast { of, vote, usage } in cast {
            let sum = self.usage.entry(of.clone()).or_default();
            *sum = sum.plus(usage);
            match vote {
                Ok(vote) => self.valid.push((of, vote)),
                Err(error) => self.failed.push((of, error)),
            }
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage.values().fold(Usage::default(), |sum, usage| sum.plus(*usage))
    }

    fn to_come(&self) -> usize {
        self.seats.saturating_sub(self.valid.len() + self.failed.len())
    }

    fn is_out_of_reach(&self) -> bool {
        self.valid.len() + self.to_come() < self.quorum
    }

    /// Why there is no outcome, where the quorum is not reached: the first error, with how many votes there are.
    fn shortage(&self) -> Option<GradeError> {
        if self.valid.len() >= self.quorum {
            return None;
        }
        let (model, error) = self.failed.first()?;
        if self.seats == 1 {
            return Some(error.clone());
        }
        let who = if self.usage.len() > 1 { format!("`{model}`: ") } else { String::new() };
        let (valid, seats, quorum) = (self.valid.len(), self.seats, self.quorum);
        let reason =
            format!("only {valid} of {seats} votes are valid, and the quorum is {quorum}: {who}{}", error.reason);
        Some(GradeError { reason, ..error.clone() })
    }

    fn first_vote(&self) -> Option<&Vote<T>> {
        self.valid.first().map(|(_, vote)| vote)
    }
}

impl Ballot<f64> {
    /// Whether the votes still to be asked for cannot change the outcome.
    pub(super) fn is_settled(&self, how: Aggregate, scale: Scale) -> bool {
        let is_quorate = self.valid.len() >= self.quorum;
        self.is_out_of_reach() || (is_quorate && votes::is_settled(&self.values(), self.to_come(), how, scale))
    }

    /// The votes together, as a score where there is one.
    pub(super) fn outcome(&self, how: Aggregate, scale: Scale) -> Outcome {
        if let Some(error) = self.shortage() {
            return Outcome::Error(error);
        }
        let values = self.values();
        let Some(value) = votes::aggregate(&values, how) else {
            let values = values.iter().map(|value| value_of(*value).to_string()).collect::<Vec<_>>().join(", ");
            return Outcome::Undecided { reason: format!("no score has a majority of the votes, which are {values}") };
        };
        let Some(score) = scale.normalise(value) else {
            return Outcome::Error(GradeError::new(ErrorKind::JudgeUnparsable, "no vote is valid"));
        };
        let spokesman = votes::closest(&values, value).and_then(|index| self.valid.get(index)).map(|(_, vote)| vote);
        let reason = spokesman.map(|vote| vote.verdict.reason.clone()).unwrap_or_default();
        let details = self.details(&values, spokesman);
        Outcome::Scored(Score { score, value, reason, details })
    }

    fn values(&self) -> Vec<f64> {
        self.valid.iter().map(|(_, vote)| vote.verdict.value).collect()
    }

    fn details(&self, values: &[f64], spokesman: Option<&Vote<f64>>) -> Columns {
        let mut details = Columns::new();
        if let Some(vote) = spokesman {
            details.insert("model".to_owned(), json!(vote.model));
        }
        if self.seats > 1 {
            details.insert("votes".to_owned(), values.iter().map(|value| value_of(*value)).collect());
            let reasons = self.valid.iter().map(|(_, vote)| Value::from(vote.verdict.reason.clone()));
            details.insert("reasons".to_owned(), reasons.collect());
            for (name, number) in [("spread", votes::spread(values)), ("variance", votes::variance(values))] {
                details.insert(name.to_owned(), number.map(|number| value_of(rounded(number))).into());
            }
        }
        if self.usage.len() > 1 {
            let models = self.usage.iter().map(|(model, usage)| (model.clone(), self.of_model(model, *usage)));
            details.insert("models".to_owned(), Value::Object(models.collect()));
        }
        if !self.failed.is_empty() {
            details.insert("failed_votes".to_owned(), self.failures());
        }
        details
    }

    fn of_model(&self, model: &str, usage: Usage) -> Value {
        let votes = self.valid.iter().filter(|(of, _)| of == model).map(|(_, vote)| value_of(vote.verdict.value));
        let failed = self.failed.iter().filter(|(of, _)| of == model).count();
        json!({"votes": votes.collect::<Value>(), "failed_votes": failed, "usage": usage.to_json()})
    }

    fn failures(&self) -> Value {
        let is_panel = self.usage.len() > 1;
        let told = |(model, error): &(String, GradeError)| {
            let reason = &error.reason;
            Value::from(if is_panel { format!("`{model}`: {reason}") } else { reason.clone() })
        };
        self.failed.iter().map(told).collect()
    }
}

impl Ballot<Vec<u32>> {
    /// The rankings together.
    pub(super) fn outcome(self) -> Outcome {
        if let Some(error) = self.shortage() {
            return Outcome::Error(error);
        }
        let votes: Vec<Vec<u32>> = self.valid.iter().map(|(_, vote)| vote.verdict.value.clone()).collect();
        let ranks = votes::combined(&votes);
        let agreeing = self.valid.iter().map(|(_, vote)| vote).find(|vote| vote.verdict.value == ranks);
        let spokesman = agreeing.or(self.first_vote());
        let reason = spokesman.map(|vote| vote.verdict.reason.clone()).unwrap_or_default();
        Outcome::Ranked(Ranking { ranks, reason, votes })
    }
}
