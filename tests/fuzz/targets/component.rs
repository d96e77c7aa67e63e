//! A component file, as far as the process that compiles it and the catalog look at it: the bytes as they are or, where
//! the first is odd, a good component with some of its bytes changed.
#![no_main]

use std::sync::LazyLock;

#[path = "../../e2e/crafted.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used, reason = "shared with the tests")]
mod crafted;
mod support;

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| crafted::Craft::default().component());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    if first % 2 == 0 {
        let _ = gradebox::sandbox::fuzzing::component(rest);
        return;
    }
    let mut component = GOOD.clone();
    for change in rest.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % component.len();
        component[at] = change[2];
    }
    let _ = gradebox::sandbox::fuzzing::component(&component);
});
