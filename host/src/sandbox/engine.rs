//! The two engines: one for graders, one for language runtimes. Each setting with its reason.

use std::fs;

use super::limits::TABLE_ELEMENTS;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// What an engine runs; the two differ in stack and slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Graders,
    Runtimes,
}

impl Purpose {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Graders => "graders",
            Self::Runtimes => "runtimes",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Graders, Self::Runtimes].into_iter().find(|purpose| purpose.name() == name)
    }
}

/// What the limits on work count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Metering {
    /// Processor time: fast, and a program near its limit may end either way.
    #[default]
    Time,
    /// Instructions of WebAssembly: somewhat slower, and the same on every machine and under every load.
    Fuel,
}

impl Metering {
    /// The metering's name: `time` or `fuel`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Fuel => "fuel",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Time, Self::Fuel].into_iter().find(|metering| metering.name() == name)
    }
}

/// How often a running guest is looked at, in milliseconds.
pub(super) const TICK_MILLISECONDS: u64 = 4;

/// Native stack of the worker's thread: the runtimes' stack on top of the graders', and room for the host's own frames.
pub(super) const THREAD_STACK: usize = RUNTIME_STACK + GRADER_STACK + (16 << 20);

const GRADER_STACK: usize = 512 << 10;

/// Of the memory of a language runtime, how much is restored in place; what a program took beyond is given back.
const KEPT_RESIDENT: usize = 64 << 20;

const TABLE_KEPT_RESIDENT: usize = 1 << 20;

/// `CPython` needs far more than the usual 512 KiB: with less, its own recursion check comes after the engine's trap.
const RUNTIME_STACK: usize = 48 << 20;

/// Builds the engine that components of this purpose are compiled for and run in.
pub(super) fn engine(purpose: Purpose, metering: Metering) -> wasmtime::Result<Engine> {
    let mut config = config(purpose, metering);
    if !may_be_swapped() {
        // Fails where the kernel cannot tell which pages were written to.
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(keeping_resident(pool(purpose))));
        if let Ok(engine) = Engine::new(&config) {
            return Ok(engine);
        }
    }
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(purpose)));
    Engine::new(&config)
}

/// The pool, with memory that is restored page by page where it was written to, instead of being given back and
/// mapped anew: page faults are most of what a fresh interpreter costs.
fn keeping_resident(mut pool: PoolingAllocationConfig) -> PoolingAllocationConfig {
    pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(KEPT_RESIDENT).table_keep_resident(TABLE_KEPT_RESIDENT);
    pool
}

/// Whether pages of this process may be swapped out. The scan of wasmtime 48 would take a page that was written to and
/// swapped out for one that was not, and leave it to the next instance.
fn may_be_swapped() -> bool {
    // The first line is a heading.
    fs::read_to_string("/proc/swaps").map_or(true, |swaps| swaps.lines().count() > 1)
}

/// Builds an engine that compiles for those of [`engine`] and looks at their code, and has no room for instances.
pub(super) fn compiling_engine(purpose: Purpose, metering: Metering) -> wasmtime::Result<Engine> {
    Engine::new(&config(purpose, metering))
}

/// Builds an engine for fuzzers, which compile a component a thousand times for each that they run.
#[cfg(fuzzing)]
pub(super) fn hasty_engine(purpose: Purpose, metering: Metering) -> wasmtime::Result<Engine> {
    let mut config = config(purpose, metering);
    config.cranelift_opt_level(OptLevel::None).parallel_compilation(false);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(purpose)));
    Engine::new(&config)
}

fn config(purpose: Purpose, metering: Metering) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        // The clock that time limits hang on.
        .epoch_interruption(true)
        .consume_fuel(metering == Metering::Fuel)
        // A fresh instance maps the component's initial memory instead of copying it: ten times cheaper for `CPython`.
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(256 << 20)
        // Contract calls are synchronous.
        .concurrency_support(false)
        // Guests must give the same answer on every machine.
        .cranelift_nan_canonicalization(purpose == Purpose::Graders)
        .wasm_relaxed_simd(false)
        // Proposals that no toolchain of ours needs: a smaller surface. Multi-memory stays on, because wasmtime's own
        // adapters between the core modules of a component need it.
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        // A trap's reason is what counts; walking the stack of hostile code is work it could make us do.
        .wasm_backtrace_max_frames(None);
    match purpose {
        Purpose::Graders => config.max_wasm_stack(GRADER_STACK),
        Purpose::Runtimes => config.max_wasm_stack(RUNTIME_STACK).async_stack_size(RUNTIME_STACK + (1 << 20)),
    };
    config
}

fn pool(purpose: Purpose) -> PoolingAllocationConfig {
    // A worker grades one sample at a time, but a grader may hold several programs' sessions open.
    let slots = match purpose {
        Purpose::Graders => 4,
        Purpose::Runtimes => 16,
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        // componentize-py links up to 40 core modules into one component.
        .max_core_instances_per_component(64)
        .total_core_instances(slots * 64)
        .max_memories_per_component(4)
        .total_memories(slots)
        .max_tables_per_component(16)
        .total_tables(slots * 8)
        .total_stacks(slots)
        .table_elements(TABLE_ELEMENTS)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .pagemap_scan(Enabled::No);
    pool
}
