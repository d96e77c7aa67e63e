//! One call from its first attempt to its end: what each exchange means and what comes next. Does no I/O.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    complaint::Complaint,
    dialect::Dialect,
    endpoint::Endpoint,
    excerpt,
    reply::{self, Reading},
    retry::{self, Hints, Verdict},
};
use crate::model::{Completion, ModelError, Request, Usage};

/// What one attempt brought.
#[derive(Debug)]
pub(super) enum Exchange {
    Answered { status: u16, hints: Hints, body: Vec<u8> },
    Broken(Breakage),
}

impl Exchange {
    /// Whether the endpoint may want to be paid for it: refusals to answer cost nothing.
    pub(super) fn may_cost(&self) -> bool {
        match self {
            Self::Answered { status, .. } => (200..=299).contains(status),
            Self::Broken(breakage) => breakage.stage != Stage::Connect,
        }
    }
}

/// Why there was no whole answer.
#[derive(Debug)]
pub(super) struct Breakage {
    pub(super) stage: Stage,
    pub(super) detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No connection; nothing was asked.
    Connect,
    /// The connection broke before an answer began.
    Request,
    /// The answer began with a success, so it may have to be paid for, and broke off.
    Body,
    /// The attempt took longer than its limit.
    Timeout,
    /// The answer is longer than any completion.
    TooLarge,
}

/// What to do after an exchange.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Done(Result<Completion, ModelError>),
    Again {
        wait: Duration,
        /// Whether the endpoint asked for this wait, so that other calls should wait as well.
        asked: bool,
    },
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Call<'a> {
    endpoint: &'a Endpoint,
    /// The address without secrets, for messages.
    url: &'a str,
    pub(super) request: Request,
    pub(super) dialect: Dialect,
    pub(super) deadline: Instant,
    pub(super) usage: Usage,
    /// Attempts after the first, at most.
    pub(super) max_retries: u32,
    retries: u32,
    empties: u32,
    last_server_error: Option<Complaint>,
}

impl<'a> Call<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, url: &'a str, request: &Request, dialect: Dialect, now: Instant) -> Self {
        Self {
            endpoint,
            url,
            request: request.clone(),
            dialect,
            deadline: now + endpoint.deadline,
            usage: Usage::default(),
            max_retries: endpoint.max_retries,
            retries: 0,
            empties: 0,
            last_server_error: None,
        }
    }

    /// Decides after an exchange; `jitter` in 0..1 spreads the waits of calls that failed together.
    pub(super) fn next(&mut self, exchange: Exchange, now: Instant, jitter: f64) -> Step {
        match exchange {
            Exchange::Broken(breakage) => self.after_breakage(&breakage, now, jitter),
            Exchange::Answered { status: 200..=299, hints, body } => self.after_success(&body, &hints, now, jitter),
            Exchange::Answered { status, hints, body } => {
                self.after_failure(status, &hints, Complaint::of_body(&body), now, jitter)
            }
        }
    }

    fn after_breakage(&mut self, breakage: &Breakage, now: Instant, jitter: f64) -> Step {
        if matches!(breakage.stage, Stage::Body | Stage::TooLarge) {
            self.count(None, None, None);
        }
        let what = match breakage.stage {
            Stage::Connect => {
                format!("cannot connect: {}; is the server running, and is base_url right?", breakage.detail)
            }
            Stage::Request => format!("the connection broke before an answer: {}", breakage.detail),
            Stage::Body => format!("the connection broke in the middle of the answer: {}", breakage.detail),
            Stage::Timeout => {
                let limit = self.endpoint.timeout.as_secs_f64();
                let what =
                    if self.endpoint.stream { "nothing came of the answer for" } else { "no whole answer within" };
                format!("{what} {limit} s; raise timeout where the model is slow")
            }
            Stage::TooLarge => format!("{}; is base_url the address of a chat endpoint?", breakage.detail),
        };
        let at_most = if breakage.stage == Stage::TooLarge { 0 } else { u32::MAX };
        self.again_or(at_most, None, retry::backoff(self.retries, false, jitter), now, &what)
    }

    fn after_success(&mut self, body: &[u8], hints: &Hints, now: Instant, jitter: f64) -> Step {
        let reply = reply::read(body, &self.endpoint.model);
        if !matches!(reply.reading, Reading::Error(_)) {
            self.count(reply.prompt_tokens, reply.cached_tokens, reply.completion_tokens);
        }
        match reply.reading {
            Reading::Answer(completion) => Step::Done(Ok(completion)),
            Reading::Refused(why) => Step::Done(Err(ModelError::Refused(self.message(&why)))),
            Reading::Empty { why, again } => {
                if again && self.empties == 0 && now < self.deadline {
                    self.empties = 1;
                    // The same seed would bring the same nothing.
                    self.request.seed = self.request.seed.map(|seed| seed ^ 1);
                    return Step::Again { wait: Duration::ZERO, asked: false };
                }
                Step::Done(Err(ModelError::Empty(self.message(&why))))
            }
            Reading::Error(complaint) => {
                self.after_failure(complaint.status.unwrap_or(502), hints, complaint, now, jitter)
            }
            Reading::Foreign(what) => {
                let what =
                    format!("the answer is no chat completion: {what}; is base_url the address of a chat endpoint?");
                self.again_or(1, None, retry::backoff(self.retries, false, jitter), now, &what)
            }
        }
    }

    fn after_failure(&mut self, status: u16, hints: &Hints, complaint: Complaint, now: Instant, jitter: f64) -> Step {
        let verdict = retry::judge(status, hints, &complaint);
        if let Some(dialect) = self.other_words(status, verdict, &complaint) {
            self.dialect = dialect;
            self.last_server_error = None;
            return Step::Again { wait: Duration::ZERO, asked: false };
        }
        let what = failure(status, &complaint);
        let asked = retry::wait_asked(hints, &complaint);
        let wait = |overloaded| asked.unwrap_or_else(|| retry::backoff(self.retries, overloaded, jitter));
        let step = match verdict {
            Verdict::Transient { at_most } => self.again_or(at_most, asked, wait(false), now, &what),
            Verdict::Overloaded => self.again_or(u32::MAX, asked, wait(true), now, &what),
            final_verdict => Step::Done(Err(self.error(final_verdict, &what, hints))),
        };
        self.last_server_error = (status == 500).then_some(complaint);
        step
    }

    /// The dialect to try instead of giving up. A 500 is first tried again as it was, unless it says what it dislikes.
    fn other_words(&self, status: u16, verdict: Verdict, complaint: &Complaint) -> Option<Dialect> {
        let transient = matches!(verdict, Verdict::Transient { .. });
        if !(transient || verdict == Verdict::Rejected) {
            return None;
        }
        let says_why = complaint.mentions(&[
            "response_format",
            "json_object",
            "json_schema",
            "schema",
            "system role",
            "temperature",
            "stream_options",
        ]);
        let repeated = self.last_server_error.as_ref() == Some(complaint);
        if transient && !says_why && !repeated {
            return None;
        }
        self.dialect.after(&self.request, self.endpoint.stream, status, complaint)
    }

    fn again_or(&mut self, at_most: u32, asked: Option<Duration>, wait: Duration, now: Instant, what: &str) -> Step {
        if self.retries >= at_most.min(self.max_retries) {
            let attempts = self.retries.saturating_add(1);
            let tried = if attempts == 1 { String::new() } else { format!(" (after {attempts} attempts)") };
            return Step::Done(Err(ModelError::Unavailable(self.message(&format!("{what}{tried}")))));
        }
        if now + wait >= self.deadline {
            let limit = self.endpoint.deadline.as_secs_f64();
            let what = format!("{what} (gave up: another attempt would pass the deadline of {limit} s)");
            return Step::Done(Err(ModelError::Unavailable(self.message(&what))));
        }
        self.retries += 1;
        Step::Again { wait, asked: asked.is_some() }
    }

    fn error(&self, verdict: Verdict, what: &str, hints: &Hints) -> ModelError {
        let say = |hint: &str| self.message(&format!("{what}{hint}"));
        match verdict {
            Verdict::Unauthorized => ModelError::Unauthorized(say(&self.key_hint())),
            Verdict::NoQuota => ModelError::QuotaExhausted(say("; the account has no quota or credit left: top it up")),
            Verdict::Refused => ModelError::Refused(say("")),
            Verdict::TooLate(wait) => {
                let hint = format!(
                    "; it asks to wait {} s, longer than the {} s that are waited",
                    wait.as_secs(),
                    retry::LONGEST_WAIT.as_secs()
                );
                ModelError::Unavailable(say(&hint))
            }
            Verdict::NotFound => ModelError::Rejected { message: say(&self.path_hint()), everywhere: true },
            Verdict::Redirected => {
                let target = hints
                    .location
                    .as_deref()
                    .map_or_else(String::new, |target| format!(" to {}", excerpt(target, 200)));
                let hint = format!("; it redirects{target}: set base_url to where the endpoint is");
                ModelError::Rejected { message: say(&hint), everywhere: true }
            }
            Verdict::TooLong => {
                let hint =
                    "; the prompt is too long for this model: shorten the row, or take a model with a longer context";
                ModelError::Rejected { message: say(hint), everywhere: false }
            }
            Verdict::Rejected | Verdict::Transient { .. } | Verdict::Overloaded => {
                ModelError::Rejected { message: say(""), everywhere: false }
            }
        }
    }

    fn key_hint(&self) -> String {
        let variable = self.endpoint.api_key_env.as_deref();
        match (self.endpoint.api_key.is_some(), variable) {
            (true, Some(variable)) => format!("; the key in {variable} is not accepted: set another"),
            (false, Some(variable)) => format!("; no key was sent: set {variable}"),
            (true, None) => "; the key is not accepted: set another".to_owned(),
            (false, None) => "; no key was sent: name the variable that holds it in api_key_env".to_owned(),
        }
    }

    fn path_hint(&self) -> String {
        let path = self.url.trim_end_matches("/chat/completions");
        let versions = path.split('/').filter(|step| is_version(step)).count();
        match versions {
            0 => format!("; try base_url = \"{path}/v1\", or another model than `{}`", self.endpoint.model),
            1 => {
                format!("; check that base_url is right and that the endpoint has the model `{}`", self.endpoint.model)
            }
            _ => "; base_url names a version twice".to_owned(),
        }
    }

    /// The endpoint's name and address before what happened, with the key cut out of what the server said.
    fn message(&self, what: &str) -> String {
        let message = format!("model `{}` at {}: {what}", self.endpoint.name, self.url);
        self.endpoint.secrets().fold(message, |message, secret| message.replace(secret, "…"))
    }

    fn count(&mut self, prompt_tokens: Option<u64>, cached: Option<u64>, completion_tokens: Option<u64>) {
        let cost = self.endpoint.prices.zip(prompt_tokens.zip(completion_tokens));
        let cost = cost.map(|(prices, (prompt, completion))| prices.cost(prompt, cached.unwrap_or(0), completion));
        self.usage = self.usage.plus(Usage { calls: 1, prompt_tokens, completion_tokens, cost });
    }
}

fn failure(status: u16, complaint: &Complaint) -> String {
    match complaint.message.as_str() {
        "" => format!("HTTP {status}"),
        message => format!("HTTP {status}: {message}"),
    }
}

fn is_version(step: &str) -> bool {
    step.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
pub(super) fn as_number(tokens: u64) -> f64 {
    tokens as f64
}
