//! A runtime whose image is being made: it runs, and between two calls its memory lies open.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{
    Config, Engine, OptLevel, Store,
    component::{Component, HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{Deterministic, WasiCtx, WasiCtxView, WasiView};

use crate::memory::{VisibleMemories, VisibleMemory};

mod bindings {
    #![allow(clippy::pedantic, unreachable_pub, reason = "generated code")]

    wasmtime::component::bindgen!({
        path: ["../../../wit/grader", "../../../wit/runtime", "../../../wit/compiling", "wit"],
        world: "gradebox:making/runtime-in-the-making",
    });
}

pub(crate) use self::bindings::exports::gradebox::making::making::{Object, Tested, WarmUp};
use self::bindings::{
    RuntimeInTheMaking,
    exports::gradebox::runtime::interpreter::{Outcome, Stop},
    gradebox::{
        grader::program_types::{self, Action, Call},
        runtime::host,
    },
};

/// The peer of a test: every name that the test does not define.
const EVERY_NAME: &str = "*";

/// What `CPython` needs for its own recursion checks to come before the engine's.
pub(crate) const STACK: usize = 48 << 20;

/// A runtime that can be started many times.
pub(crate) struct Runtime {
    engine: Engine,
    component: Component,
    memories: Arc<VisibleMemories>,
}

/// A running runtime.
pub(crate) struct Making {
    store: Store<State>,
    runtime: RuntimeInTheMaking,
    memory: VisibleMemory,
}

impl Runtime {
    pub(crate) fn compile(component: &[u8]) -> Result<Self> {
        Self::compiled(component).map_err(failed)
    }

    fn compiled(component: &[u8]) -> wasmtime::Result<Self> {
        let memories = Arc::new(VisibleMemories::default());
        let mut config = Config::new();
        config
            .cranelift_opt_level(OptLevel::None)
            .concurrency_support(false)
            .max_wasm_stack(STACK)
            .async_stack_size(STACK + (1 << 20))
            // An image can only be mapped into memory of the engine's own.
            .memory_init_cow(false)
            .memory_reservation(0)
            .memory_reservation_for_growth(0)
            .memory_guard_size(0)
            .with_host_memory(Arc::<VisibleMemories>::clone(&memories));
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        Ok(Self { engine, component, memories })
    }

    pub(crate) fn start(&self) -> Result<Making> {
        let (store, runtime) = self.instance().map_err(failed)?;
        let memory = self.memories.take().context("the component has no memory")?;
        Ok(Making { store, runtime, memory })
    }

    fn instance(&self) -> wasmtime::Result<(Store<State>, RuntimeInTheMaking)> {
        let mut linker = Linker::new(&self.engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
        host::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        let mut store = Store::new(&self.engine, State::new());
        let runtime = RuntimeInTheMaking::instantiate(&mut store, &self.component, &linker)?;
        Ok((store, runtime))
    }
}

impl Making {
    pub(crate) fn memory(&mut self) -> &mut [u8] {
        self.memory.bytes(&mut self.store)
    }

    pub(crate) fn warm_ups(&mut self) -> Result<Vec<WarmUp>> {
        self.runtime.gradebox_making_making().call_warm_ups(&mut self.store).map_err(failed)
    }

    /// Runs a program as the host does, from its source and as another instance would have compiled it. How it ends is its
    /// own affair.
    pub(crate) fn run(&mut self, program: &WarmUp) -> Result<()> {
        if !self.load(&program.source, &[])? {
            return Ok(());
        }
        let bytes = self.runtime.gradebox_compiling_compiler().call_compiled(&mut self.store).map_err(failed)?;
        let _ = self.perform(&program.action, &program.stdin)?;
        if let Some(bytes) = bytes {
            let compiler = self.runtime.gradebox_compiling_compiler();
            if compiler.call_load_compiled(&mut self.store, &program.source, &bytes, &[]).map_err(failed)? {
                let _ = self.perform(&program.action, &program.stdin)?;
            }
        }
        Ok(())
    }

    pub(crate) fn tests(&mut self) -> Result<Vec<Tested>> {
        self.runtime.gradebox_making_making().call_tests(&mut self.store).map_err(failed)
    }

    /// Runs a test, with the program in another runtime. What comes of it is its own affair.
    pub(crate) fn test(&mut self, tested: &Tested, mut program: Self) -> Result<Self> {
        program.load(&tested.program, &[])?;
        self.store.data_mut().peer = Some(Box::new(program));
        if self.load(&tested.test, &[EVERY_NAME.to_owned()])? {
            let _ = self.perform(&Action::Call(tested.call.clone()), &[])?;
        }
        let program = self.store.data_mut().peer.take().context("the program of a test")?;
        Ok(*program)
    }

    fn load(&mut self, source: &str, peers: &[String]) -> Result<bool> {
        let interpreter = self.runtime.gradebox_runtime_interpreter();
        Ok(interpreter.call_load(&mut self.store, source, peers).map_err(failed)?.is_ok())
    }

    fn perform(&mut self, action: &Action, stdin: &[u8]) -> Result<Result<Outcome, Stop>> {
        let interpreter = self.runtime.gradebox_runtime_interpreter();
        interpreter.call_perform(&mut self.store, action, stdin).map_err(failed)
    }

    pub(crate) fn settle(&mut self, room: u32) -> Result<()> {
        self.runtime.gradebox_making_making().call_settle(&mut self.store, room).map_err(failed)?;
        if !self.store.data().table.is_empty() {
            bail!("the runtime holds resources of the host, which no later instance has");
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) -> Result<()> {
        self.runtime.gradebox_making_making().call_clear(&mut self.store).map_err(failed)
    }

    pub(crate) fn watch(&mut self) -> Result<()> {
        self.runtime.gradebox_making_making().call_watch(&mut self.store).map_err(failed)
    }

    pub(crate) fn release(&mut self) -> Result<()> {
        self.runtime.gradebox_making_making().call_release(&mut self.store).map_err(failed)
    }

    pub(crate) fn gather(&mut self) -> Result<()> {
        self.runtime.gradebox_making_making().call_gather(&mut self.store).map_err(failed)
    }

    pub(crate) fn refresh(&mut self) -> Result<()> {
        self.runtime.gradebox_making_making().call_refresh(&mut self.store).map_err(failed)
    }

    pub(crate) fn names(&mut self) -> Result<Vec<String>> {
        let names = self.runtime.gradebox_making_making().call_names(&mut self.store).map_err(failed)?;
        (!names.is_empty()).then_some(names).context("the runtime finds no names")
    }

    pub(crate) fn objects(&mut self) -> Result<Vec<Object>> {
        let objects = self.runtime.gradebox_making_making().call_objects(&mut self.store).map_err(failed)?;
        (!objects.is_empty()).then_some(objects).context("the runtime finds no objects")
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the signature that `map_err` wants")]
fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("the runtime failed: {error:#}")
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    /// The program of the test that runs here.
    peer: Option<Box<Making>>,
}

impl State {
    fn new() -> Self {
        let wasi = WasiCtx::builder()
            .allow_blocking_current_thread(true)
            .secure_random(Deterministic::new(vec![0x5a]))
            .insecure_random(Deterministic::new(vec![0xa5]))
            .insecure_random_seed(0)
            .inherit_stderr()
            .build();
        Self { wasi, table: ResourceTable::new(), peer: None }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl host::Host for State {
    /// What programs print while they warm the runtime up is of no interest.
    fn write(&mut self, _to: host::Channel, _bytes: Vec<u8>) {}

    fn call_peer(&mut self, peer: String, call: Call) -> Result<program_types::Value, program_types::Raised> {
        let raised = |message: String| program_types::Raised {
            kind: "RuntimeError".to_owned(),
            message,
            line: None,
            traceback: String::new(),
        };
        let program = self.peer.as_mut().ok_or_else(|| raised(format!("there is no peer `{peer}`")))?;
        match program.perform(&Action::Call(call), &[]) {
            Ok(Ok(outcome)) => Ok(outcome.value.unwrap_or_default()),
            Ok(Err(Stop::Raised(stop))) => Err(stop),
            Ok(Err(Stop::Exited(code))) => Err(raised(format!("the program exited with {code}"))),
            Err(error) => Err(raised(format!("{error:#}"))),
        }
    }
}
