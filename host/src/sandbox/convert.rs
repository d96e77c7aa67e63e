//! Conversions between generated bindings and the sandbox's own types.

use super::{
    bindings::{
        listwise::exports::gradebox::grader::{descriptor as listwise_descriptor, listwise},
        pointwise::{
            exports::gradebox::grader::descriptor,
            gradebox::grader::{log, program_types, programs, types},
        },
        runtime::exports::gradebox::runtime::interpreter,
    },
    limits::ProgramLimits,
    wire::{
        Action, Answer, Diagnostic, Ending, Execution, LogLevel, ProgramInput, Raised, WireDescription, WireLanguage,
        WireMessage, WireSample, WireVerdict,
    },
};
use crate::score::{ErrorKind, Scale};

impl From<log::Level> for LogLevel {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Debug => Self::Debug,
            log::Level::Info => Self::Info,
            log::Level::Warn => Self::Warn,
            log::Level::Error => Self::Error,
        }
    }
}

impl From<types::Scale> for Scale {
    fn from(scale: types::Scale) -> Self {
        Self { worst: scale.worst, best: scale.best }
    }
}

impl From<descriptor::Description> for WireDescription {
    fn from(description: descriptor::Description) -> Self {
        Self {
            name: description.name,
            version: description.version,
            summary: description.summary,
            scale: description.scale.into(),
            required_fields: description.required_fields,
            optional_fields: description.optional_fields,
            params_schema: description.params_schema,
            examples: description.examples,
        }
    }
}

impl From<listwise_descriptor::Description> for WireDescription {
    fn from(description: listwise_descriptor::Description) -> Self {
        Self {
            name: description.name,
            version: description.version,
            summary: description.summary,
            scale: description.scale.into(),
            required_fields: description.required_fields,
            optional_fields: description.optional_fields,
            params_schema: description.params_schema,
            examples: description.examples,
        }
    }
}

impl From<interpreter::Language> for WireLanguage {
    fn from(language: interpreter::Language) -> Self {
        Self {
            name: language.name,
            version: language.version,
            aliases: language.aliases,
            extensions: language.extensions,
        }
    }
}

impl From<types::Message> for WireMessage {
    fn from(message: types::Message) -> Self {
        Self { role: message.role, content: message.content, extra: message.extra }
    }
}

impl From<WireMessage> for types::Message {
    fn from(message: WireMessage) -> Self {
        Self { role: message.role, content: message.content, extra: message.extra }
    }
}

impl From<WireSample> for types::Sample {
    fn from(sample: WireSample) -> Self {
        Self {
            id: sample.id,
            messages: sample.messages.into_iter().map(Into::into).collect(),
            response: sample.responses.into_iter().next().unwrap_or_default(),
            reference: sample.reference,
            fields: sample.fields,
        }
    }
}

impl From<types::Verdict> for WireVerdict {
    fn from(verdict: types::Verdict) -> Self {
        match verdict {
            types::Verdict::Scored(types::Score { value, reason, details }) => Self::Scored { value, reason, details },
            types::Verdict::NotApplicable(reason) => Self::NotApplicable(reason),
            types::Verdict::Undecided(reason) => Self::Undecided(reason),
        }
    }
}

impl From<listwise::Order> for WireVerdict {
    fn from(order: listwise::Order) -> Self {
        match order {
            listwise::Order::Ranked(listwise::Ranking { ranks, reason }) => Self::Ranked { ranks, reason },
            listwise::Order::NotApplicable(reason) => Self::NotApplicable(reason),
            listwise::Order::Undecided(reason) => Self::Undecided(reason),
        }
    }
}

impl From<types::GradeError> for Answer {
    fn from(error: types::GradeError) -> Self {
        let (kind, reason) = match error {
            types::GradeError::InvalidSample(reason) => (ErrorKind::InvalidSample, reason),
            types::GradeError::InvalidParams(reason) => (ErrorKind::InvalidParams, reason),
            types::GradeError::Internal(reason) => (ErrorKind::GraderFailed, reason),
        };
        Self::Failed { kind, reason }
    }
}

impl From<program_types::Action> for Action {
    fn from(action: program_types::Action) -> Self {
        match action {
            program_types::Action::Script => Self::Script,
            program_types::Action::Call(call) => {
                Self::Call { target: call.target, args: call.args, kwargs: call.kwargs }
            }
            program_types::Action::Evaluate(expression) => Self::Evaluate(expression),
        }
    }
}

impl From<Action> for program_types::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::Script => Self::Script,
            Action::Call { target, args, kwargs } => Self::Call(program_types::Call { target, args, kwargs }),
            Action::Evaluate(expression) => Self::Evaluate(expression),
        }
    }
}

impl From<programs::Input> for ProgramInput {
    fn from(input: programs::Input) -> Self {
        Self { action: input.action.into(), stdin: input.stdin }
    }
}

impl From<program_types::Raised> for Raised {
    fn from(raised: program_types::Raised) -> Self {
        Self { kind: raised.kind, message: raised.message, line: raised.line, traceback: raised.traceback }
    }
}

impl From<Raised> for program_types::Raised {
    fn from(raised: Raised) -> Self {
        Self { kind: raised.kind, message: raised.message, line: raised.line, traceback: raised.traceback }
    }
}

impl From<program_types::Diagnostic> for Diagnostic {
    fn from(diagnostic: program_types::Diagnostic) -> Self {
        Self { line: diagnostic.line, column: diagnostic.column, message: diagnostic.message }
    }
}

impl From<Diagnostic> for program_types::Diagnostic {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { line: diagnostic.line, column: diagnostic.column, message: diagnostic.message }
    }
}

impl From<Ending> for programs::Ending {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Completed => Self::Completed,
            Ending::Raised(raised) => Self::Raised(raised.into()),
            Ending::Exited(code) => Self::Exited(code),
            Ending::TimedOut => Self::TimedOut,
            Ending::OutOfMemory => Self::OutOfMemory,
            Ending::StackOverflow => Self::StackOverflow,
            Ending::OutputExceeded => Self::OutputExceeded,
            Ending::Crashed(how) => Self::Crashed(how),
        }
    }
}

impl From<Execution> for programs::Execution {
    fn from(execution: Execution) -> Self {
        Self {
            ending: execution.ending.into(),
            stdout: execution.stdout,
            stderr: execution.stderr,
            value: execution.value,
            args_after: execution.args_after,
        }
    }
}

impl From<programs::Limits> for ProgramLimits {
    /// What is absent is the default; nothing goes beyond the ceiling.
    fn from(limits: programs::Limits) -> Self {
        let default = Self::default();
        let bytes = |count: u32, unit: usize| (count as usize).saturating_mul(unit);
        Self {
            cpu: limits.cpu_ms.map_or(default.cpu, |ms| std::time::Duration::from_millis(ms.into())),
            memory: limits.memory_mib.map_or(default.memory, |mib| bytes(mib, 1 << 20)),
            output: limits.output_kib.map_or(default.output, |kib| bytes(kib, 1 << 10)),
        }
        .capped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strings as they come: empty, with what JSON and terminals take for special, of every width in UTF-8.
    const TEXTS: [&str; 6] = ["", "plain", "\"\\\n\0\u{1b}", "äß", "中文\u{202e}", "\u{10ffff}🦀"];

    /// Every pair of texts.
    fn pairs() -> impl Iterator<Item = (String, String)> {
        TEXTS.iter().flat_map(|a| TEXTS.iter().map(|b| ((*a).to_owned(), (*b).to_owned())))
    }

    #[test]
    fn what_crosses_and_comes_back_is_the_same() {
        for (first, second) in pairs() {
            let calls = [
                Action::Script,
                Action::Evaluate(first.clone()),
                Action::Call {
                    target: first.clone(),
                    args: vec![second.clone(), first.clone()],
                    kwargs: vec![(first.clone(), second.clone()), (second.clone(), first.clone())],
                },
            ];
            for action in calls {
                let there: program_types::Action = action.clone().into();
                assert_eq!(format!("{:?}", Action::from(there)), format!("{action:?}"));
            }
            for line in [None, Some(0), Some(u32::MAX)] {
                let raised = Raised { kind: first.clone(), message: second.clone(), line, traceback: first.clone() };
                let there: program_types::Raised = raised.clone().into();
                assert_eq!(Raised::from(there), raised);
            }
            let diagnostic = Diagnostic { line: 0, column: u32::MAX, message: first };
            let there: program_types::Diagnostic = diagnostic.clone().into();
            assert_eq!(Diagnostic::from(there), diagnostic);
        }
    }

    #[test]
    fn a_sample_keeps_everything_and_the_first_response() {
        for (first, second) in pairs() {
            let message = WireMessage { role: first.clone(), content: second.clone(), extra: Some(first.clone()) };
            let sample = types::Sample::from(WireSample {
                id: second.clone(),
                messages: vec![message.clone(), WireMessage { extra: None, ..message }],
                responses: vec![first.clone(), second.clone()],
                reference: Some(second.clone()),
                fields: first.clone(),
            });
            assert_eq!((&sample.id, &sample.response, &sample.fields), (&second, &first, &first));
            assert_eq!(sample.reference.as_ref(), Some(&second));
            let messages: Vec<_> = sample.messages.iter().map(|m| (&m.role, &m.content, m.extra.as_ref())).collect();
            assert_eq!(messages, [(&first, &second, Some(&first)), (&first, &second, None)]);
        }
    }

    #[test]
    fn a_verdict_is_taken_over_as_it_stands_and_an_error_is_never_one() {
        for value in [0.0, -0.0, 1.5, f64::MIN_POSITIVE, f64::INFINITY, f64::NAN] {
            let score = types::Score { value, reason: "why".to_owned(), details: "{".to_owned() };
            let WireVerdict::Scored { value: taken, reason, details } = types::Verdict::Scored(score).into() else {
                panic!("another verdict");
            };
            assert_eq!((taken.to_bits(), reason.as_str(), details.as_str()), (value.to_bits(), "why", "{"));
        }
        for (error, expected) in [
            (types::GradeError::InvalidSample("x".to_owned()), ErrorKind::InvalidSample),
            (types::GradeError::InvalidParams("x".to_owned()), ErrorKind::InvalidParams),
            (types::GradeError::Internal("x".to_owned()), ErrorKind::GraderFailed),
        ] {
            assert!(matches!(error.into(), Answer::Failed { kind, reason } if kind == expected && reason == "x"));
        }
    }

    #[test]
    fn limits_are_the_default_where_absent_and_never_beyond_the_ceiling() {
        let (default, most) = (ProgramLimits::default(), ProgramLimits::CEILING);
        for count in [None, Some(0), Some(1), Some(5_000), Some(u32::MAX)] {
            let limits = ProgramLimits::from(programs::Limits { cpu_ms: count, memory_mib: count, output_kib: count });
            assert!(limits.cpu <= most.cpu && limits.memory <= most.memory && limits.output <= most.output);
            match count {
                None => assert_eq!(limits, default),
                Some(count) => {
                    let asked = (count as usize).saturating_mul(1 << 20).min(most.memory);
                    assert_eq!((limits.memory, limits == most), (asked, count == u32::MAX));
                }
            }
        }
    }
}
