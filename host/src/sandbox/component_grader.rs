//! The adapter between a component in the sandbox and the panel that asks for grades.

use async_trait::async_trait;
use serde_json::Value;

use super::{
    catalog::{Catalog, Entry, Language},
    limits::GradeLimits,
    model_calls::{GrantedModels, ModelCalls},
    pool::{Sandbox, SandboxError},
    receipts::{ENGINE, Made, Receipts, digest_of_sample},
    wire::{
        Answer, ComponentId, Execution, GradeWork, LogLine, ProgramRequest, Trace, WireGrants, WireMessage, WireSample,
        WireVerdict, Work,
    },
};
use crate::{
    fields::{FieldMap, Needs},
    grader::{Graded, Grader, Kind, Mode},
    receipt::{Provenance, SHA256},
    sample::{Columns, Message, Sample},
    score::{ErrorKind, GradeError, Outcome, Ranking, Scale, Score},
    text::clean,
};

/// Largest details that are kept of a grader, in bytes of JSON.
const DETAILS: usize = 1 << 20;

/// Where the details of a grade say which models it asked.
const MODEL_CALLS: &str = "model_calls";

/// Largest sample that a grader is given, in bytes.
const SAMPLE: usize = 64 << 20;

/// The capabilities that a grader has.
#[derive(Clone)]
pub struct Grants {
    /// Running untrusted programs in sandboxes. Granted unless the user says otherwise: a program reaches nothing, and
    /// its limits hold.
    pub programs: bool,
    /// Asking models. Granted by the user only: a call costs money, and carries the row to an endpoint.
    pub models: GrantedModels,
}

impl Default for Grants {
    fn default() -> Self {
        Self { programs: true, models: GrantedModels::default() }
    }
}

impl Grants {
    /// The capabilities that a component imports and is not granted.
    pub fn missing<'a>(&self, entry: &'a Entry) -> Vec<&'a str> {
        let granted = |capability: &str| match capability {
            "programs" => self.programs,
            "models" => !self.models.is_empty(),
            other => other == "log",
        };
        entry.capabilities.iter().map(String::as_str).filter(|capability| !granted(capability)).collect()
    }
}

/// A grader component with its parameters, as a member of a panel.
pub struct ComponentGrader {
    sandbox: Sandbox,
    component: ComponentId,
    /// The grader's name and version, for messages.
    title: String,
    /// Where the configuration speaks of the grader.
    table: String,
    mode: Mode,
    scale: Scale,
    needs: Needs,
    params: String,
    map: FieldMap,
    grants: Grants,
    limits: GradeLimits,
    uses_programs: bool,
    asks_models: bool,
    /// Who it is, for results.
    provenance: Provenance,
    receipts: Option<Receipts>,
}

/// A grade that came to its end in a worker.
struct Ran {
    /// Digest of what the grader was given; empty where no receipt is made.
    given: String,
    trace: Trace,
}

impl ComponentGrader {
    pub fn new(
        sandbox: Sandbox,
        entry: &Entry,
        params: &Columns,
        map: FieldMap,
        grants: Grants,
        limits: GradeLimits,
    ) -> Self {
        Self {
            sandbox,
            component: entry.component,
            title: format!("`{}` {}", entry.name, entry.version),
            table: format!("[graders.{}]", entry.name),
            mode: entry.mode,
            scale: entry.scale,
            needs: entry.needs.clone(),
            params: Value::Object(params.clone()).to_string(),
            map,
            grants,
            limits,
            uses_programs: entry.imports("programs"),
            asks_models: entry.imports("models"),
            provenance: Provenance::of(&provenance(entry).into()),
            receipts: None,
        }
    }

    /// The grader, with a receipt for each of its grades. The catalog has the runtimes that it may use.
    #[must_use]
    pub fn with_receipts(self, catalog: &Catalog, entry: &Entry, params: &Columns) -> Self {
        let metering = self.sandbox.metering();
        let receipts = Receipts::new(catalog, metering, entry, params, &self.map, self.limits, self.grants.programs);
        Self { receipts: Some(receipts), ..self }
    }

    /// The digest of what the grader would be given of a sample, as a receipt has it.
    pub fn digest_of(&self, sample: &Sample) -> Result<String, GradeError> {
        Ok(digest_of_sample(&self.prepare(sample)?.0))
    }

    /// The grader as the configuration calls it, for messages that say what to write there.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { table: format!("[graders.{name}]"), ..self }
    }

    /// The outcome; the calls of models that were made on the way stand in `calls`, and what was told of the grade in
    /// `ran`, once it came to its end.
    async fn outcome(
        &self,
        sample: &Sample,
        calls: &mut ModelCalls<'_>,
        ran: &mut Option<Ran>,
    ) -> Result<Outcome, GradeError> {
        let (sample, size) = self.prepare(sample)?;
        let given = if self.receipts.is_some() { digest_of_sample(&sample) } else { String::new() };
        let (id, count) = (sample.id.clone(), sample.responses.len());
        let mut work = GradeWork {
            component: self.component,
            sample,
            params: self.params.clone(),
            grants: WireGrants { programs: self.grants.programs },
            limits: self.limits,
            answered: vec![],
        };
        loop {
            let again = self.asks_models.then(|| work.clone());
            let needs_runtimes = self.uses_programs && self.grants.programs;
            let (answer, mut trace) = self.sandbox.run(Work::Grade(work), needs_runtimes, size).await;
            match (answer?, again) {
                (Answer::Asks { call, after }, Some(again)) => {
                    calls.make(call, after).await.map_err(|error| self.attributed(error))?;
                    work = GradeWork { answered: calls.answered.clone(), ..again };
                }
                (answer, _) => {
                    self.publish(&id, std::mem::take(&mut trace.log));
                    *ran = Some(Ran { given, trace });
                    return self.conclude(answer, count);
                }
            }
        }
    }

    fn conclude(&self, answer: Answer, count: usize) -> Result<Outcome, GradeError> {
        let failed = |kind, reason: &str| self.attributed(GradeError::new(kind, reason));
        match answer {
            Answer::Verdict(verdict) => self.accept(verdict, count),
            Answer::Failed { kind: kind @ ErrorKind::CapabilityDenied, reason } => {
                Err(failed(kind, &format!("{reason}; `programs = true` in {} of gradebox.toml grants it", self.table)))
            }
            Answer::Failed { kind, reason } => Err(failed(kind, &reason)),
            _ => Err(failed(ErrorKind::GraderFailed, "an answer of another kind of work")),
        }
    }

    /// The sample as the grader gets it, with its size in bytes.
    fn prepare(&self, sample: &Sample) -> Result<(WireSample, usize), GradeError> {
        let fields = self.needs.collect(sample, &self.map).map_err(|missing| {
            let column = missing.columns.first().map_or("", String::as_str);
            let reason = format!(
                "row {}: {missing}, which grader {} needs; map a column to it with `--map {column}=COLUMN`",
                sample.id_text(),
                self.title
            );
            GradeError::new(ErrorKind::InvalidSample, reason)
        })?;
        let sample = self.wire_sample(sample, fields)?;
        let size = sample.size();
        if SAMPLE < size {
            let reason = format!(
                "row {}: the sample is {} MiB; a grader is given at most {} MiB",
                sample.id,
                size >> 20,
                SAMPLE >> 20
            );
            return Err(GradeError::new(ErrorKind::InvalidSample, reason));
        }
        Ok((sample, size))
    }

    fn wire_sample(&self, sample: &Sample, fields: Columns) -> Result<WireSample, GradeError> {
        let responses = match self.mode {
            Mode::Pointwise => sample.response.clone().into_iter().collect(),
            Mode::Listwise => sample.responses.clone(),
        };
        if responses.is_empty() {
            let what = if self.mode == Mode::Pointwise { "response" } else { "responses" };
            let reason = format!("row {}: no {what} to grade", sample.id_text());
            return Err(GradeError::new(ErrorKind::InvalidSample, reason));
        }
        let mapped = self.map.mapped("reference").and_then(|_| self.map.value(&sample.columns, "reference"));
        Ok(WireSample {
            id: sample.id_text(),
            messages: sample.messages.iter().map(wire_message).collect(),
            responses,
            reference: mapped.map(crate::sample::text_of).or_else(|| sample.reference.clone()),
            fields: Value::Object(fields).to_string(),
        })
    }

    /// Where a grade comes from. What is the machine's failure has no receipt: it would not come again.
    fn provenance_of(&self, sample: &Sample, ran: Option<Ran>, model_calls: usize, outcome: &Outcome) -> Provenance {
        let may_pass = matches!(outcome, Outcome::Error(error) if error.retryable);
        let receipt = match (&self.receipts, ran) {
            (Some(receipts), Some(Ran { given, trace })) if !may_pass => {
                Some(Box::new(receipts.make(Made { sample, given, trace: &trace, model_calls, outcome })))
            }
            _ => None,
        };
        Provenance { receipt, ..self.provenance.clone() }
    }

    fn accept(&self, verdict: WireVerdict, count: usize) -> Result<Outcome, GradeError> {
        believe(verdict, self.scale, count).map_err(|what| GradeError::new(ErrorKind::BadResult, self.attribute(&what)))
    }

    fn publish(&self, id: &str, log: Vec<LogLine>) {
        if let Some(sink) = self.sandbox.on_log() {
            for LogLine { level, message } in log {
                sink(&self.title, id, &LogLine { level, message: clean(&message) });
            }
        }
    }

    fn attribute(&self, message: &str) -> String {
        format!("grader {}: {}", self.title, clean(message))
    }

    fn attributed(&self, mut error: GradeError) -> GradeError {
        error.reason = self.attribute(&error.reason);
        error
    }
}

#[async_trait]
impl Grader for ComponentGrader {
    fn mode(&self) -> Mode {
        self.mode
    }

    fn kind(&self) -> Kind {
        if self.grants.models.is_empty() { Kind::Component } else { Kind::Judge }
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        let mut calls = ModelCalls::new(&self.grants.models, &self.table);
        let mut ran = None;
        let mut outcome = self.outcome(sample, &mut calls, &mut ran).await.unwrap_or_else(Outcome::Error);
        let model_calls = calls.answered.len();
        if let (Outcome::Scored(score), false) = (&mut outcome, calls.told.is_empty()) {
            // The host's word, whatever the grader wrote there.
            score.details.insert(MODEL_CALLS.to_owned(), calls.told.into());
        }
        let provenance = self.provenance_of(sample, ran, model_calls, &outcome);
        Graded { outcome, usage: calls.usage, provenance }
    }
}

impl Sandbox {
    /// Runs one untrusted program in a sandbox of its own.
    pub async fn exec(&self, language: &Language, request: ProgramRequest) -> Result<Execution, SandboxError> {
        let size = request.source.len() + request.stdin.len();
        match self.run(Work::Program { runtime: language.component, request }, false, size).await.0? {
            Answer::Execution(execution) => Ok(execution),
            Answer::Failed { kind, reason } => Err(GradeError::new(kind, clean(&reason)).into()),
            _ => Err(GradeError::new(ErrorKind::GraderFailed, "an answer of another kind of work").into()),
        }
    }
}

/// Name, version, the beginning of the digest, and engine.
fn provenance(entry: &Entry) -> String {
    let digest = entry.digest.get(..16).unwrap_or_default();
    format!("{} {} {SHA256}{digest} {ENGINE}", entry.name, entry.version)
}

fn wire_message(message: &Message) -> WireMessage {
    WireMessage {
        role: message.role.clone(),
        content: message.content.clone(),
        extra: (!message.extra.is_empty()).then(|| Value::Object(message.extra.clone()).to_string()),
    }
}

/// Believes a verdict on so many responses as far as it is well formed; else what is wrong with it.
pub(super) fn believe(verdict: WireVerdict, scale: Scale, count: usize) -> Result<Outcome, String> {
    Ok(match verdict {
        WireVerdict::Scored { value, reason, details } => {
            let Scale { worst, best } = scale;
            let score = scale
                .normalise(value)
                .ok_or_else(|| format!("the score {value} is not on the scale from {worst} to {best}"))?;
            let details = parse_details(&details)?;
            Outcome::Scored(Score { score, value, reason: clean(&reason), details })
        }
        WireVerdict::Ranked { ranks, reason } => {
            if ranks.len() != count || ranks.iter().any(|rank| *rank == 0 || count < *rank as usize) {
                let shown = ranks.get(..16).unwrap_or(&ranks);
                return Err(format!("the ranks {shown:?} are not one of 1 to {count} for each response"));
            }
            Outcome::Ranked(Ranking { ranks, reason: clean(&reason), votes: Vec::new() })
        }
        WireVerdict::NotApplicable(reason) => Outcome::NotApplicable { reason: clean(&reason) },
        WireVerdict::Undecided(reason) => Outcome::Undecided { reason: clean(&reason) },
    })
}

fn parse_details(details: &str) -> Result<Columns, String> {
    if DETAILS < details.len() {
        return Err(format!("the details are {} KiB; at most {} KiB are kept", details.len() >> 10, DETAILS >> 10));
    }
    match serde_json::from_str(details) {
        Ok(Value::Object(details)) => Ok(details),
        Ok(_) => Err("the details are not a JSON object".to_owned()),
        Err(error) => Err(format!("the details are not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_must_be_a_json_object_of_bounded_size_and_depth() {
        assert!(parse_details(r#"{"a": 1}"#).is_ok());
        assert!(parse_details("[]").is_err());
        assert!(parse_details("{\"a\":[[[").is_err());
        let deep = |levels: usize| format!("{{\"a\": {}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(parse_details(&deep(127)).is_ok());
        assert!(parse_details(&deep(128)).is_err());
        assert!(parse_details(&deep(100_000)).is_err());
        assert!(parse_details(&format!("{{\"a\": \"{}\"}}", "x".repeat(DETAILS))).is_err());
    }
}
