//! The host's end of one worker process: what was sent, what came back, how it died.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdout, Command},
    sync::mpsc,
    time::Instant,
};

use super::{
    engine::Metering,
    limits::{ProgramLimits, backstop},
    offers::{Owner, WorkerId},
    pool::{Job, Shared},
    wire::{self, Answer, ComponentId, Done, FromWorker, Load, Ticket, Trace, Work},
    worker,
};
use crate::score::{ErrorKind, GradeError};

/// Work that a worker shall have waiting at the most, as processor time.
const AHEAD: Duration = Duration::from_millis(2);

/// Jobs that a worker may have at once.
const WINDOW: usize = 64;

/// Bytes of samples that a worker may have at once, beyond which it gets one sample at a time.
const WINDOW_BYTES: usize = 32 << 20;

/// How long after every limit of its own a worker may still answer.
const GRACE: Duration = Duration::from_secs(30);

/// Bytes that are read or written at once, at least where there are so many.
const READ: usize = 64 << 10;

/// How much of a dead worker's last words is kept, in bytes.
const LAST_WORDS: usize = 4 << 10;

/// Something happened at the pipe.
#[derive(Debug)]
pub(super) enum Event {
    /// Bytes arrived.
    Answers,
    /// The worker closed its output: it has ended.
    Ended,
    /// The pipe broke, or what came over it made no sense.
    Broken(String),
    /// No answer in a time in which every limit of the worker's own would have ended the work.
    Stuck,
}

/// One worker process.
pub(super) struct Connection {
    id: WorkerId,
    child: Child,
    output: ChildStdout,
    /// To the task that writes: the host must go on reading while a worker does not.
    input: mpsc::UnboundedSender<Vec<u8>>,
    received: Vec<u8>,
    under_way: VecDeque<(Ticket, Job)>,
    bytes_under_way: usize,
    loaded: HashSet<ComponentId>,
    next_ticket: Ticket,
    /// Smoothed processor time of a job.
    pace: Duration,
    last_words: Arc<Mutex<VecDeque<u8>>>,
    quiet_since: Instant,
}

/// A message to a worker, borrowed; the same on the wire as `ToWorker`. What others did with its offers is told by
/// `offers`.
#[derive(Serialize)]
enum Outgoing<'a> {
    Load(&'a Load),
    Work { ticket: Ticket, work: &'a Work },
}

impl Connection {
    /// Starts a worker, with nothing of this process's environment. It may read files of some directories.
    pub(super) fn open(
        program: &Path,
        metering: Metering,
        readable: &BTreeSet<PathBuf>,
        id: WorkerId,
    ) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args([worker::SUBCOMMAND, metering.name()])
            .args(readable)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Ctrl-C is for the host, which lets what is under way come to its end.
            .process_group(0)
            .spawn()?;
        let missing = || io::Error::other("the worker has no pipe");
        let mut stdin = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let (input, mut frames) = mpsc::unbounded_channel::<Vec<u8>>();
        tokio::spawn(async move {
            while let Some(mut frame) = frames.recv().await {
                // What waits already goes along: one call of the system, and one for the worker.
                while frame.len() < READ
                    && let Ok(next) = frames.try_recv()
                {
                    frame.extend_from_slice(&next);
                }
                if stdin.write_all(&frame).await.is_err() {
                    // The reading side sees the worker's end and knows what to do.
                    break;
                }
            }
        });
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(keep_tail(stderr, Arc::clone(&last_words)));
        Ok(Self {
            id,
            child,
            output,
            input,
            received: Vec::new(),
            under_way: VecDeque::new(),
            bytes_under_way: 0,
            loaded: HashSet::new(),
            next_ticket: 0,
            pace: AHEAD,
            last_words,
            quiet_since: Instant::now(),
        })
    }

    pub(super) fn id(&self) -> WorkerId {
        self.id
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether another job may be sent: enough to keep the worker busy, and never beside a suspect.
    pub(super) fn has_room(&self) -> bool {
        if self.under_way.iter().any(|(_, job)| job.suspect) {
            return false;
        }
        let ahead = AHEAD.as_nanos() / self.pace.as_nanos().max(1);
        let window = usize::try_from(ahead).unwrap_or(WINDOW).clamp(1, WINDOW);
        self.is_idle() || (self.under_way.len() < window && self.bytes_under_way < WINDOW_BYTES)
    }

    /// Sends a job, and before it whatever components it needs.
    pub(super) fn send(&mut self, shared: &Shared, job: Job) {
        if self.is_idle() {
            self.quiet_since = Instant::now();
        }
        let mut frames = Vec::new();
        if let Err(error) = self.encode(shared, &job, &mut frames) {
            let reason = format!("the sample cannot be sent to a worker: {error}");
            job.finish(Err(GradeError::new(ErrorKind::InvalidSample, reason)), Trace::default());
            return;
        }
        // A closed channel means that the worker has ended, which `receive` is about to see.
        let _ = self.input.send(frames);
        self.bytes_under_way += job.size;
        self.under_way.push_back((self.next_ticket, job));
        self.next_ticket += 1;
    }

    fn encode(&mut self, shared: &Shared, job: &Job, frames: &mut Vec<u8>) -> Result<(), postcard::Error> {
        let own = match &job.work {
            Work::Describe(component) => *component,
            Work::Grade(work) => work.component,
            Work::Program { runtime, .. } | Work::Programs { runtime, .. } => *runtime,
        };
        let runtimes = if job.needs_runtimes { shared.runtimes() } else { vec![] };
        for component in runtimes.into_iter().chain([own]) {
            let Some(registered) = shared.component(component) else { continue };
            if self.loaded.insert(component) {
                let load = Load { component, compiled: registered.compiled.clone(), role: registered.role.clone() };
                wire::encode(&Outgoing::Load(&load), frames)?;
            }
        }
        wire::encode(&Outgoing::Work { ticket: self.next_ticket, work: &job.work }, frames)
    }

    /// Waits for something to happen. Safe to be cancelled: bytes are taken up whole or not at all.
    pub(super) async fn receive(&mut self) -> Event {
        let deadline = self.deadline();
        self.received.reserve(READ);
        let read = self.output.read_buf(&mut self.received);
        let count = match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline, read).await {
                Ok(count) => count,
                Err(_) => return Event::Stuck,
            },
            None => read.await,
        };
        match count {
            Ok(0) => Event::Ended,
            Ok(_) => Event::Answers,
            Err(error) => Event::Broken(error.to_string()),
        }
    }

    /// When the oldest job must have been answered, whatever its limits say.
    fn deadline(&self) -> Option<Instant> {
        let (_, job) = self.under_way.front()?;
        let limit = match &job.work {
            // What its programs take is no part of its own time.
            Work::Grade(work) if work.grants.programs => work.limits.wall + work.limits.programs * 2,
            Work::Grade(work) => work.limits.wall,
            Work::Program { request, .. } => backstop(request.limits.cpu),
            Work::Programs { limits, inputs, .. } => {
                backstop(limits.cpu) * u32::try_from(inputs.len()).unwrap_or(u32::MAX)
            }
            Work::Describe(_) => backstop(ProgramLimits::default().cpu),
        };
        Some(self.quiet_since + limit + limit.min(GRACE))
    }

    /// Hands out the answers that have arrived whole.
    pub(super) fn settle(&mut self, shared: &Shared) {
        let mut consumed = 0;
        loop {
            match wire::decode::<FromWorker>(self.received.get(consumed..).unwrap_or_default()) {
                Ok(Some((message, used))) => {
                    consumed += used;
                    self.take_in(shared, message);
                }
                Ok(None) => break,
                Err(error) => {
                    // What follows cannot be told apart from it: the worker is given up.
                    self.remember(&format!("unreadable answer: {error}"));
                    let _ = self.child.start_kill();
                    break;
                }
            }
        }
        self.received.drain(..consumed);
        self.quiet_since = Instant::now();
    }

    fn take_in(&mut self, shared: &Shared, message: FromWorker) {
        match message {
            // The work that needs it is answered with an error of its own; this is the cause.
            FromWorker::Unloadable { component, reason } => {
                self.remember(&format!("component {component} cannot be loaded: {reason}"));
                self.fail_component(component, &reason);
            }
            FromWorker::Done(Done { ticket, answer, cpu, trace }) => {
                shared.count_cpu(cpu);
                self.pace = (self.pace * 7 + cpu) / 8;
                if let Some(job) = self.take_job(ticket) {
                    job.finish(Ok(*answer), trace);
                }
            }
            FromWorker::Offer(offer) => shared.add_offer(Owner { worker: self.id, input: self.input.clone() }, offer),
            FromWorker::Withdraw(offer) => shared.withdraw_offer(self.id, offer),
        }
    }

    fn take_job(&mut self, ticket: Ticket) -> Option<Job> {
        let position = self.under_way.iter().position(|(candidate, _)| *candidate == ticket)?;
        let (_, job) = self.under_way.remove(position)?;
        self.bytes_under_way = self.bytes_under_way.saturating_sub(job.size);
        Some(job)
    }

    /// Answers the jobs that wait for a component that cannot be loaded; the worker's own answers come to nobody.
    fn fail_component(&mut self, component: ComponentId, reason: &str) {
        let concerned = |job: &Job| match &job.work {
            Work::Describe(id) => *id == component,
            Work::Grade(work) => work.component == component,
            Work::Program { runtime, .. } | Work::Programs { runtime, .. } => *runtime == component,
        };
        let (failed, rest): (Vec<_>, Vec<_>) = self.under_way.drain(..).partition(|(_, job)| concerned(job));
        self.under_way = rest.into();
        self.loaded.remove(&component);
        for (_, job) in failed {
            self.bytes_under_way = self.bytes_under_way.saturating_sub(job.size);
            let reason = format!("the component cannot be loaded: {reason}");
            job.finish(Ok(Answer::Failed { kind: ErrorKind::GraderFailed, reason }), Trace::default());
        }
    }

    fn remember(&self, words: &str) {
        append(&self.last_words, words.as_bytes());
    }

    /// Ends the process for certain, and says how it ended and what it said last.
    pub(super) async fn autopsy(&mut self, death: Event) -> String {
        let how = match death {
            Event::Stuck => "it did not answer in time and was killed".to_owned(),
            Event::Broken(reason) => format!("its pipe broke: {reason}"),
            Event::Ended | Event::Answers => String::new(),
        };
        // A worker that has closed its output is about to end by itself, with a status worth knowing.
        let status = if let Ok(status) = tokio::time::timeout(Duration::from_secs(1), self.child.wait()).await {
            status
        } else {
            let _ = self.child.start_kill();
            self.child.wait().await
        };
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let words: Vec<u8> = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let words = String::from_utf8_lossy(&words);
        [how, status, words.trim().to_owned()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// The jobs that were not answered.
    pub(super) fn into_jobs(self) -> Vec<Job> {
        self.under_way.into_iter().map(|(_, job)| job).collect()
    }
}

/// Reads a worker's standard error to its end, and keeps the tail.
async fn keep_tail(mut stream: impl AsyncRead + Unpin, tail: Arc<Mutex<VecDeque<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        append(&tail, buffer.get(..count).unwrap_or_default());
    }
}

fn append(tail: &Mutex<VecDeque<u8>>, bytes: &[u8]) {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    tail.extend(bytes);
    let excess = tail.len().saturating_sub(LAST_WORDS);
    tail.drain(..excess);
}
