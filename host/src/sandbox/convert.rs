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
