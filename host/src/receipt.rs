//! Where a grade comes from, and what it was made of, so that it can be made again and compared. Plain data, no I/O.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use crate::{
    sample::Columns,
    score::{OUTCOME_KEYS, Outcome},
};

/// Where a grade comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Provenance {
    /// The grader: name, version, digest and engine of a component; rubric, digest of the prompt and models of a judge.
    /// `None` where no grader was asked.
    pub grader: Option<Arc<str>>,
    /// Of a component, where receipts were asked for.
    pub receipt: Option<Box<Receipt>>,
}

impl Provenance {
    /// The provenance of a grade without a receipt.
    pub fn of(grader: &Arc<str>) -> Self {
        Self { grader: Some(Arc::clone(grader)), receipt: None }
    }

    /// The provenance of an answer that two graders gave together.
    #[must_use]
    pub fn followed_by(&self, second: &Self) -> Self {
        let both = [self, second].into_iter().filter_map(|one| one.grader.as_deref()).collect::<Vec<_>>();
        Self { grader: (!both.is_empty()).then(|| both.join(SECOND_OPINION).into()), receipt: None }
    }
}

/// What stands between a grader and the one that gave it a second opinion.
pub const SECOND_OPINION: &str = "; second opinion: ";

/// What the name of a judge begins with in a provenance; no component's name has a colon.
pub const JUDGE: &str = "judge:";

/// What the digest of a component begins with.
pub const SHA256: &str = "sha256:";

/// Everything that decides a component's grade, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Digest of the component.
    pub component: String,
    /// Digests of the language runtimes that it used, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runtimes: BTreeMap<String, String>,
    /// The engine with its version.
    pub engine: String,
    /// Whether instructions were limited instead of processor time.
    pub deterministic: bool,
    /// Digest of the limits of one grade.
    pub limits: String,
    pub params: Params,
    /// The columns that fields were mapped to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Whether it might run programs, where it may want to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programs: Option<bool>,
    /// The id that the grader was given, where no column of the row has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// Answers of models that it went by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_calls: Option<usize>,
    /// Digest of what the grader was given of the row.
    pub sample: String,
    /// Instructions of the grader, where they count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Instructions of the programs that it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_fuel: Option<u64>,
    /// Digest of the outcome.
    pub outcome: String,
}

/// The parameters of a grade: as they are, or their digest where that is much shorter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Params {
    Digest(String),
    Given(Columns),
}

impl Params {
    /// The longest parameters that stand in a receipt, in bytes of JSON.
    const LONGEST: usize = 1 << 10;

    pub fn of(params: &Columns) -> Self {
        let value = Value::Object(params.clone());
        if value.to_string().len() <= Self::LONGEST {
            Self::Given(params.clone())
        } else {
            Self::Digest(digest(&value))
        }
    }
}

/// The digest of an outcome.
pub fn digest_of_outcome(outcome: &Outcome) -> String {
    digest(&Value::Object(outcome.to_json()))
}

/// The digest of the outcome that an entry of a row's `grades` states.
pub fn digest_of_stated(grade: &Columns) -> String {
    digest(&Value::Object(stated(grade)))
}

/// The outcome that an entry of a row's `grades` states, without what else stands there.
pub fn stated(grade: &Columns) -> Columns {
    let of_outcome = |(key, _): &(&String, &Value)| OUTCOME_KEYS.contains(&key.as_str());
    grade.iter().filter(of_outcome).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The first sixteen bytes of the SHA-256 of a value's canonical form, in hexadecimal.
///
/// In that form the members of objects are sorted, nothing is indented, and numbers with a fraction or an exponent are
/// those of 64 bits: what a JSON tool may change on the way makes no difference.
pub fn digest(value: &Value) -> String {
    let mut text = Vec::new();
    write_canonical(value, &mut text);
    let digest: [u8; 32] = Sha256::digest(&text).into();
    let half = digest.first_chunk().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(half))
}

fn write_canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Null => text.extend_from_slice(b"null"),
        Value::Bool(truth) => text.extend_from_slice(truth.to_string().as_bytes()),
        Value::Number(number) => text.extend_from_slice(canonical_number(number).as_bytes()),
        Value::String(string) => write_string(string, text),
        Value::Array(items) => {
            text.push(b'[');
            for item in items {
                write_canonical(item, text);
                text.push(b',');
            }
            text.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push(b'{');
            for (name, member) in members {
                write_string(name, text);
                text.push(b':');
                write_canonical(member, text);
                text.push(b',');
            }
            text.push(b'}');
        }
    }
}

fn write_string(string: &str, text: &mut Vec<u8>) {
    // Writing a string to memory does not fail.
    let _ = serde_json::to_writer(text, string);
}

fn canonical_number(number: &Number) -> String {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    let text = number.to_string();
    if !text.contains(['.', 'e', 'E']) {
        return text;
    }
    match text.parse::<f64>() {
        Ok(value) if value.fract() == 0.0 && value.abs() < WHOLE => format!("{:.0}", value + 0.0),
        Ok(value) if value.is_finite() => format!("{value:?}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::score::{ErrorKind, GradeError, Ranking, Score};

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_a_tool_may_change_makes_no_difference_to_a_digest() {
        let one = parsed(r#"{"a": [1.0, 0.10, 1e2, 12345678901234567890], "b": {"x": null, "y": "ü"}}"#);
        let other = parsed(r#"{"b":{"y":"\u00fc","x":null},"a":[1,0.1,100,12345678901234567890]}"#);
        assert_eq!(digest(&one), digest(&other));
        for changed in [r#"{"a": 1}"#, r#"{"a": "1"}"#, r#"{"a": [1]}"#, r#"{"a": 1.5}"#, r#"{"a": -1}"#, r#"{"b": 1}"#]
        {
            for same in [r#"{"a": 10}"#, r#"{"a": null}"#, "{}", r#"{"a": 0}"#] {
                assert_ne!(digest(&parsed(changed)), digest(&parsed(same)), "{changed} {same}");
            }
        }
        assert_eq!(digest(&json!(-0.0)), digest(&json!(0)));
        assert_ne!(digest(&json!(-10.0)), digest(&json!(10)));
    }

    #[test]
    fn what_a_row_states_has_the_digest_of_its_outcome() {
        let Value::Object(details) = json!({"line": 3, "pass": true}) else { unreachable!() };
        let score = Score { score: 1.0 / 3.0, value: 2.0, reason: "r".to_owned(), details };
        for outcome in [
            Outcome::Scored(score),
            Outcome::Ranked(Ranking { ranks: vec![2, 1], reason: String::new(), votes: vec![vec![2, 1], vec![1, 2]] }),
            Outcome::NotApplicable { reason: "n".to_owned() },
            Outcome::Undecided { reason: "u".to_owned() },
            Outcome::Error(GradeError::new(ErrorKind::GraderLimit, "e")),
        ] {
            let mut grade = outcome.to_json();
            grade.insert("pass".to_owned(), json!(true));
            grade.insert("grader".to_owned(), json!("g"));
            let grade = parsed(&Value::Object(grade).to_string());
            let Value::Object(mut grade) = grade else { unreachable!() };
            assert_eq!(digest_of_stated(&grade), digest_of_outcome(&outcome));
            grade.insert("reason".to_owned(), json!("another"));
            assert_ne!(digest_of_stated(&grade), digest_of_outcome(&outcome));
        }
    }

    #[test]
    fn long_parameters_are_left_out_of_a_receipt() {
        let Value::Object(short) = json!({"timeout_ms": 5}) else { unreachable!() };
        let Value::Object(long) = json!({"words": "x".repeat(2000)}) else { unreachable!() };
        assert_eq!(serde_json::to_value(Params::of(&short)).unwrap(), json!({"timeout_ms": 5}));
        assert_eq!(serde_json::to_value(Params::of(&long)).unwrap().as_str().unwrap().len(), 32);
    }
}
