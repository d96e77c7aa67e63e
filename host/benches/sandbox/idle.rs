//! What an instance of a language runtime takes that runs nothing yet.

use std::{fs, path::Path};

use serde_json::{Value, json};
use wasmtime::{
    Config, Engine, Store,
    component::{Component, Linker},
};

/// Private memory in KiB for each of `count` instances that are held at once.
pub fn idle(component: &Path, count: usize) -> Value {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(256 << 20)
        .concurrency_support(false);
    let engine = Engine::new(&config).expect("an engine");
    let component = Component::from_file(&engine, component).expect("the Python runtime: run `make graders`");
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component).expect("imports");
    let prepared = linker.instantiate_pre(&component).expect("a component that fits");
    let instance = || {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        prepared.instantiate(&mut store).expect("an instance");
        store
    };
    // The first one makes what all of them share.
    let first = instance();
    let before = private_memory();
    let held: Vec<Store<()>> = (0..count).map(|_| instance()).collect();
    let grown = private_memory().saturating_sub(before);
    drop((first, held));
    json!({ "private_kib": grown as f64 / count as f64 })
}

/// Pages of this process that no other maps and no file backs, in KiB.
fn private_memory() -> usize {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").expect("the memory of this process");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")).expect("its private pages");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
