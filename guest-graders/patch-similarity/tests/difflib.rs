//! The mode `difflib` against Python's own difflib, on texts made at random.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::Write,
    process::{Command, Stdio},
};

use gradebox_sdk::{Grader, Sample, Verdict, serde_json};
use patch_similarity::{Mode, Params, PatchSimilarity};

const ORACLE: &str = "
import difflib, json, sys
pairs = json.load(sys.stdin)
json.dump([difflib.SequenceMatcher(None, a, b).ratio() for a, b in pairs], sys.stdout)
";

/// A sequence of numbers that is the same everywhere: Marsaglia's xorshift64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn text(&mut self, longest: usize) -> String {
        let alphabet: Vec<char> =
            ["ab", "abcdefgh \n", "aé日💩\t+-@", "the quick brown fox"][self.below(4)].chars().collect();
        let length = self.below(longest);
        (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }

    /// The text with pieces left out, doubled and put in.
    fn changed(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..self.below(8) {
            let at = self.below(characters.len() + 1);
            let end = (at + self.below(20)).min(characters.len());
            let piece: Vec<char> = match self.below(3) {
                0 => Vec::new(),
                1 => characters[at..end].repeat(2),
                _ => self.text(20).chars().collect(),
            };
            characters.splice(at..end, piece);
        }
        characters.into_iter().collect()
    }
}

fn pairs() -> Vec<(String, String)> {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    (0..1_000)
        .map(|round| {
            let text = numbers.text(if round % 10 == 0 { 600 } else { 80 });
            let other = if round % 3 == 0 { numbers.text(260) } else { numbers.changed(&text) };
            (text, other)
        })
        .filter(|(_, other)| !other.trim().is_empty())
        .collect()
}

#[test]
fn ratios_are_those_of_python() {
    let pairs = pairs();
    let mut python = Command::new("python3")
        .args(["-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there to compare with");
    let input = serde_json::to_string(&pairs).unwrap();
    python.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let expected: Vec<f64> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(expected.len() == pairs.len() && expected.iter().any(|ratio| *ratio > 0.3 && *ratio < 0.9));
    for ((response, reference), expected) in pairs.into_iter().zip(expected) {
        let sample = Sample { response, reference: Some(reference), ..Sample::default() };
        let Verdict::Scored { value, .. } = PatchSimilarity::grade(&sample, &Params { mode: Mode::Difflib }).unwrap()
        else {
            panic!("no score");
        };
        assert!((value - expected).abs() < 1e-9, "{value} instead of {expected} for {sample:?}");
    }
}
