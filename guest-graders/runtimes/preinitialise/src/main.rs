//! Runs the export `initialize` of a language runtime once, at build time, and makes the memory that it leaves the one
//! that every instance begins with.
//!
//! `preinitialise IN.wasm OUT.wasm`

use std::{
    env, fs,
    path::PathBuf,
    pin::pin,
    task::{Context as Waiting, Poll, Waker},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{
    Config, Engine, Store,
    component::{Component, Instance, Lift, Linker, ResourceTable, WasmList},
};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

/// What is called.
const INITIALIZE: &str = "initialize";

/// The functions of the host that a runtime imports. None of them is there yet.
const HOST: (&str, [&str; 2]) = ("gradebox:runtime/host@0.1.0", ["write", "call-peer"]);

/// 2024-01-01T00:00:00Z, where the clock of every program starts.
const EPOCH: Duration = Duration::from_hours(473_352);

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, output] = arguments.as_slice() else { bail!("usage: preinitialise IN.wasm OUT.wasm") };
    let component = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let image = preinitialised(&component).map_err(|error| anyhow!("{error:?}"))?;
    fs::write(output, image).with_context(|| format!("cannot write {}", output.display()))
}

fn preinitialised(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument_component(component)?;
    let mut config = Config::new();
    config.concurrency_support(false).max_wasm_stack(1 << 20);
    let engine = Engine::new(&config)?;
    let mut store = Store::new(&engine, State::new());
    let compiled = Component::new(&engine, instrumented)?;
    let mut running = Running { instance: linker(&engine)?.instantiate(&mut store, &compiled)?, store };
    running.instance.get_typed_func::<(), ()>(&mut running.store, INITIALIZE)?.call(&mut running.store, ())?;
    // Nothing of it waits: the accessors are called on the spot.
    match pin!(wizer.snapshot_component(&context, &mut running)).poll(&mut Waiting::from_waker(Waker::noop())) {
        Poll::Ready(image) => image,
        Poll::Pending => wasmtime::bail!("taking the snapshot waits for something"),
    }
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    let mut host = linker.instance(HOST.0)?;
    for name in HOST.1 {
        host.func_new(name, move |_, _, _, _| wasmtime::bail!("`{name}` was called while there is no host"))?;
    }
    Ok(linker)
}

/// The state of the one store: a WASI without anything, and with a clock that stands still.
struct State {
    context: WasiCtx,
    table: ResourceTable,
}

impl State {
    fn new() -> Self {
        let context = WasiCtx::builder()
            .secure_random(Deterministic::new(vec![0x5a]))
            .insecure_random(Deterministic::new(vec![0xa5]))
            .insecure_random_seed(0)
            .wall_clock(StillClock)
            .monotonic_clock(StillClock)
            .build();
        Self { context, table: ResourceTable::new() }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }
}

/// The same image comes of the same component.
struct StillClock;

impl HostWallClock for StillClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        EPOCH
    }
}

impl HostMonotonicClock for StillClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        1_000
    }
}

/// The instance whose memory and globals are read.
struct Running {
    store: Store<State>,
    instance: Instance,
}

impl Running {
    /// Calls an accessor that wizer put into the component.
    fn read<T: Lift + Send + Sync + 'static, R>(
        &mut self,
        instance: &str,
        function: &str,
        take: impl FnOnce(&Store<State>, T) -> R,
    ) -> R {
        let mut read = || -> wasmtime::Result<T> {
            let store = &mut self.store;
            let index = |found: Option<_>| found.ok_or_else(|| wasmtime::Error::msg("an accessor is missing"));
            let exported = index(self.instance.get_export_index(&mut *store, None, instance))?;
            let function = index(self.instance.get_export_index(&mut *store, Some(&exported), function))?;
            Ok(self.instance.get_typed_func::<(), (T,)>(&mut *store, function)?.call(&mut *store, ())?.0)
        };
        match read() {
            Ok(value) => take(&self.store, value),
            Err(error) => unreachable!("wizer's own accessor failed: {error:?}"),
        }
    }
}

impl ComponentInstanceState for Running {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        self.read(instance, func, |store, bytes: WasmList<u8>| contents(bytes.as_le_slice(store)));
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.read(instance, func, |_, value| value)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.read(instance, func, |_, value| value)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.read(instance, func, |_, value: f32| value.to_bits())
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.read(instance, func, |_, value: f64| value.to_bits())
    }
}
