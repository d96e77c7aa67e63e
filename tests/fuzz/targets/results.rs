//! What a grader leaves in its memory as the result of a grade: a score on its scale, or a typed error.
#![no_main]

use std::sync::LazyLock;

use gradebox::{sandbox::fuzzing::Results, score::Outcome};

#[path = "../../e2e/crafted.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used, reason = "shared with the tests")]
mod crafted;
mod support;

static RESULTS: LazyLock<Results> = LazyLock::new(|| Results::new(&crafted::echo().component()));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let outcome = RESULTS.grade(&crafted::letters(bytes.get(..40).unwrap_or(bytes)));
    if let Outcome::Scored(score) = &outcome {
        assert!((0.0..=1.0).contains(&score.score), "{outcome:?}");
        assert!(!score.reason.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{outcome:?}");
    }
});
