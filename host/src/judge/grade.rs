//! The judge as a grader: asks the model, once more where the reply is unusable, and counts the votes.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures::future::join_all;

use super::{
    ballot::{Ballot, Cast, Vote},
    order::{legend, restored, shuffled},
    prompt::Question,
    reply::{self, Verdict},
    settings::{Aggregate, JudgeError, JudgeSettings, Prompt},
    votes,
};
use crate::{
    fields::Needs,
    grader::{Graded, Grader, Kind, Mode},
    llm::excerpt,
    model::{ChatModel, Completion, Request, Structure, Usage},
    receipt::{self, Provenance},
    sample::{Message, Sample},
    score::{ErrorKind, GradeError, Outcome, Ranking},
};

/// How much of an unusable reply the judge is shown again.
const REPEATED: usize = 4000;

/// Language models behind a rubric or template; one, as a rule.
pub struct JudgeGrader {
    question: Question,
    notices: Vec<String>,
    settings: JudgeSettings,
    models: Vec<Arc<dyn ChatModel>>,
    provenance: Provenance,
}

impl JudgeGrader {
    pub fn new(settings: JudgeSettings, model: Arc<dyn ChatModel>) -> Result<Self, JudgeError> {
        Self::of_models(settings, vec![model])
    }

    /// A judge that asks each of these models for its votes and counts them all together.
    pub fn of_models(settings: JudgeSettings, models: Vec<Arc<dyn ChatModel>>) -> Result<Self, JudgeError> {
        if models.is_empty() {
            return Err(JudgeError::NoModel);
        }
        if settings.votes == 0 {
            return Err(JudgeError::NoVotes);
        }
        let votes = settings.votes.saturating_mul(u32::try_from(models.len()).unwrap_or(u32::MAX));
        if let Some(quorum) = settings.quorum.filter(|quorum| !(1..=votes).contains(quorum)) {
            return Err(JudgeError::Quorum { quorum, votes });
        }
        let (question, notices) = Question::new(&settings)?;
        let titles: Vec<String> = models.iter().map(|model| model.name().to_owned()).collect();
        let judge = Self { question, notices, settings, models, provenance: Provenance::default() };
        Ok(judge.asking(&titles))
    }

    /// The judge with its models as results shall name them.
    #[must_use]
    pub fn asking(self, models: &[String]) -> Self {
        let name = match &self.settings.prompt {
            Prompt::Rubric(rubric) => rubric.name,
            Prompt::Template(_) => "template",
        };
        let prompt = receipt::digest(&self.question.text().into());
        let (prompt, models) = (prompt.get(..16).unwrap_or_default(), models.join(", "));
        let grader = format!("{}{name} {}{prompt} {models}", receipt::JUDGE, receipt::SHA256);
        Self { provenance: Provenance::of(&grader.into()), ..self }
    }

    /// What the author of the judge should know of its template; for stderr, once.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The fields that the prompt shows.
    pub fn needs(&self) -> Needs {
        self.question.needs()
    }

    async fn score(&self, sample: &Sample, attempt: u32) -> (Outcome, Usage) {
        let messages = match self.question.messages(sample, &[]) {
            Ok(messages) => messages,
            Err(error) => return (Outcome::Error(error), Usage::default()),
        };
        let structure = self.question.structure(0);
        let (how, scale) = (self.settings.aggregate, self.question.scale);
        let mut ballot = self.ballot();
        let seats = self.seats_of(attempt);
        let (first, others) = seats.split_at(self.first_votes().min(seats.len()));
        for seats in std::iter::once(first).chain(others.chunks(1)) {
            let read = |text: &str| reply::score(text, scale);
            let votes = seats.iter().map(|seat| self.ask(messages.clone(), &structure, *seat, read));
            ballot.add(join_all(votes).await);
            if ballot.is_settled(how, scale) {
                break;
            }
        }
        (ballot.outcome(how, scale), ballot.usage())
    }

    async fn rank(&self, sample: &Sample, attempt: u32) -> (Outcome, Usage) {
        let responses = sample.responses.len();
        if responses == 1 {
            let reason = "there is only one response".to_owned();
            let ranking = Ranking { ranks: vec![1], reason, votes: Vec::new() };
            return (Outcome::Ranked(ranking), Usage::default());
        }
        let structure = self.question.structure(responses);
        let mut votes = Vec::new();
        for seat in self.seats_of(attempt) {
            let order = shuffled(sample, self.settings.seed, seat.ordinal);
            let messages = match self.question.messages(sample, &order) {
                Ok(messages) => messages,
                Err(error) => return (Outcome::Error(error), Usage::default()),
            };
            let structure = &structure;
            votes.push(async move {
                let read = |text: &str| reply::ranks(text, responses);
                let mut cast = self.ask(messages, structure, seat, read).await;
                if let Ok(vote) = &mut cast.vote {
                    vote.verdict.value = restored(&vote.verdict.value, &order);
                    vote.verdict.reason = format!("{}{}", vote.verdict.reason, legend(&order));
                }
                cast
            });
        }
        let mut ballot = self.ballot();
        ballot.add(join_all(votes).await);
        let usage = ballot.usage();
        (ballot.outcome(), usage)
    }

    fn ballot<T>(&self) -> Ballot<T> {
        let quorum = self.settings.quorum.and_then(|quorum| usize::try_from(quorum).ok());
        Ballot::new(self.seats(), quorum.unwrap_or_else(|| votes::quorum(self.seats())))
    }

    /// The votes of all models.
    fn seats(&self) -> usize {
        usize::try_from(self.settings.votes).unwrap_or(usize::MAX).saturating_mul(self.models.len())
    }

    /// The votes to ask for at once: so many as can settle the score, or all where each of them counts.
    fn first_votes(&self) -> usize {
        let may_stop = self.settings.early_stop && self.settings.aggregate != Aggregate::Mean;
        if may_stop { votes::quorum(self.seats()) } else { self.seats() }
    }

    /// The votes to ask for. Every model votes once before any votes again.
    fn seats_of(&self, attempt: u32) -> Vec<Seat<'_>> {
        let seed = self.settings.seed.wrapping_add(u64::from(attempt) * u64::from(self.settings.votes));
        let ordinals = 0..self.settings.votes;
        ordinals
            .flat_map(|ordinal| self.models.iter().map(move |model| Seat { model: &**model, ordinal, seed }))
            .collect()
    }

    /// Asks for one vote: once, and once more with the fault named where the reply is unusable.
    async fn ask<T>(
        &self,
        mut messages: Vec<Message>,
        structure: &Structure,
        seat: Seat<'_>,
        read: impl Fn(&str) -> Result<Verdict<T>, String>,
    ) -> Cast<T> {
        let model = seat.model;
        let mut usage = Usage::default();
        let mut asked = Vec::new();
        let vote = loop {
            let request = self.request(&messages, structure, seat);
            let (result, used) = model.complete(&request).await;
            asked.push(request);
            usage = usage.plus(used);
            let completion = match result {
                Ok(completion) => completion,
                Err(error) => break Err(GradeError::from(&error)),
            };
            let problem = match read(&completion.content) {
                Ok(verdict) => break Ok(Vote { verdict, model: completion.model }),
                Err(problem) => problem,
            };
            if completion.truncated || asked.len() > 1 {
                for request in &asked {
                    model.reject(request).await;
                }
                break Err(self.unparsable(&problem, &completion));
            }
            let reply: String = completion.content.chars().take(REPEATED).collect();
            messages.push(Message::assistant(reply));
            messages.push(Message::user(format!(
                "This reply cannot be used: {problem}. Answer again, in JSON of the form asked for and nothing else."
            )));
        };
        Cast { of: model.name().to_owned(), vote, usage }
    }

    fn request(&self, messages: &[Message], structure: &Structure, seat: Seat<'_>) -> Request {
        // Two orders of the same responses are two questions; further votes repeat them.
        let questions = if self.question.mode == Mode::Listwise { 2 } else { 1 };
        let standard = if self.settings.votes > questions { 0.7 } else { 0.0 };
        Request {
            messages: messages.to_vec(),
            temperature: self.settings.temperature.or(Some(standard)),
            max_tokens: Some(self.max_tokens()),
            seed: Some(seat.seed.wrapping_add(u64::from(seat.ordinal))),
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
        self.grade_anew(sample, 0).await
    }

    async fn grade_anew(&self, sample: &Sample, attempt: u32) -> Graded {
        let (outcome, usage) = match self.question.mode {
            Mode::Pointwise => self.score(sample, attempt).await,
            Mode::Listwise => self.rank(sample, attempt).await,
        };
        Graded { outcome, usage, provenance: self.provenance.clone() }
    }
}

impl fmt::Debug for JudgeGrader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models: Vec<&str> = self.models.iter().map(|model| model.name()).collect();
        f.debug_struct("JudgeGrader").field("settings", &self.settings).field("models", &models).finish_non_exhaustive()
    }
}

/// One vote to ask for.
#[derive(Clone, Copy)]
struct Seat<'a> {
    model: &'a dyn ChatModel,
    /// Which vote of that model.
    ordinal: u32,
    /// The seed of that model's first vote.
    seed: u64,
}
