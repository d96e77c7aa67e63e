//! What a grade and a program may use, and the meters that hold them to it.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

use super::engine::Metering;

/// What a millisecond of a limit is worth where instructions count: about what `CPython` gets done in one, which is
/// 10 to 17 million on common machines.
pub const FUEL_PER_MILLISECOND: u64 = 10_000_000;

/// The fuel that stands for some processor time.
pub(super) fn fuel(cpu: Duration) -> u64 {
    let fuel = cpu.as_nanos().saturating_mul(FUEL_PER_MILLISECOND.into()) / 1_000_000;
    u64::try_from(fuel).unwrap_or(u64::MAX)
}

/// The processor time that some fuel stands for.
pub(super) fn time_for(fuel: u64) -> Duration {
    let nanoseconds = u128::from(fuel) * 1_000_000 / u128::from(FUEL_PER_MILLISECOND);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// What one grade of a component may use, programs that it asks the host to run apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeLimits {
    /// Processor time.
    pub cpu: Duration,
    /// Wall-clock time after which the grade is taken for stuck, by the machine's fault; programs apart.
    pub wall: Duration,
    /// Processor time of all the programs together that it asks the host to run, or what stands for it.
    pub programs: Duration,
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Bytes that may cross from the component to the host in one call.
    pub transfer: usize,
    /// Resources of the host that the component may hold at once: streams, clocks, sessions.
    pub handles: usize,
    /// Bytes of log kept of one grade; what comes after is dropped.
    pub log: usize,
}

impl Default for GradeLimits {
    fn default() -> Self {
        let cpu = Duration::from_secs(5);
        Self {
            cpu,
            wall: backstop(cpu),
            programs: Duration::from_hours(1),
            memory: 256 << 20,
            transfer: 64 << 20,
            handles: 1_000,
            log: 16 << 10,
        }
    }
}

impl GradeLimits {
    /// For a component's description, which is the first that is heard of it and takes no work.
    pub(super) fn of_a_description() -> Self {
        let cpu = Duration::from_secs(1);
        Self { cpu, wall: backstop(cpu), ..Self::default() }
    }
}

/// What one step of an untrusted program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramLimits {
    /// Processor time.
    pub cpu: Duration,
    /// Linear memory, in bytes; the language runtime's own included.
    pub memory: usize,
    /// Standard output and error together, in bytes.
    pub output: usize,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        Self { cpu: Duration::from_secs(5), memory: 256 << 20, output: 1 << 20 }
    }
}

impl ProgramLimits {
    /// What no grader can ask beyond.
    pub const CEILING: Self = Self { cpu: Duration::from_mins(2), memory: 2 << 30, output: 16 << 20 };

    /// These limits, none above the ceiling.
    #[must_use]
    pub fn capped(self) -> Self {
        Self {
            cpu: self.cpu.min(Self::CEILING.cpu),
            memory: self.memory.min(Self::CEILING.memory),
            output: self.output.min(Self::CEILING.output),
        }
    }
}

/// The wall-clock time after which a guest with this processor time is taken for stuck. Reaching it says something of
/// the machine, not of the guest.
pub(super) fn backstop(cpu: Duration) -> Duration {
    cpu.saturating_mul(10).saturating_add(Duration::from_secs(30))
}

/// Why the host stopped a guest; carried as the error of its trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Interrupt {
    #[error("processor time used up")]
    Cpu,
    #[error("the wall-clock backstop was reached")]
    Wall,
    #[error("output limit reached")]
    Output,
}

/// Counts the processor time of one guest, on the thread that runs it.
#[derive(Debug)]
pub(super) struct Stopwatch {
    metering: Metering,
    started: Duration,
    excluded: Duration,
    limit: Duration,
    backstop: Duration,
    wall: Instant,
    wall_excluded: Duration,
}

impl Stopwatch {
    /// For a guest with this processor time, and the wall-clock time that goes with it.
    pub(super) fn start(metering: Metering, limit: Duration) -> Self {
        Self::with_backstop(metering, limit, backstop(limit))
    }

    pub(super) fn with_backstop(metering: Metering, limit: Duration, backstop: Duration) -> Self {
        Self {
            metering,
            started: thread_cpu_time(),
            excluded: Duration::ZERO,
            limit,
            backstop,
            wall: Instant::now(),
            wall_excluded: Duration::ZERO,
        }
    }

    /// Processor time used, without what was excluded.
    pub(super) fn cpu(&self) -> Duration {
        thread_cpu_time().saturating_sub(self.started + self.excluded)
    }

    pub(super) fn wall(&self) -> Duration {
        self.wall.elapsed().saturating_sub(self.wall_excluded)
    }

    /// Takes out what somebody else used while this guest waited for it.
    pub(super) fn exclude(&mut self, cpu: Duration, wall: Duration) {
        self.excluded += cpu;
        self.wall_excluded += wall;
    }

    /// What the epoch callback of a store answers at each tick.
    pub(super) fn tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.metering == Metering::Time && self.limit <= self.cpu() {
            return Err(Interrupt::Cpu.into());
        }
        if self.backstop <= self.wall() {
            return Err(Interrupt::Wall.into());
        }
        Ok(UpdateDeadline::Continue(1))
    }
}

/// Gives a store the fuel that its limit is worth, where fuel counts.
pub(super) fn refuel<T>(store: &mut Store<T>, metering: Metering, cpu: Duration) -> wasmtime::Result<()> {
    match metering {
        Metering::Time => Ok(()),
        Metering::Fuel => store.set_fuel(fuel(cpu)),
    }
}

/// The fuel that a store has used since it was given that of its limit; `None` where fuel does not count.
pub(super) fn fuel_used<T>(store: &Store<T>, cpu: Duration) -> Option<u64> {
    // A store without fuel says so by an error.
    store.get_fuel().ok().map(|left| fuel(cpu).saturating_sub(left))
}

/// Processor time of the current thread since it began.
pub(super) fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}

/// Elements that a table may have: what the pool has room for.
pub(super) const TABLE_ELEMENTS: usize = 64 << 10;

/// Refuses memory and tables beyond a limit, and remembers that it did.
#[derive(Debug)]
pub(super) struct MemoryLimiter {
    limit: usize,
    /// The most linear memory that was in use at once, in bytes.
    pub(super) peak: usize,
    /// Whether growth of a memory was refused.
    pub(super) refused: bool,
    /// Whether growth of a table was refused.
    pub(super) table_refused: bool,
}

impl MemoryLimiter {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, peak: 0, refused: false, table_refused: false }
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.limit;
        if allowed {
            self.peak = self.peak.max(desired);
        } else {
            self.refused = true;
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= TABLE_ELEMENTS;
        self.table_refused |= !allowed;
        Ok(allowed)
    }
}
