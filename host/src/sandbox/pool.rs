//! The host's side of the workers: a queue, and a supervisor for each worker process.

use std::{
    collections::{BTreeSet, VecDeque},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    process::Command,
    sync::{Notify, oneshot},
};

use super::{
    cache::{CompileCache, Compiled},
    compiler::{self, CompileError, CompileLimits},
    connection::{Connection, Event},
    engine::{Metering, Purpose},
    lockdown::Refused,
    offers::{Offers, Owner, Portion, WorkerId},
    wire::{Answer, ComponentId, LoadRole, LogLine, Offer, OfferId, Trace, Work},
    worker,
};
use crate::score::{ErrorKind, GradeError};

/// How many workers must die with one job alone before the job is blamed: a worker may also be killed from outside, for
/// want of memory say, by no fault of the job.
const LONE_DEATHS: u8 = 3;

/// How the sandbox is set up.
#[derive(Clone)]
pub struct SandboxSettings {
    /// Worker processes; one per core is best.
    pub jobs: usize,
    /// What the limits of graders and programs count.
    pub metering: Metering,
    /// The program to start as a worker: this one, as a rule.
    pub program: PathBuf,
    /// Told of every line that a grader logs: the grader's name and version, the row's id, the line.
    pub on_log: Option<LogSink>,
}

/// See [`SandboxSettings::on_log`].
pub type LogSink = Arc<dyn Fn(&str, &str, &LogLine) + Send + Sync>;

/// The sandbox cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("no language runtime for `{language}`; there are: {known}")]
    UnknownLanguage { language: String, known: String },
    #[error(transparent)]
    Failed(#[from] GradeError),
}

/// What became of the workers so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerStatistics {
    /// Worker processes started.
    pub started: u64,
    /// Worker processes that died and were replaced.
    pub replaced: u64,
    /// Processor time that workers spent on work.
    pub cpu: Duration,
}

/// A pool of worker processes. Cheap to clone; the workers start when there is work for them.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

/// What supervisors share.
pub(super) struct Shared {
    pub(super) settings: SandboxSettings,
    queue: Mutex<Queue>,
    offers: Mutex<Offers>,
    wake: Notify,
    components: Mutex<Vec<Arc<Registered>>>,
    ahead: Mutex<Ahead>,
    closed: AtomicBool,
    next_worker: AtomicU64,
    started: AtomicU64,
    replaced: AtomicU64,
    cpu_nanoseconds: AtomicU64,
}

/// Workers that are to be started before there is work for them.
#[derive(Default)]
struct Ahead {
    count: usize,
    /// Where the components will lie that they are told to load.
    directories: BTreeSet<PathBuf>,
}

/// What a supervisor does next.
enum Task {
    Job(Box<Job>),
    /// Start a worker, which waits for its jobs.
    Start,
}

/// A component that workers can load.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) compiled: Compiled,
    pub(super) role: LoadRole,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Jobs that were under way when a worker died: each runs alone.
    suspects: VecDeque<Job>,
}

/// A piece of work, and who waits for it.
pub(super) struct Job {
    pub(super) work: Work,
    /// Whether every language runtime must be loaded before it.
    pub(super) needs_runtimes: bool,
    pub(super) size: usize,
    recipient: Recipient,
    /// How many workers died with this job alone.
    lone_deaths: u8,
    pub(super) suspect: bool,
}

enum Recipient {
    /// Waits for the answer.
    Caller(oneshot::Sender<(Result<Answer, GradeError>, Trace)>),
    /// The worker that offered it, which runs it itself where there is no answer.
    Owner(Portion),
}

impl Job {
    fn new(work: Work, needs_runtimes: bool, size: usize, recipient: Recipient) -> Self {
        Self { work, needs_runtimes, size, recipient, lone_deaths: 0, suspect: false }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        match &self.recipient {
            Recipient::Caller(reply) => reply.is_closed(),
            Recipient::Owner(portion) => portion.is_abandoned(),
        }
    }

    pub(super) fn finish(self, answer: Result<Answer, GradeError>, trace: Trace) {
        match self.recipient {
            // Nobody may be waiting any more; that is theirs to decide.
            Recipient::Caller(reply) => drop(reply.send((answer, trace))),
            Recipient::Owner(portion) => portion.finish(answer.ok()),
        }
    }

    fn is_of_another_worker(&self) -> bool {
        matches!(self.recipient, Recipient::Owner(_))
    }
}

impl Sandbox {
    /// Makes the pool. Must be called within a tokio runtime.
    pub fn start(settings: SandboxSettings) -> Self {
        let jobs = settings.jobs.max(1);
        let shared = Arc::new(Shared {
            settings,
            queue: Mutex::default(),
            offers: Mutex::default(),
            wake: Notify::new(),
            components: Mutex::default(),
            ahead: Mutex::default(),
            closed: AtomicBool::new(false),
            next_worker: AtomicU64::new(0),
            started: AtomicU64::new(0),
            replaced: AtomicU64::new(0),
            cpu_nanoseconds: AtomicU64::new(0),
        });
        for _ in 0..jobs {
            tokio::spawn(supervise(Arc::clone(&shared)));
        }
        Self(shared)
    }

    /// Starts some workers now, for components of this cache: they are ready then when the first work comes. Of no use
    /// where there may be none.
    pub fn start_ahead(&self, workers: usize, cache: &CompileCache) {
        let mut ahead = lock(&self.0.ahead);
        ahead.count = workers.min(self.jobs());
        ahead.directories.insert(cache.directory().to_owned());
        drop(ahead);
        self.0.wake.notify_waiters();
    }

    /// Lets the workers end once the queue is empty.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.wake.notify_waiters();
        // A supervisor between two looks at the queue would miss the call above.
        self.0.wake.notify_one();
    }

    pub(super) fn on_log(&self) -> Option<&LogSink> {
        self.0.settings.on_log.as_ref()
    }

    pub fn metering(&self) -> Metering {
        self.0.settings.metering
    }

    /// The compiled form of a component, made by a process of its own.
    pub(super) async fn compile(
        &self,
        component: &[u8],
        purpose: Purpose,
        limits: CompileLimits,
    ) -> Result<Vec<u8>, CompileError> {
        compiler::compile(&self.0.settings.program, component, purpose, self.metering(), limits).await
    }

    /// What the operating system refuses to a worker, as one found that tried; else why that cannot be told.
    pub async fn try_what_is_refused(&self, cache: &CompileCache) -> Result<Refused, String> {
        let output = Command::new(&self.0.settings.program)
            .args([worker::SUBCOMMAND, worker::PROBE])
            .arg(cache.directory())
            .env_clear()
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| format!("no worker process can be started: {error}"))?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            format!("a worker process cannot give up its rights: {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    pub fn jobs(&self) -> usize {
        self.0.settings.jobs.max(1)
    }

    pub fn statistics(&self) -> WorkerStatistics {
        WorkerStatistics {
            started: self.0.started.load(Ordering::Relaxed),
            replaced: self.0.replaced.load(Ordering::Relaxed),
            cpu: Duration::from_nanos(self.0.cpu_nanoseconds.load(Ordering::Relaxed)),
        }
    }

    /// Makes a compiled component known to the workers, which load it when they first need it.
    pub(super) fn register(&self, compiled: Compiled, role: LoadRole) -> ComponentId {
        let mut components = lock(&self.0.components);
        let id = u32::try_from(components.len()).unwrap_or(u32::MAX);
        components.push(Arc::new(Registered { compiled, role }));
        id
    }

    /// Says which names select a language runtime in the workers that start from now on.
    pub(super) fn select_by(&self, runtime: ComponentId, languages: Vec<String>) {
        if let Some(registered) = lock(&self.0.components).get_mut(runtime as usize) {
            let compiled = registered.compiled.clone();
            *registered = Arc::new(Registered { compiled, role: LoadRole::Runtime { languages } });
        }
    }

    /// Does one piece of work in a worker. The second value is what is told of it beside.
    pub(super) async fn run(
        &self,
        work: Work,
        needs_runtimes: bool,
        size: usize,
    ) -> (Result<Answer, GradeError>, Trace) {
        let (reply, answer) = oneshot::channel();
        lock(&self.0.queue).jobs.push_back(Job::new(work, needs_runtimes, size, Recipient::Caller(reply)));
        self.0.wake.notify_one();
        answer.await.unwrap_or_else(|_| {
            (Err(GradeError::new(ErrorKind::Cancelled, "the sandbox was shut down")), Trace::default())
        })
    }
}

impl Shared {
    pub(super) fn component(&self, id: ComponentId) -> Option<Arc<Registered>> {
        lock(&self.components).get(id as usize).cloned()
    }

    /// Where the compiled components lie that workers may be told to load: nothing else is theirs to read.
    fn directories(&self) -> BTreeSet<PathBuf> {
        let mut directories = lock(&self.ahead).directories.clone();
        let components = lock(&self.components);
        let places = components.iter().filter_map(|registered| registered.compiled.path.parent());
        directories.extend(places.map(Path::to_owned));
        directories
    }

    /// Whether one more worker is to be started before there is work for it.
    fn take_ahead(&self) -> bool {
        let mut ahead = lock(&self.ahead);
        let is_wanted = 0 < ahead.count;
        ahead.count = ahead.count.saturating_sub(1);
        is_wanted
    }

    /// The ids of all language runtimes.
    pub(super) fn runtimes(&self) -> Vec<ComponentId> {
        let is_runtime = |registered: &Arc<Registered>| matches!(registered.role, LoadRole::Runtime { .. });
        (0..)
            .zip(lock(&self.components).iter())
            .filter(|(_, registered)| is_runtime(registered))
            .map(|(id, _)| id)
            .collect()
    }

    pub(super) fn count_cpu(&self, cpu: Duration) {
        self.cpu_nanoseconds.fetch_add(u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn add_offer(&self, owner: Owner, offer: Offer) {
        lock(&self.offers).add(owner, offer);
        // Not only one: it may be busy, and offers are for the idle.
        self.wake.notify_waiters();
    }

    pub(super) fn withdraw_offer(&self, worker: WorkerId, offer: OfferId) {
        lock(&self.offers).withdraw(worker, offer);
    }

    /// Inputs that another worker offers, for one that has nothing else to do.
    fn pop_offered(&self, is_running: bool) -> Option<Job> {
        let (work, portion) = lock(&self.offers).take(is_running)?;
        Some(Job::new(work, false, 0, Recipient::Owner(portion)))
    }

    /// A job, if one waits. Suspects go to idle workers only.
    fn pop(&self, idle: bool) -> Option<Job> {
        let mut queue = lock(&self.queue);
        loop {
            let suspect = if idle { queue.suspects.pop_front() } else { None };
            let job = suspect.or_else(|| queue.jobs.pop_front())?;
            if !job.is_abandoned() {
                return Some(job);
            }
        }
    }

    /// Waits for something to do; `None` when the sandbox is closed and nothing is left. A worker that does not run yet
    /// is not started for little.
    async fn next(&self, is_running: bool) -> Option<Task> {
        loop {
            let notified = self.wake.notified();
            if let Some(job) = self.pop(true).or_else(|| self.pop_offered(is_running)) {
                return Some(Task::Job(Box::new(job)));
            }
            if !is_running && self.take_ahead() {
                return Some(Task::Start);
            }
            if self.closed.load(Ordering::Acquire) {
                self.wake.notify_one();
                return None;
            }
            notified.await;
        }
    }

    /// What to do with the jobs that were under way when a worker died. What another worker offered goes back to it.
    fn bury(&self, worker: WorkerId, jobs: Vec<Job>, how: &str) {
        self.replaced.fetch_add(1, Ordering::Relaxed);
        lock(&self.offers).forget(worker);
        let (offered, mut jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::is_of_another_worker);
        for job in offered {
            job.finish(Err(GradeError::new(ErrorKind::WorkerDied, how)), Trace::default());
        }
        let alone = jobs.len() == 1;
        for job in &mut jobs {
            job.suspect = true;
            job.lone_deaths += u8::from(alone);
        }
        let (killers, suspects): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| LONE_DEATHS <= job.lone_deaths);
        for job in killers {
            let reason = format!("{LONE_DEATHS} worker processes died with this sample alone: {how}");
            job.finish(Err(GradeError::new(ErrorKind::WorkerDied, reason)), Trace::default());
        }
        lock(&self.queue).suspects.extend(suspects);
        self.wake.notify_one();
    }
}

/// Keeps one worker alive and fed until the sandbox is closed.
async fn supervise(shared: Arc<Shared>) {
    while let Some(task) = shared.next(false).await {
        let job = match task {
            Task::Job(job) => Some(*job),
            Task::Start => None,
        };
        let id = shared.next_worker.fetch_add(1, Ordering::Relaxed);
        let SandboxSettings { program, metering, .. } = &shared.settings;
        let mut connection = match Connection::open(program, *metering, &shared.directories(), id) {
            Ok(connection) => connection,
            Err(error) => {
                // Where there is no job yet, one will say it.
                if let Some(job) = job {
                    let reason = format!("cannot start a worker process: {error}");
                    job.finish(Err(GradeError::new(ErrorKind::WorkerDied, reason)), Trace::default());
                }
                continue;
            }
        };
        shared.started.fetch_add(1, Ordering::Relaxed);
        if let Some(job) = job {
            connection.send(&shared, job);
        }
        if let Err(death) = serve(&shared, &mut connection).await {
            let how = connection.autopsy(death).await;
            shared.bury(connection.id(), connection.into_jobs(), &how);
        }
    }
}

/// Feeds one worker until the sandbox is closed (`Ok`) or the worker dies.
async fn serve(shared: &Shared, connection: &mut Connection) -> Result<(), Event> {
    loop {
        while connection.has_room() {
            let Some(job) = shared.pop(connection.is_idle()) else { break };
            connection.send(shared, job);
        }
        let event = if connection.is_idle() {
            tokio::select! {
                task = shared.next(true) => match task {
                    Some(Task::Job(job)) => { connection.send(shared, *job); continue }
                    // It runs already.
                    Some(Task::Start) => continue,
                    None => return Ok(()),
                },
                event = connection.receive() => event,
            }
        } else {
            let has_room = connection.has_room();
            tokio::select! {
                event = connection.receive() => event,
                () = shared.wake.notified(), if has_room => continue,
            }
        };
        match event {
            Event::Answers => connection.settle(shared),
            death => return Err(death),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
