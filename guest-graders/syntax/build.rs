//! Lets the component begin with the memory that most grades need: memory that grows is mapped anew in each instance.

/// Bytes of memory: the data, the stack, the parser's stack of 1 MiB, and room for a tree.
const INITIAL_MEMORY: u32 = 4 << 20;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=--initial-memory={INITIAL_MEMORY}");
    }
}
