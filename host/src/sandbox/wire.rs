//! What the host and a worker process say to each other: frames of a length and a postcard body.
//!
//! Both ends are the same binary, so the format has no versions. Columns, parameters and details cross as JSON text.

use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    cache::Compiled,
    limits::{GradeLimits, ProgramLimits},
};
use crate::{
    grader::Mode,
    score::{ErrorKind, Scale},
};

/// A component as workers know it.
pub(super) type ComponentId = u32;

/// Names a piece of work while it is under way.
pub(super) type Ticket = u64;

/// From the host to a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum ToWorker {
    Load(Load),
    Work { ticket: Ticket, work: Work },
    News(News),
}

/// Names an offer among those of one worker.
pub(super) type OfferId = u64;

/// What became of inputs that a worker offered to the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum News {
    /// Others have begun the inputs from this place on.
    Taken { offer: OfferId, from: u32 },
    /// What the program did with inputs, by their places.
    Done { offer: OfferId, executions: Vec<(u32, Execution)> },
    /// The worker that had begun these will not finish them.
    Returned { offer: OfferId, inputs: Vec<u32> },
}

/// Makes a compiled component known; sent once to each worker that needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Load {
    pub(super) component: ComponentId,
    pub(super) compiled: Compiled,
    pub(super) role: LoadRole,
}

/// What the component is loaded as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum LoadRole {
    Grader {
        mode: WireMode,
    },
    /// A language runtime, with every name that selects it.
    Runtime {
        languages: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WireMode {
    Pointwise,
    Listwise,
}

impl From<Mode> for WireMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Pointwise => Self::Pointwise,
            Mode::Listwise => Self::Listwise,
        }
    }
}

/// One piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Work {
    Describe(ComponentId),
    Grade(GradeWork),
    Program {
        runtime: ComponentId,
        request: ProgramRequest,
    },
    /// One program on some inputs, which another worker has offered.
    Programs {
        runtime: ComponentId,
        source: String,
        /// What that worker's own sandbox has compiled.
        compiled: Option<Vec<u8>>,
        limits: ProgramLimits,
        inputs: Vec<ProgramInput>,
    },
}

/// An action, and what the program reads from standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ProgramInput {
    pub(super) action: Action,
    pub(super) stdin: Vec<u8>,
}

impl ProgramInput {
    /// About how many bytes it is.
    pub(super) fn size(&self) -> usize {
        let action = match &self.action {
            Action::Script => 0,
            Action::Call { target, args, kwargs } => {
                let named: usize = kwargs.iter().map(|(name, value)| name.len() + value.len()).sum();
                target.len() + args.iter().map(String::len).sum::<usize>() + named
            }
            Action::Evaluate(expression) => expression.len(),
        };
        action + self.stdin.len()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GradeWork {
    pub(super) component: ComponentId,
    pub(super) sample: WireSample,
    pub(super) params: String,
    pub(super) grants: WireGrants,
    pub(super) limits: GradeLimits,
    /// The model calls that this grade has made before, in their order, with what came back.
    pub(super) answered: Vec<AnsweredCall>,
}

/// A question of a grader to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ModelCall {
    pub(super) role: String,
    pub(super) messages: Vec<WireMessage>,
    /// A JSON object, as far as the grader keeps to the contract.
    pub(super) options: String,
}

/// A question, with the JSON that the grader is answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AnsweredCall {
    pub(super) call: ModelCall,
    pub(super) reply: String,
}

/// The capabilities that a grade may use.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct WireGrants {
    pub(super) programs: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WireSample {
    pub(super) id: String,
    pub(super) messages: Vec<WireMessage>,
    /// One response for a pointwise grader, several for a listwise one.
    pub(super) responses: Vec<String>,
    pub(super) reference: Option<String>,
    pub(super) fields: String,
}

impl WireSample {
    /// About how many bytes the sample is.
    pub(super) fn size(&self) -> usize {
        let messages: usize = self.messages.iter().map(WireMessage::size).sum();
        let responses: usize = self.responses.iter().map(String::len).sum();
        messages + responses + self.fields.len() + self.reference.as_ref().map_or(0, String::len)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WireMessage {
    pub(super) role: String,
    pub(super) content: String,
    pub(super) extra: Option<String>,
}

impl WireMessage {
    /// About how many bytes it is.
    pub(super) fn size(&self) -> usize {
        self.role.len() + self.content.len() + self.extra.as_ref().map_or(0, String::len)
    }
}

/// From a worker to the host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// The component could not be loaded; work for it will fail with this reason.
    Unloadable {
        component: ComponentId,
        reason: String,
    },
    Done(Done),
    /// Inputs that an idle worker may run.
    Offer(Offer),
    /// Nobody shall begin an input of this offer any more.
    Withdraw(OfferId),
}

/// Inputs of a program that a worker would run, and others may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) id: OfferId,
    pub(super) runtime: ComponentId,
    pub(super) source: String,
    /// What a sandbox of the program has compiled.
    pub(super) compiled: Option<Vec<u8>>,
    pub(super) limits: ProgramLimits,
    /// With their places in the run.
    pub(super) inputs: Vec<(u32, ProgramInput)>,
    /// What one input takes, as far as is known.
    pub(super) pace: Duration,
}

/// A piece of work that is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) ticket: Ticket,
    pub(super) answer: Box<Answer>,
    /// Processor time that it took.
    pub(super) cpu: Duration,
    pub(super) trace: Trace,
}

/// What is told of a piece of work beside its answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Trace {
    pub(super) log: Vec<LogLine>,
    /// Instructions, where they count.
    pub(super) fuel: Option<FuelUsed>,
    /// The language runtimes that were used, sorted.
    pub(super) runtimes: Vec<ComponentId>,
}

/// Instructions that a grade took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FuelUsed {
    pub(super) grader: u64,
    pub(super) programs: u64,
}

/// How much a log line matters to its grader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// One line that a grader logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub level: LogLevel,
    pub message: String,
}

/// What came of a piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Answer {
    Grader(WireDescription),
    Language(WireLanguage),
    Verdict(WireVerdict),
    Execution(Execution),
    Executions(Vec<Execution>),
    /// The grade wants a model's answer, which is not on record: it is done again from its start with it. `after` of
    /// the answers that it was given were of use.
    Asks {
        call: ModelCall,
        after: usize,
    },
    Failed {
        kind: ErrorKind,
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct WireDescription {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) summary: String,
    pub(super) scale: Scale,
    pub(super) required_fields: Vec<Vec<String>>,
    pub(super) optional_fields: Vec<String>,
    pub(super) params_schema: String,
    pub(super) examples: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct WireLanguage {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) aliases: Vec<String>,
    pub(super) extensions: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum WireVerdict {
    Scored { value: f64, reason: String, details: String },
    Ranked { ranks: Vec<u32>, reason: String },
    NotApplicable(String),
    Undecided(String),
}

/// An untrusted program and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRequest {
    /// A language or alias that a runtime answers to.
    pub language: String,
    pub source: String,
    pub action: Action,
    pub stdin: Vec<u8>,
    pub limits: ProgramLimits,
}

/// What to do with a program. Values are in the contract's tagged encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Run it from top to bottom.
    Script,
    /// Run it as a module, then call one of its functions.
    Call { target: String, args: Vec<String>, kwargs: Vec<(String, String)> },
    /// Run it as a module, then evaluate an expression in it.
    Evaluate(String),
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    Completed,
    Raised(Raised),
    Exited(i32),
    TimedOut,
    OutOfMemory,
    StackOverflow,
    OutputExceeded,
    Crashed(String),
}

impl Ending {
    /// The ending's name, such as `timed-out`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Raised(_) => "raised",
            Self::Exited(_) => "exited",
            Self::TimedOut => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::StackOverflow => "stack-overflow",
            Self::OutputExceeded => "output-exceeded",
            Self::Crashed(_) => "crashed",
        }
    }
}

/// An exception that nothing caught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// The exception's type, such as `ValueError`.
    pub kind: String,
    pub message: String,
    /// 1-based.
    pub line: Option<u32>,
    pub traceback: String,
}

/// One syntax error of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    pub message: String,
}

/// What a program did. Nothing in it is to be trusted beyond "this is what the program said".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    pub ending: Ending,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// The result of a call or an evaluation, in the tagged encoding.
    pub value: Option<String>,
    /// The call's arguments as the program left them.
    pub args_after: Vec<String>,
    /// Processor time, the making and the dropping of the sandbox included.
    pub cpu: Duration,
    pub wall: Duration,
    /// Instructions of the last step, where they count instead of processor time.
    pub fuel: Option<u64>,
    /// Linear memory at its most, in bytes, the language runtime's own included.
    pub peak_memory: usize,
}

impl Execution {
    /// About how many bytes it is.
    pub(super) fn size(&self) -> usize {
        let values = self.value.iter().chain(&self.args_after).map(String::len).sum::<usize>();
        self.stdout.len() + self.stderr.len() + values
    }
}

/// A frame's length field, in bytes.
const LENGTH: usize = 4;

/// Appends one message, framed, to a buffer.
pub(super) fn encode<T: Serialize>(message: &T, buffer: &mut Vec<u8>) -> Result<(), postcard::Error> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; LENGTH]);
    let taken = std::mem::take(buffer);
    *buffer = postcard::to_extend(message, taken)?;
    let length = u32::try_from(buffer.len() - start - LENGTH).map_err(|_| postcard::Error::SerializeBufferFull)?;
    if let Some(field) = buffer.get_mut(start..start + LENGTH) {
        field.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// The first whole message of a buffer, and how many bytes it took; `None` when it has not arrived whole.
pub(super) fn decode<T: DeserializeOwned>(buffer: &[u8]) -> Result<Option<(T, usize)>, postcard::Error> {
    let Some((length, rest)) = buffer.split_first_chunk::<LENGTH>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    let Some(body) = rest.get(..length) else { return Ok(None) };
    Ok(Some((postcard::from_bytes(body)?, LENGTH + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_or_not_at_all() {
        let mut buffer = Vec::new();
        encode(&Work::Describe(7), &mut buffer).unwrap();
        let first = buffer.len();
        encode(&Work::Describe(8), &mut buffer).unwrap();
        for cut in 0..first {
            assert!(decode::<Work>(&buffer[..cut]).unwrap().is_none());
        }
        let (work, used) = decode::<Work>(&buffer).unwrap().unwrap();
        assert!(matches!(work, Work::Describe(7)));
        assert_eq!(used, first);
        assert!(matches!(decode::<Work>(&buffer[used..]).unwrap(), Some((Work::Describe(8), _))));
    }
}
