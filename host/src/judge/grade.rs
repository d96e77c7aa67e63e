//! The judge as a grader: asks the model, once more where the reply is unusable, and counts the votes.

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    prompt::{Question, value_of},
    reply::{self, Verdict},
    settings::{Aggregate, JudgeError, JudgeSettings},
    votes,
};
use crate::{
    fields::Needs,
    grader::{Graded, Grader, Kind, Mode},
    llm::excerpt,
    model::{ChatModel, Completion, ModelError, Request, Structure, Usage},
    sample::{Columns, Message, Sample},
    score::{ErrorKind, GradeError, Outcome, Ranking, Score},
};

/// How much of an unusable reply the judge is shown again.
const REPEATED: usize = 4000;

/// A language model behind a rubric or template.
pub struct JudgeGrader {
    question: Question,
    notices: Vec<String>,
    settings: JudgeSettings,
    model: Arc<dyn ChatModel>,
}

impl JudgeGrader {
    pub fn new(settings: JudgeSettings, model: Arc<dyn ChatModel>) -> Result<Self, JudgeError> {
        if settings.votes == 0 {
            return Err(JudgeError::NoVotes);
        }
        let (question, notices) = Question::new(&settings)?;
        Ok(Self { question, notices, settings, model })
    }

    /// What the author of the judge should know of its template; for stderr, once.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The fields that the prompt shows.
    pub fn needs(&self) -> Needs {
        self.question.needs()
    }

    async fn score(&self, sample: &Sample) -> (Outcome, Usage) {
        let (votes, usage) = self.votes(sample, 0).await;
        let outcome = votes.and_then(|votes| self.scored(&votes)).map_or_else(Outcome::Error, Outcome::Scored);
        (outcome, usage)
    }

    /// Asks for a majority of the votes at once, and for the others only where they can still make a difference.
    async fn votes(&self, sample: &Sample, responses: usize) -> (Result<Ballot<f64>, GradeError>, Usage) {
        let structure = self.question.structure(responses);
        let messages = match self.question.messages(sample, &[]) {
            Ok(messages) => messages,
            Err(error) => return (Err(error), Usage::default()),
        };
        let scale = self.question.scale;
        let round = async |ordinals: Range<u32>, ballot: &mut Ballot<f64>| {
            let read = |text: &str| reply::score(text, scale);
            let asked = ordinals.map(|ordinal| self.ask(messages.clone(), &structure, ordinal, read));
            ballot.add(join_all(asked).await)
        };
        let majority = self.majority();
        let mut ballot = Ballot::default();
        let mut usage = round(0..majority, &mut ballot).await;
        if !self.is_settled(&ballot) {
            usage = usage.plus(round(majority..self.settings.votes, &mut ballot).await);
        }
        (self.counted(ballot), usage)
    }

    async fn rank(&self, sample: &Sample) -> (Outcome, Usage) {
        let responses = sample.responses.len();
        if responses == 1 {
            let ranking = Ranking { ranks: vec![1], reason: "there is only one response".to_owned() };
            return (Outcome::Ranked(ranking), Usage::default());
        }
        let structure = self.question.structure(responses);
        let asked = (0..self.settings.votes).map(|ordinal| {
            let structure = &structure;
            async move {
                let order = shuffled(sample, ordinal);
                let messages = match self.question.messages(sample, &order) {
                    Ok(messages) => messages,
                    Err(error) => return (Err(error), Usage::default()),
                };
                let read = |text: &str| reply::ranks(text, responses);
                let (vote, usage) = self.ask(messages, structure, ordinal, read).await;
                let vote = vote.map(|mut vote| {
                    vote.verdict.value = restored(&vote.verdict.value, &order);
                    vote.verdict.reason = format!("{}{}", vote.verdict.reason, legend(&order));
                    vote
                });
                (vote, usage)
            }
        });
        let mut ballot = Ballot::default();
        let usage = ballot.add(join_all(asked).await);
        let outcome = self.counted(ballot).map_or_else(Outcome::Error, |ballot| {
            let rankings: Vec<Vec<u32>> = ballot.valid.iter().map(|vote| vote.verdict.value.clone()).collect();
            let ranks = votes::combined(&rankings);
            let spokesman = ballot.valid.iter().find(|vote| vote.verdict.value == ranks).or(ballot.valid.first());
            let reason = spokesman.map(|vote| vote.verdict.reason.clone()).unwrap_or_default();
            Outcome::Ranked(Ranking { ranks, reason })
        });
        (outcome, usage)
    }

    /// Asks for one vote: once, and once more with the fault named where the reply is unusable.
    async fn ask<T>(
        &self,
        mut messages: Vec<Message>,
        structure: &Structure,
        ordinal: u32,
        read: impl Fn(&str) -> Result<Verdict<T>, String>,
    ) -> (Result<Vote<T>, GradeError>, Usage) {
        let mut usage = Usage::default();
        let mut again = true;
        loop {
            let (result, used) = self.model.complete(&self.request(&messages, structure, ordinal)).await;
            usage = usage.plus(used);
            let completion = match result {
                Ok(completion) => completion,
                Err(error) => return (Err(grade_error(&error)), usage),
            };
            let problem = match read(&completion.content) {
                Ok(verdict) => return (Ok(Vote { verdict, model: completion.model }), usage),
                Err(problem) => problem,
            };
            if completion.truncated || !again {
                return (Err(self.unparsable(&problem, &completion)), usage);
            }
            again = false;
            let reply: String = completion.content.chars().take(REPEATED).collect();
            messages.push(Message::assistant(reply));
            messages.push(Message::user(format!(
                "This reply cannot be used: {problem}. Answer again, in JSON of the form asked for and nothing else."
            )));
        }
    }

    fn request(&self, messages: &[Message], structure: &Structure, ordinal: u32) -> Request {
        let several = self.settings.votes > 1;
        Request {
            messages: messages.to_vec(),
            temperature: self.settings.temperature.or(Some(if several { 0.7 } else { 0.0 })),
            max_tokens: Some(self.max_tokens()),
            seed: Some(self.settings.seed.wrapping_add(u64::from(ordinal))),
            structure: Some(structure.clone()),
            extra: self.settings.extra.clone(),
        }
    }

    fn max_tokens(&self) -> u32 {
        self.settings.max_tokens.unwrap_or(JudgeSettings::MAX_TOKENS)
    }

    fn unparsable(&self, problem: &str, completion: &Completion) -> GradeError {
        let said = excerpt(&completion.content, 200);
        let reason = if completion.truncated {
            let limit = self.max_tokens();
            format!("the judge's reply was cut at max_tokens = {limit}: {problem}; raise max_tokens; it began: {said}")
        } else {
            format!("the judge gave no usable reply, nor when told so: {problem}; it said: {said}")
        };
        GradeError::new(ErrorKind::JudgeUnparsable, reason)
    }

    fn majority(&self) -> u32 {
        let votes = usize::try_from(self.settings.votes).unwrap_or(usize::MAX);
        u32::try_from(votes::quorum(votes)).unwrap_or(u32::MAX)
    }

    /// Whether the votes still to be asked for cannot change the outcome: a median that a majority agrees on, or a
    /// quorum out of reach.
    fn is_settled(&self, ballot: &Ballot<f64>) -> bool {
        let failed = u32::try_from(ballot.failed.len()).unwrap_or(u32::MAX);
        let out_of_reach = self.settings.votes.saturating_sub(failed) < self.majority();
        let agreed = ballot.failed.is_empty()
            && self.settings.aggregate == Aggregate::Median
            && ballot.values().windows(2).all(|pair| matches!(pair, [a, b] if a.total_cmp(b).is_eq()));
        out_of_reach || agreed
    }

    /// The ballot where a majority of all votes is valid, else why the first of the others is not.
    fn counted<T>(&self, mut ballot: Ballot<T>) -> Result<Ballot<T>, GradeError> {
        let valid = ballot.valid.len();
        if u32::try_from(valid).is_ok_and(|valid| valid >= self.majority()) || ballot.failed.is_empty() {
            return Ok(ballot);
        }
        let error = ballot.failed.swap_remove(0);
        if self.settings.votes == 1 {
            return Err(error);
        }
        let reason = format!("only {valid} of {} votes are valid: {}", self.settings.votes, error.reason);
        Err(GradeError { reason, ..error })
    }

    fn scored(&self, ballot: &Ballot<f64>) -> Result<Score, GradeError> {
        let values = ballot.values();
        let value = votes::aggregate(&values, self.settings.aggregate);
        let scored = value.and_then(|value| Some((value, self.question.scale.normalise(value)?)));
        let Some((value, score)) = scored else {
            return Err(GradeError::new(ErrorKind::JudgeUnparsable, "no vote is valid"));
        };
        let vote = votes::closest(&values, value).and_then(|index| ballot.valid.get(index));
        let mut details = Columns::new();
        if let Some(vote) = vote {
            details.insert("model".to_owned(), json!(vote.model));
        }
        if self.settings.votes > 1 {
            details.insert("votes".to_owned(), values.iter().map(|value| value_of(*value)).collect());
        }
        if !ballot.failed.is_empty() {
            let reasons = ballot.failed.iter().map(|error| Value::from(error.reason.clone()));
            details.insert("failed_votes".to_owned(), reasons.collect());
        }
        let reason = vote.map(|vote| vote.verdict.reason.clone()).unwrap_or_default();
        Ok(Score { score, value, reason, details })
    }
}

#[async_trait]
impl Grader for JudgeGrader {
    fn mode(&self) -> Mode {
        self.question.mode
    }

    fn kind(&self) -> Kind {
        Kind::Judge
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        let (outcome, usage) = match self.question.mode {
            Mode::Pointwise => self.score(sample).await,
            Mode::Listwise => self.rank(sample).await,
        };
        Graded { outcome, usage }
    }
}

impl fmt::Debug for JudgeGrader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JudgeGrader")
            .field("settings", &self.settings)
            .field("model", &self.model.name())
            .finish_non_exhaustive()
    }
}

/// A valid vote and the model that cast it.
#[derive(Debug)]
struct Vote<T> {
    verdict: Verdict<T>,
    model: String,
}

/// The votes so far.
#[derive(Debug)]
struct Ballot<T> {
    valid: Vec<Vote<T>>,
    failed: Vec<GradeError>,
}

impl<T> Default for Ballot<T> {
    fn default() -> Self {
        Self { valid: Vec::new(), failed: Vec::new() }
    }
}

impl<T> Ballot<T> {
    fn add(&mut self, votes: Vec<(Result<Vote<T>, GradeError>, Usage)>) -> Usage {
        let mut usage = Usage::default();
        for (vote, used) in votes {
            usage = usage.plus(used);
            match vote {
                Ok(vote) => self.valid.push(vote),
                Err(error) => self.failed.push(error),
            }
        }
        usage
    }
}

impl Ballot<f64> {
    fn values(&self) -> Vec<f64> {
        self.valid.iter().map(|vote| vote.verdict.value).collect()
    }
}

fn grade_error(error: &ModelError) -> GradeError {
    let kind = match error {
        ModelError::Refused(_) => ErrorKind::ModelRefused,
        ModelError::Empty(_) => ErrorKind::JudgeUnparsable,
        ModelError::Budget(_) => ErrorKind::Budget,
        ModelError::Unavailable(_)
        | ModelError::Unauthorized(_)
        | ModelError::QuotaExhausted(_)
        | ModelError::Rejected { .. } => ErrorKind::ModelFailed,
    };
    let permanent = matches!(error, ModelError::Rejected { everywhere: false, .. });
    let error = GradeError::new(kind, error.to_string());
    GradeError { retryable: error.retryable && !permanent, ..error }
}

/// The order in which the responses are shown, so that no place is favoured: another for each vote, the same in each
/// run.
fn shuffled(sample: &Sample, ordinal: u32) -> Vec<usize> {
    let key = |index: usize| {
        let mut digest = Sha256::new();
        digest.update(sample.id_text());
        digest.update(ordinal.to_le_bytes());
        digest.update(index.to_le_bytes());
        digest.update(sample.responses.join("\0"));
        digest.finalize()
    };
    let mut order: Vec<usize> = (0..sample.responses.len()).collect();
    order.sort_by_cached_key(|index| key(*index));
    order
}

/// The ranks of the responses in the sample's order, from those in the order shown.
fn restored(ranks: &[u32], order: &[usize]) -> Vec<u32> {
    let mut pairs: Vec<(usize, u32)> = order.iter().copied().zip(ranks.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, rank)| rank).collect()
}

/// Which response of the sample the judge means by which number; nothing where the numbers are the same.
fn legend(order: &[usize]) -> String {
    if order.is_sorted() {
        return String::new();
    }
    let names = (1..).zip(order).map(|(shown, index)| format!("Response {shown} is number {}", index + 1));
    format!(" ({})", names.collect::<Vec<_>>().join(", "))
}
