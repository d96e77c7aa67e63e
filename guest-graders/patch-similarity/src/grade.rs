//! From a sample to a verdict.

use std::{collections::HashSet, fmt::Write as _, hash::Hash};

use gradebox_sdk::{Description, Example, GradeError, Grader, Sample, Verdict, description, serde_json::json};

use crate::{
    matching::{Budget, TooLarge, matched, ratio},
    text::Compared,
};

/// Bytes of a response or reference that are compared.
const LARGEST: usize = 4 * 1024 * 1024;

/// Products of lengths in characters up to which a pair is compared character by character; longer ones by line.
const MOST_CHARACTER_PAIRS: usize = 50_000_000;

/// Steps of the comparison in one grade: about half a second of its five.
const MOST_STEPS: usize = 200_000_000;

/// Characters of a line that a reason shows.
const LONGEST_EXCERPT: usize = 80;

/// What the grader may be told.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Params {
    /// What is compared, and how.
    pub mode: Mode,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The lines that two unified diffs add and remove, file by file; texts that are no diffs as a whole.
    #[default]
    Patch,
    /// Both texts whole, as `difflib.SequenceMatcher(None, response, reference).ratio()` compares them, with its
    /// rule that characters that are frequent in a long text match nothing by themselves.
    Difflib,
}

/// Scores how similar a patch is to the reference: twice what they have in common over the length of both.
pub struct PatchSimilarity;

impl Grader for PatchSimilarity {
    type Params = Params;

    fn describe() -> Description {
        let described =
            description!("Compares a patch with the reference patch, by the lines that they add and remove")
                .requires_one_of(&["reference"]);
        examples().into_iter().fold(described, Description::example)
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        let reference = sample.reference.as_deref().filter(|reference| !reference.trim().is_empty());
        let reference = reference.ok_or_else(|| {
            GradeError::invalid_sample("reference", "expected the patch to compare with, but the row has none")
        })?;
        if let Some(size) = [sample.response.len(), reference.len()].into_iter().find(|size| *size > LARGEST) {
            return Ok(Verdict::undecided(format!("a text of {size} bytes is compared at most up to {LARGEST}")));
        }
        let verdict = match params.mode {
            Mode::Difflib => whole(&sample.response, reference),
            Mode::Patch => compared(&sample.response, reference),
        };
        Ok(verdict.unwrap_or_else(|TooLarge| {
            Verdict::undecided("the two texts are too long and too repetitive to be compared in the time of a grade")
        }))
    }
}

/// Both texts as they stand.
fn whole(response: &str, reference: &str) -> Result<Verdict, TooLarge> {
    let (a, b): (Vec<char>, Vec<char>) = (response.chars().collect(), reference.chars().collect());
    let value = ratio(matched(&a, &b, true, &mut Budget::of_steps(MOST_STEPS))?, a.len() + b.len());
    Ok(Verdict::scored(value, format!("the texts agree to {}", percent(value))).detail("unit", "character"))
}

fn compared(response: &str, reference: &str) -> Result<Verdict, TooLarge> {
    let (response, reference) = (Compared::of(response), Compared::of(reference));
    match (response.changes, reference.changes) {
        (Some(response), Some(reference)) => patches(&response.paired(reference)),
        (None, Some(_)) => Ok(Verdict::scored(
            0.0,
            "the response holds no unified diff; write the change as one, with `---`, `+++` and `@@` lines",
        )),
        (_, None) => texts(response.text, reference.text),
    }
}

fn texts(response: String, reference: String) -> Result<Verdict, TooLarge> {
    let Likeness { value, unit } = Likeness::of(&[(response, reference)])?;
    let reason = format!("the reference is no unified diff; the texts agree to {}", percent(value));
    Ok(Verdict::scored(value, reason).detail("unit", unit))
}

fn patches(files: &[(Vec<String>, Vec<String>)]) -> Result<Verdict, TooLarge> {
    let pairs: Vec<(String, String)> = files.iter().map(|(a, b)| (a.join("\n"), b.join("\n"))).collect();
    let Likeness { value, unit } = Likeness::of(&pairs)?;
    let Difference { missing, surplus } = Difference::of(files);
    let mut reason = format!("the changed lines agree to {} with the reference's", percent(value));
    if missing > 0 {
        let _ = write!(reason, "; lines of the reference that are missing: {missing}");
    }
    if let Some(first) = surplus.first() {
        let shown: String = first.chars().take(LONGEST_EXCERPT).collect();
        let _ = write!(reason, "; lines that are not in the reference: {}, the first `{shown}`", surplus.len());
    }
    Ok(Verdict::scored(value, reason)
        .detail("unit", unit)
        .detail("files", files.len())
        .detail("missing_lines", missing)
        .detail("surplus_lines", surplus.len()))
}

/// How much several pairs of texts have in common.
struct Likeness {
    value: f64,
    unit: &'static str,
}

impl Likeness {
    /// By characters; by lines where a pair is too long for that.
    fn of(pairs: &[(String, String)]) -> Result<Self, TooLarge> {
        let is_long = |(a, b): &(String, String)| a.len().saturating_mul(b.len()) > MOST_CHARACTER_PAIRS;
        if pairs.iter().any(is_long) {
            let value = total_ratio(pairs, |text| text.lines().collect::<Vec<_>>())?;
            return Ok(Self { value, unit: "line" });
        }
        let value = total_ratio(pairs, |text| text.chars().collect::<Vec<_>>())?;
        Ok(Self { value, unit: "character" })
    }
}

/// The ratio over all pairs.
fn total_ratio<'a, T: Hash + Eq>(
    pairs: &'a [(String, String)],
    elements: impl Fn(&'a str) -> Vec<T>,
) -> Result<f64, TooLarge> {
    let (mut common, mut all, mut budget) = (0, 0, Budget::of_steps(MOST_STEPS));
    for (a, b) in pairs {
        let (a, b) = (elements(a), elements(b));
        common += matched(&a, &b, false, &mut budget)?;
        all += a.len() + b.len();
    }
    Ok(ratio(common, all))
}

/// Changed lines that only one of the patches has.
struct Difference<'a> {
    missing: usize,
    surplus: Vec<&'a str>,
}

impl<'a> Difference<'a> {
    fn of(files: &'a [(Vec<String>, Vec<String>)]) -> Self {
        let mut difference = Self { missing: 0, surplus: Vec::new() };
        for (response, reference) in files {
            let wanted: HashSet<&String> = reference.iter().collect();
            let made: HashSet<&String> = response.iter().collect();
            difference.missing += reference.iter().filter(|line| !made.contains(line)).count();
            difference.surplus.extend(response.iter().filter(|line| !wanted.contains(line)).map(String::as_str));
        }
        difference
    }
}

fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

/// Golden cases for `gradebox check`.
fn examples() -> [Example; 6] {
    let row = |response: &str, reference: &str| {
        Example::new(json!({"query": "Fix it.", "response": response, "reference": reference}))
    };
    [
        row(PATCH, PATCH).scores(1.0),
        row(&format!("Here it is:\n```diff\n{}```", PATCH.replace("@@ -7,3 +7,3 @@", "@@ -1,9 +1,9 @@")), PATCH)
            .scores(1.0),
        row("Add the numbers instead.", PATCH).scores(0.0),
        row("tide", "diet").params(json!({"mode": "difflib"})).scores(0.25),
        row("diet", "tide").params(json!({"mode": "difflib"})).scores(0.5),
        row(PATCH, "").is_invalid_sample(),
    ]
}

const PATCH: &str =
    "--- a/sum.py\n+++ b/sum.py\n@@ -7,3 +7,3 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n";

#[cfg(test)]
mod tests;
