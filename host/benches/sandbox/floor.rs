//! The least that a grade can cost: a store, an instance of the component, one call, and dropping them.

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, Linker},
};

use self::bindings::{BareGraderPre, exports::gradebox::grader::pointwise::Sample};

mod bindings {
    #![allow(clippy::pedantic, reason = "generated code")]

    wasmtime::component::bindgen!({
        path: ["../wit/grader"],
        inline: "
            package gradebox:floor;
            world bare-grader {
                export gradebox:grader/pointwise@0.1.0;
            }
        ",
        world: "gradebox:floor/bare-grader",
    });
}

/// What makes the component answer at once.
pub const RESPONSE: &str = "behave";

/// Wasmtime with what makes instances cheap, and nothing of the sandbox: no limits, no WASI.
pub struct Floor {
    engine: Engine,
    component: BareGraderPre<()>,
}

impl Floor {
    pub fn new(component: &[u8]) -> Self {
        let engine = Engine::new(&config()).expect("an engine");
        let component = Component::new(&engine, component).expect("a component");
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).expect("imports");
        let prepared = linker.instantiate_pre(&component).expect("a component that fits");
        Self { component: BareGraderPre::new(prepared).expect("a pointwise grader"), engine }
    }

    pub fn run(&self, count: usize) {
        let params = "{}".to_owned();
        for _ in 0..count {
            let mut store = Store::new(&self.engine, ());
            store.set_epoch_deadline(1);
            let instance = self.component.instantiate(&mut store).expect("an instance");
            let grader = instance.gradebox_grader_pointwise();
            grader.call_grade(&mut store, &sample(), &params).expect("no trap").expect("a verdict");
        }
    }
}

/// The same code, memory and slots as in a worker.
fn config() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(4).total_memories(4).total_core_instances(256).total_tables(32);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_init_cow(true)
        .concurrency_support(false)
        .cranelift_nan_canonicalization(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn sample() -> Sample {
    Sample {
        id: "1".to_owned(),
        messages: vec![],
        response: RESPONSE.to_owned(),
        reference: None,
        fields: "{}".to_owned(),
    }
}
