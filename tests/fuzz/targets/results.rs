//! What a grader leaves in its memory as the result of a grade: a score on its scale, ranks that fit, or a typed error.
//!
//! The first byte chooses the mode; whether the bytes lie in memory as they are, or make a result whose texts are where
//! it says; and the scale.
#![no_main]

use std::sync::LazyLock;

use gradebox::{
    sandbox::fuzzing::Results,
    score::{Outcome, Scale},
};
use wasm_encoder::{BlockType, MemArg};

#[path = "../../e2e/crafted.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used, reason = "shared with the tests")]
mod crafted;
mod support;

use crafted::{Craft, RESULT, letters};

static POINTWISE: LazyLock<Results> = LazyLock::new(|| Results::new(&crafted::echo().component(), false));
static LISTWISE: LazyLock<Results> = LazyLock::new(|| Results::new(&echo_of_ranks().component(), true));

/// Bytes of memory that a result may fill: behind them lies what the grader was given.
const ROOM: usize = 4000;

/// Where the texts of a result begin that says where they are, from the place of the result.
const TEXTS: usize = 64;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let (is_listwise, is_raw) = (first & 1 != 0, first & 2 != 0);
    let Some((scale, bytes)) = scale(first >> 2, bytes) else { return };
    let result = match (is_raw, is_listwise) {
        (true, _) => bytes.to_vec(),
        (false, false) => verdict(bytes),
        (false, true) => order(bytes),
    };
    let response = letters(result.get(..ROOM).unwrap_or(&result));
    let (grader, responses) = if is_listwise {
        (&LISTWISE, [response.as_str(), "b", "c"].to_vec())
    } else {
        (&POINTWISE, [response.as_str()].to_vec())
    };
    let outcome = grader.grade(&responses, scale);
    check(&outcome, responses.len(), scale);
});

/// What a row says of the grade, and what must be so.
fn check(outcome: &Outcome, responses: usize, scale: Scale) {
    let json = outcome.to_json();
    let reason = match outcome {
        Outcome::Scored(score) => {
            assert!((0.0..=1.0).contains(&score.score), "{outcome:?} on {scale:?}");
            let (low, high) = (scale.worst.min(scale.best), scale.worst.max(scale.best));
            assert!((low..=high).contains(&score.value) && low < high, "{outcome:?} on {scale:?}");
            assert!(json["score"].is_number() && json["value"].is_number(), "{json:?}");
            assert!(score.value != scale.best || score.score == 1.0, "{outcome:?} on {scale:?}");
            assert!(score.value != scale.worst || score.score == 0.0, "{outcome:?} on {scale:?}");
            &score.reason
        }
        Outcome::Ranked(ranking) => {
            let fits = |rank: &u32| (1..=responses).contains(&(*rank as usize));
            assert!(ranking.ranks.len() == responses && ranking.ranks.iter().all(fits), "{outcome:?}");
            &ranking.reason
        }
        Outcome::NotApplicable { reason } | Outcome::Undecided { reason } => reason,
        Outcome::Error(error) => {
            return assert!(!json.contains_key("score") && json["kind"] == error.kind.as_str(), "{json:?}");
        }
    };
    assert!(!reason.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{outcome:?}");
}

/// A usual scale, or one of the next bytes.
fn scale(which: u8, bytes: &[u8]) -> Option<(Scale, &[u8])> {
    let usual = [[0.0, 1.0], [1.0, 5.0], [10.0, 0.0], [-1.0, 1.0]];
    if let Some([worst, best]) = usual.get(usize::from(which % 8)) {
        return Some((Scale { worst: *worst, best: *best }, bytes));
    }
    let (ends, rest) = bytes.split_first_chunk::<16>()?;
    let end = |at: usize| f64::from_le_bytes(std::array::from_fn(|byte| ends[at + byte]));
    Some((Scale { worst: end(0), best: end(8) }, rest))
}

/// A verdict: two discriminants, a number, and the two texts that are left, the first of a length that a byte says.
fn verdict(bytes: &[u8]) -> Vec<u8> {
    let Some(([failed, case, cut, value @ ..], texts)) = bytes.split_first_chunk::<11>() else { return vec![] };
    let (reason, details) = split(texts, *cut);
    let [reason, details] = placed([reason, details]);
    let mut result = vec![0; 16];
    (result[0], result[8]) = (*failed, *case);
    match (failed, case) {
        (0, 0) => result.extend([&value[..], &reason, &details].concat()),
        // The texts of other verdicts stand where the score would.
        (0, _) => result.extend(reason),
        // An error's case comes first, and then its text.
        _ => {
            (result[4], result[8]) = (*case, 0);
            result.splice(8.., reason);
        }
    }
    result.resize(TEXTS, 0);
    [result, texts.to_vec()].concat()
}

/// An order: two discriminants, a count of ranks, and their bytes; the text of the rest.
fn order(bytes: &[u8]) -> Vec<u8> {
    let Some(([failed, case, count, ranks @ ..], texts)) = bytes.split_first_chunk::<8>() else { return vec![] };
    let [reason, _] = placed([texts, &[]]);
    let place = |offset: usize, length: u32| [(RESULT + offset as u32).to_le_bytes(), length.to_le_bytes()].concat();
    let mut result = match (failed, case) {
        (0, 0) => [&[0; 8][..], &place(32, u32::from(*count)), &reason].concat(),
        _ => [&[*failed, 0, 0, 0, *case, 0, 0, 0][..], &reason].concat(),
    };
    result.resize(32, 0);
    result.extend(ranks.iter().flat_map(|rank| u32::from(*rank).to_le_bytes()));
    result.resize(TEXTS, 0);
    [result, texts.to_vec()].concat()
}

fn split(texts: &[u8], cut: u8) -> (&[u8], &[u8]) {
    texts.split_at(usize::from(cut).min(texts.len()))
}

/// The addresses and lengths of two texts that follow each other.
fn placed(texts: [&[u8]; 2]) -> [Vec<u8>; 2] {
    let first = RESULT + TEXTS as u32;
    let at = [first, first + texts[0].len() as u32];
    [0, 1].map(|text| [at[text].to_le_bytes(), (texts[text].len() as u32).to_le_bytes()].concat())
}

/// A grader that orders responses as the first of them says, made by [`letters`].
fn echo_of_ranks() -> Craft {
    Craft {
        listwise: true,
        // Local 8 counts bytes, local 0 becomes the first response's address, and local 1 its length.
        grade: |code| {
            let byte = |offset| MemArg { offset, align: 0, memory_index: 0 };
            let word = |offset| MemArg { offset, align: 2, memory_index: 0 };
            code.local_get(2).i32_load(word(0)).local_set(0).local_get(2).i32_load(word(4)).local_set(1);
            code.loop_(BlockType::Empty);
            code.local_get(8).i32_const(1).i32_shl().local_get(1).i32_lt_u().if_(BlockType::Empty);
            code.local_get(8).i32_const(RESULT.cast_signed()).i32_add();
            code.local_get(0).local_get(8).i32_const(1).i32_shl().i32_add().i32_load8_u(byte(0));
            code.i32_const(4).i32_shl();
            code.local_get(0).local_get(8).i32_const(1).i32_shl().i32_add().i32_load8_u(byte(1));
            code.i32_const(i32::from(b'a')).i32_sub().i32_or().i32_store8(byte(0));
            code.local_get(8).i32_const(1).i32_add().local_set(8).br(1).end().end();
            code.i32_const(RESULT.cast_signed()).return_();
        },
        ..Craft::default()
    }
}
