//! Refines one sample: grade, ask for a better response, grade again, keep the best, stop with a reason.

mod attempts;
mod comparison;
mod conversation;
mod json;
mod preference;
mod refinement;
mod regrade;
#[cfg(test)]
pub(crate) mod scripted;

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, timeout_at};

use self::attempts::Attempts;
pub use self::{
    comparison::Comparison,
    refinement::{Attempt, Note, Refinement, Stop},
    regrade::{Recorded, regrade},
};
use crate::{
    grader::Mode,
    model::{ChatModel, ModelError, Request},
    panel::{Member, Panel},
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
    /// Of the writer, round by round; the last one holds for all further rounds. Without any it is the endpoint's own.
    pub temperatures: Vec<f64>,
    /// The longest response, in tokens; `None` leaves it to the endpoint.
    pub max_tokens: Option<u32>,
    /// Attempts that the writer is shown beside the best, the latest ones, each with what is wrong with it.
    pub history: u32,
    /// The seed of the first response written for a row; each further one has the next.
    pub seed: u64,
    /// For everything but the grading of the responses that the row has.
    pub deadline: Option<Duration>,
}

/// Who refines, and how hard.
#[derive(Clone, Copy)]
pub struct Refiner<'a> {
    pub writer: &'a dyn ChatModel,
    /// A grader that orders responses and chooses, at the end, among attempts that the panel holds equal.
    pub final_judge: Option<&'a Member>,
    pub settings: &'a RefineSettings,
}

impl Default for RefineSettings {
    fn default() -> Self {
        Self {
            rounds: 3,
            candidates: 1,
            patience: 2,
            temperatures: Vec::new(),
            max_tokens: None,
            history: 0,
            seed: 0,
            deadline: None,
        }
    }
}

/// Refines the response of `sample`, or writes one where it has none. Whatever goes wrong is in the record: nothing
/// here fails.
///
/// Graders that judge one response decide first, by the rules of `Preference`. Graders that order responses choose
/// among those that the former hold equal, and their reason is feedback to the writer; they never call a response
/// good enough, so that a panel of only such graders goes on to a plateau or the last round.
///
/// The final judge is asked where there is a choice left after all that, and only for a preference.
pub async fn refine(sample: &Sample, panel: &Panel, refiner: Refiner<'_>) -> Refinement {
    let task = Task::new(sample, panel, refiner);
    let settings = refiner.settings;
    let mut attempts = Attempts::new(panel);
    let deadline = settings.deadline.map(|deadline| Instant::now() + deadline);

    let (mut failure, mut is_late) = (None, false);
    let given = task.given_responses();
    if !given.is_empty() {
        task.grading.grade(given, &mut attempts).await;
    } else if sample.messages.is_empty() {
        return Refinement::ungradable(panel.unassessed(&nothing_to_answer()));
    } else {
        match task.write_in_time(&sample.messages, 1, &mut attempts, deadline).await {
            Ok(error) => failure = error,
            Err(Late) => is_late = true,
        }
    }

    let mut rounds_without_gain = 0;
    let stop = loop {
        if let Some(stop) = attempts.stop() {
            break stop;
        }
        if let Some(error) = &failure {
            break Stop::of(error);
        }
        if is_late || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break Stop::Deadline;
        }
        if attempts.rounds() >= settings.rounds {
            break Stop::Rounds;
        }
        if rounds_without_gain >= settings.patience.max(1) {
            break Stop::Plateau;
        }
        let best_before = attempts.best_index();
        let messages = attempts.begin_round(sample, settings.history);
        match task.write_in_time(&messages, settings.candidates.max(1), &mut attempts, deadline).await {
            Ok(error) => failure = error,
            Err(Late) => is_late = true,
        }
        rounds_without_gain = if attempts.best_index() == best_before { rounds_without_gain + 1 } else { 0 };
    };
    if !matches!(stop, Stop::Budget | Stop::ModelError | Stop::Deadline) {
        // Without a comparison, what was best before it is kept.
        let _ = within(deadline, task.grading.compare(&mut attempts)).await;
    }
    attempts.end(stop, failure)
}

/// The row's time was over.
struct Late;

async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Result<T, Late> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.map_err(|_| Late),
        None => Ok(work.await),
    }
}

fn nothing_to_answer() -> GradeError {
    let reason = "the row has neither a response nor a query to write one for; map the column that holds it";
    GradeError::new(ErrorKind::InvalidSample, reason)
}

/// One sample with everybody who works on it.
struct Task<'a> {
    grading: Grading<'a>,
    refiner: Refiner<'a>,
}

impl<'a> Task<'a> {
    fn new(sample: &'a Sample, panel: &Panel, refiner: Refiner<'a>) -> Self {
        Self { grading: Grading::new(sample, panel, refiner.final_judge), refiner }
    }

    /// The responses to start from: the row's own, else those that it has to choose among.
    fn given_responses(&self) -> Vec<Attempt> {
        let sample = self.grading.sample;
        let given = match &sample.response {
            Some(response) => std::slice::from_ref(response),
            None => &sample.responses,
        };
        given.iter().map(|response| Attempt::given(response)).collect()
    }

    /// Asks for `count` responses and grades those that come. An error is one that leaves nothing to go on with: no
    /// response came, or no further call can succeed.
    async fn write(&self, messages: &[Message], count: u32, attempts: &mut Attempts<'_>) -> Option<ModelError> {
        let first = attempts.requested();
        let temperature = self.temperature(attempts.rounds());
        let requests = (0..count).map(|index| self.request(messages, temperature, first + u64::from(index)));
        let answers =
            join_all(requests.map(|request| async move { self.refiner.writer.complete(&request).await })).await;

        let (mut written, mut failures) = (Vec::new(), Vec::new());
        for (answer, usage) in answers {
            attempts.note_request(usage);
            match answer {
                Ok(completion) => written.push(Attempt::written(completion, usage)),
                Err(error) => failures.push(error),
            }
        }
        let none_came = written.is_empty();
        self.grading.grade(written, attempts).await;
        let ends_all = |error: &ModelError| error.is_fatal() || matches!(error, ModelError::Budget(_));
        let position = failures.iter().position(ends_all).or(none_came.then_some(0))?;
        failures.into_iter().nth(position)
    }

    /// Like `write`, given up at the deadline. What calls that were given up cost is not known.
    async fn write_in_time(
        &self,
        messages: &[Message],
        count: u32,
        attempts: &mut Attempts<'_>,
        deadline: Option<Instant>,
    ) -> Result<Option<ModelError>, Late> {
        let requested = attempts.requested();
        let written = within(deadline, self.write(messages, count, attempts)).await;
        if written.is_err() {
            attempts.note_given_up(requested + u64::from(count));
        }
        written
    }

    /// The writer's temperature in a round; a first response is written at that of the first.
    fn temperature(&self, round: u32) -> Option<f64> {
        let temperatures = &self.refiner.settings.temperatures;
        let index = usize::try_from(round.saturating_sub(1)).unwrap_or(usize::MAX);
        temperatures.get(index).or(temperatures.last()).copied()
    }

    fn request(&self, messages: &[Message], temperature: Option<f64>, ordinal: u64) -> Request {
        let settings = self.refiner.settings;
        Request {
            messages: messages.to_vec(),
            temperature,
            max_tokens: settings.max_tokens,
            seed: Some(settings.seed.wrapping_add(ordinal)),
            ..Request::default()
        }
    }
}

/// One sample with those who judge what is tried at it.
struct Grading<'a> {
    sample: &'a Sample,
    pointwise: Panel,
    listwise: Panel,
    final_judge: Option<&'a Member>,
}

impl<'a> Grading<'a> {
    fn new(sample: &'a Sample, panel: &Panel, final_judge: Option<&'a Member>) -> Self {
        let (pointwise, listwise) = (panel.of_mode(Mode::Pointwise), panel.of_mode(Mode::Listwise));
        Self { sample, pointwise, listwise, final_judge }
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

    /// Has the final judge choose among the attempts that are as good as the best.
    async fn compare(&self, attempts: &mut Attempts<'_>) {
        let Some(judge) = self.final_judge else { return };
        let compared = attempts.finalists();
        if compared.len() < 2 {
            return;
        }
        let sample = self.sample.with_responses(attempts.responses_of(&compared));
        let grade = judge.grade(&sample).await;
        attempts.settle(Comparison { judge: judge.name.clone(), compared, grade });
    }
}

#[cfg(test)]
mod tests;
