//! An empty, deterministic WASI: no files, network, environment or arguments; a virtual clock and seeded randomness.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};
use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource, ResourceTable},
};
use wasmtime_wasi::{
    HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, async_trait,
    p2::{DynPollable, Pollable, pipe::MemoryOutputPipe, subscribe},
};

/// The name under which wasmtime-wasi registers its clock, which is replaced here. Guests built against an older 0.2
/// version are matched to it by the linker; a test checks that sleeping costs no time.
const MONOTONIC_CLOCK: &str = "wasi:clocks/monotonic-clock@0.2.12";

/// What hash maps are seeded from: all of WASI that most graders ever use, and not worth the rest being made for it.
const HASH_SEED: &str = "wasi:random/insecure-seed@0.2.12";

/// 2024-01-01T00:00:00Z: where every guest's wall clock starts.
const EPOCH_SECONDS: u64 = 1_704_067_200;

/// What a guest's clock moves on at each look, in nanoseconds: some runtimes refuse a clock that stands still.
const CLOCK_STEP: u64 = 1_000;

/// What every guest's random numbers begin with: all guests draw the same, on every machine.
const RANDOM_SEED: u64 = 0;

/// The seed of every guest's hash maps.
const HASH_SEEDS: (u64, u64) = (RANDOM_SEED, RANDOM_SEED);

/// A guest may not write more than this to its WASI standard error, in bytes; it serves panic messages only.
const STANDARD_ERROR: usize = 4 << 10;

/// The WASI part of a store's state.
pub(super) struct EmptyWasi {
    /// Made when the guest first asks for something, which most never do.
    served: Option<Served>,
    pub(super) table: ResourceTable,
    clock: VirtualClock,
}

struct Served {
    context: WasiCtx,
    standard_error: MemoryOutputPipe,
}

impl EmptyWasi {
    /// With room for so many resources.
    pub(super) fn new(resources: usize) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(resources);
        Self { served: None, table, clock: VirtualClock::default() }
    }

    /// Moves the guest's clock on: by what others did for it.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What the guest wrote to its standard error: the message of a panic, most often.
    pub(super) fn standard_error(&self) -> String {
        let written = |served: &Served| String::from_utf8_lossy(&served.standard_error.contents()).into_owned();
        self.served.as_ref().map(written).unwrap_or_default()
    }
}

impl Served {
    fn new(clock: &VirtualClock) -> Self {
        let standard_error = MemoryOutputPipe::new(STANDARD_ERROR);
        let context = WasiCtxBuilder::new()
            .allow_blocking_current_thread(true)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(64 << 10)
            .secure_random(StdRng::seed_from_u64(RANDOM_SEED))
            .insecure_random(StdRng::seed_from_u64(RANDOM_SEED + 1))
            .insecure_random_seed(RANDOM_SEED.into())
            .wall_clock(clock.clone())
            .stderr(standard_error.clone())
            .build();
        Self { context, standard_error }
    }
}

/// A store's state that has an [`EmptyWasi`].
pub(super) trait HasEmptyWasi: Send + 'static {
    fn wasi(&mut self) -> &mut EmptyWasi;
}

/// Lends a store's state to wasmtime-wasi.
pub(super) fn view(wasi: &mut EmptyWasi) -> WasiCtxView<'_> {
    let served = wasi.served.get_or_insert_with(|| Served::new(&wasi.clock));
    WasiCtxView { ctx: &mut served.context, table: &mut wasi.table }
}

/// Gives a linker every interface of WASI 0.2, with the virtual clock in the place of the real one.
pub(super) fn add_to_linker<T: HasEmptyWasi + WasiView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    let mut clock = linker.instance(MONOTONIC_CLOCK)?;
    clock.func_wrap("now", |mut store: StoreContextMut<'_, T>, (): ()| {
        Ok((store.data_mut().wasi().clock.advance(0),))
    })?;
    clock.func_wrap("resolution", |_: StoreContextMut<'_, T>, (): ()| Ok((CLOCK_STEP,)))?;
    clock.func_wrap("subscribe-duration", |mut store: StoreContextMut<'_, T>, (nanoseconds,): (u64,)| {
        let wasi = store.data_mut().wasi();
        wasi.clock.advance(nanoseconds);
        Ok((ready(wasi)?,))
    })?;
    clock.func_wrap("subscribe-instant", |mut store: StoreContextMut<'_, T>, (instant,): (u64,)| {
        let wasi = store.data_mut().wasi();
        wasi.clock.advance_to(instant);
        Ok((ready(wasi)?,))
    })?;
    linker.instance(HASH_SEED)?.func_wrap("insecure-seed", |_: StoreContextMut<'_, T>, (): ()| Ok((HASH_SEEDS,)))?;
    linker.allow_shadowing(false);
    Ok(())
}

fn ready(wasi: &mut EmptyWasi) -> wasmtime::Result<Resource<DynPollable>> {
    let ready = wasi.table.push(Ready)?;
    subscribe(&mut wasi.table, ready)
}

/// Nanoseconds that have passed for one guest: it moves when the guest looks, sleeps or has programs run, and only then.
#[derive(Debug, Clone, Default)]
struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    fn advance(&self, nanoseconds: u64) -> u64 {
        let now = self.0.load(Ordering::Relaxed).saturating_add(nanoseconds).saturating_add(CLOCK_STEP);
        self.0.store(now, Ordering::Relaxed);
        now
    }

    fn advance_to(&self, instant: u64) {
        self.0.fetch_max(instant, Ordering::Relaxed);
    }
}

impl HostWallClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(CLOCK_STEP)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(EPOCH_SECONDS) + Duration::from_nanos(self.advance(0))
    }
}

/// A moment that has come already.
struct Ready;

#[async_trait]
impl Pollable for Ready {
    async fn ready(&mut self) {}
}
