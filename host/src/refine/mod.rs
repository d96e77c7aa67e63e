//! Refines one sample: grade, ask for a better response, grade again, keep the best, stop with a reason.

mod attempts;
mod conversation;
mod json;
mod preference;
mod refinement;
#[cfg(test)]
pub(crate) mod scripted;

use futures::future::join_all;

use self::attempts::Attempts;
pub use self::refinement::{Attempt, Note, Refinement, Stop};
use crate::{
    grader::Mode,
    model::{ChatModel, ModelError, Request},
    panel::Panel,
    sample::{Message, Sample},
    score::{ErrorKind, GradeError},
};

/// How hard to try.
#[derive(Debug, Clone, PartialEq)]
pub struct RefineSettings {
    /// Rounds of writing and grading, at most.
    pub rounds: u32,
    /// Responses written in each round; zero counts as one.
    pub candidates: u32,
    /// Rounds without a better response after which to give up; zero counts as one.
    pub patience: u32,
    /// Of the writer; `None` leaves it to the endpoint.
    pub temperature: Option<f64>,
    /// The longest response, in tokens; `None` leaves it to the endpoint.
    pub max_tokens: Option<u32>,
    /// The seed of the first response written for a row; each further one has the next.
    pub seed: u64,
}

impl Default for RefineSettings {
    fn default() -> Self {
        Self { rounds: 3, candidates: 1, patience: 2, temperature: None, max_tokens: None, seed: 0 }
    }
}

/// Refines the response of `sample`, or writes one where it has none. Whatever goes wrong is in the record: nothing
/// here fails.
///
/// Graders that judge one response decide first, by the rules of `Preference`. Graders that order responses choose
/// among those that the former hold equal, and their reason is feedback to the writer; they never call a response
/// good enough, so that a panel of only such graders goes on to a plateau or the last round.
pub async fn refine(sample: &Sample, panel: &Panel, writer: &dyn ChatModel, settings: &RefineSettings) -> Refinement {
    let task = Task::new(sample, panel, writer, settings);
    let mut attempts = Attempts::new(panel);

    let mut failure = None;
    let given = task.given_responses();
    if !given.is_empty() {
        task.grade(given, &mut attempts).await;
    } else if sample.messages.is_empty() {
        return Refinement::ungradable(panel.unassessed(&nothing_to_answer()));
    } else {
        failure = task.write(&sample.messages, 1, &mut attempts).await;
    }

    let mut rounds_without_gain = 0;
    let stop = loop {
        if let Some(stop) = attempts.stop() {
            break stop;
        }
        if let Some(error) = &failure {
            break Stop::of(error);
        }
        if attempts.rounds() >= settings.rounds {
            break Stop::Rounds;
        }
        if rounds_without_gain >= settings.patience.max(1) {
            break Stop::Plateau;
        }
        let best_before = attempts.best_index();
        let messages = attempts.begin_round(sample);
        failure = task.write(&messages, settings.candidates.max(1), &mut attempts).await;
        rounds_without_gain = if attempts.best_index() == best_before { rounds_without_gain + 1 } else { 0 };
    };
    attempts.end(stop, failure)
}

fn nothing_to_answer() -> GradeError {
    let reason = "the row has neither a response nor a query to write one for; map the column that holds it";
    GradeError::new(ErrorKind::InvalidSample, reason)
}

/// One sample with everybody who works on it.
struct Task<'a> {
    sample: &'a Sample,
    pointwise: Panel,
    listwise: Panel,
    writer: &'a dyn ChatModel,
    settings: &'a RefineSettings,
}

impl<'a> Task<'a> {
    fn new(sample: &'a Sample, panel: &Panel, writer: &'a dyn ChatModel, settings: &'a RefineSettings) -> Self {
        let (pointwise, listwise) = (panel.of_mode(Mode::Pointwise), panel.of_mode(Mode::Listwise));
        Self { sample, pointwise, listwise, writer, settings }
    }

    /// The responses to start from: the row's own, else those that it has to choose among.
    fn given_responses(&self) -> Vec<Attempt> {
        let given = match &self.sample.response {
            Some(response) => std::slice::from_ref(response),
            None => &self.sample.responses,
        };
        given.iter().map(|response| Attempt::given(response)).collect()
    }

    /// Asks for `count` responses and grades those that come. An error is one that leaves nothing to go on with: no
    /// response came, or no further call can succeed.
    async fn write(&self, messages: &[Message], count: u32, attempts: &mut Attempts<'_>) -> Option<ModelError> {
        let first = attempts.requested();
        let requests = (0..count).map(|index| self.request(messages, first + u64::from(index)));
        let answers = join_all(requests.map(|request| async move { self.writer.complete(&request).await })).await;

        let (mut written, mut failures) = (Vec::new(), Vec::new());
        for (answer, usage) in answers {
            attempts.note_request(usage);
            match answer {
                Ok(completion) => written.push(Attempt::written(completion, usage)),
                Err(error) => failures.push(error),
            }
        }
        let none_came = written.is_empty();
        self.grade(written, attempts).await;
        let ends_all = |error: &ModelError| error.is_fatal() || matches!(error, ModelError::Budget(_));
        let position = failures.iter().position(ends_all).or(none_came.then_some(0))?;
        failures.into_iter().nth(position)
    }

    fn request(&self, messages: &[Message], ordinal: u64) -> Request {
        Request {
            messages: messages.to_vec(),
            temperature: self.settings.temperature,
            max_tokens: self.settings.max_tokens,
            seed: Some(self.settings.seed.wrapping_add(ordinal)),
            ..Request::default()
        }
    }

    /// Grades what is new among `responses`, then orders all the attempts where that is still to be decided.
    async fn grade(&self, responses: Vec<Attempt>, attempts: &mut Attempts<'_>) {
        let mut fresh = attempts.unseen(responses);
        let samples: Vec<Sample> = fresh.iter().map(|attempt| self.sample.with_response(&attempt.response)).collect();
        let assessments = join_all(samples.iter().map(|sample| self.pointwise.assess(sample))).await;
        for (attempt, assessment) in fresh.iter_mut().zip(assessments) {
            attempt.assessment = assessment;
        }
        let is_new = !fresh.is_empty();
        attempts.add(fresh);
        if is_new && !self.listwise.is_empty() && !attempts.passes() {
            let ranking = self.listwise.assess(&self.sample.with_responses(attempts.responses())).await;
            attempts.rank(&ranking);
        }
    }
}

#[cfg(test)]
mod tests;
