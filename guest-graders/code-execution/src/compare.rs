//! Decides whether what a program returned or printed is what was expected.
//!
//! Expected values come from JSON, which has no tuples and no keys but text. So an expected list stands for a
//! list or a tuple, and an expected key `"1"` for the key `1`, too. A boolean is no integer. Integers are
//! compared exactly, at any size; an expected float, and whatever float is returned for it, within the
//! tolerances. `NaN` is what it expects to be.

use std::collections::HashMap;

use gradebox_sdk::value::Value;

/// How far a float may be from the expected number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    /// As a part of the larger of the two.
    pub(crate) relative: f64,
    /// At least so far, however small the two are.
    pub(crate) absolute: f64,
}

impl Tolerance {
    fn allows(self, expected: f64, found: f64) -> bool {
        if expected.is_nan() || found.is_nan() {
            return expected.is_nan() && found.is_nan();
        }
        if expected.is_infinite() || found.is_infinite() {
            return expected.total_cmp(&found).is_eq();
        }
        let allowed = self.absolute.max(self.relative * expected.abs().max(found.abs()));
        (expected - found).abs() <= allowed
    }
}

/// Whether a returned value is the expected one.
pub(crate) fn same_value(expected: &Value, found: &Value, tolerance: Tolerance) -> bool {
    match (expected, found) {
        (Value::Int(expected), Value::Int(found)) => expected == found,
        (Value::Int(expected), other) => {
            // From 2^53 on a float does not say which integer it stands for.
            const EXACT: f64 = 9_007_199_254_740_992.0;
            let expected = expected.to_f64();
            real(other).is_some_and(|found| found.abs() < EXACT && expected.total_cmp(&(found + 0.0)).is_eq())
        }
        (Value::Float(expected), other) => real(other).is_some_and(|found| tolerance.allows(*expected, found)),
        (Value::Decimal(_) | Value::Fraction { .. }, other) => match (real(expected), real(other)) {
            (Some(expected), Some(found)) => tolerance.allows(expected, found),
            _ => expected == found,
        },
        (Value::Complex(re, im), Value::Complex(found_re, found_im)) => {
            tolerance.allows(*re, *found_re) && tolerance.allows(*im, *found_im)
        }
        (Value::List(expected), Value::List(found) | Value::Tuple(found))
        | (Value::Tuple(expected), Value::Tuple(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| same_value(expected, found, tolerance))
        }
        (Value::Set(expected) | Value::FrozenSet(expected), Value::Set(found) | Value::FrozenSet(found)) => {
            same_members(expected, found, tolerance)
        }
        (Value::Dict(expected), Value::Dict(found)) => same_entries(expected, found, tolerance),
        (Value::Opaque { .. }, _) => false,
        (expected, found) => expected == found,
    }
}

/// Whether printed text is the expected one, but for spaces at the ends of lines and newlines at the end.
pub(crate) fn same_text(expected: &str, found: &str) -> bool {
    first_difference(expected, found).is_none()
}

/// The first line, counted from 1, in which two texts differ: what it is in each, absent beyond the end.
pub(crate) fn first_difference<'a>(
    expected: &'a str,
    found: &'a str,
) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let (mut expected, mut found) = (significant_lines(expected), significant_lines(found));
    let mut line = 0;
    loop {
        line += 1;
        match (expected.next(), found.next()) {
            (None, None) => return None,
            (left, right) if left != right => return Some((line, left, right)),
            _ => {}
        }
    }
}

/// Whether printed text has the expected words, numbers among them within the tolerance.
pub(crate) fn same_words(expected: &str, found: &str, tolerance: Tolerance) -> bool {
    let (mut expected, mut found) = (expected.split_whitespace(), found.split_whitespace());
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if left == right || close_numbers(left, right, tolerance) => {}
            _ => return false,
        }
    }
}

fn significant_lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end().split('\n').map(str::trim_end)
}

fn close_numbers(expected: &str, found: &str, tolerance: Tolerance) -> bool {
    match (expected.parse(), found.parse()) {
        (Ok(expected), Ok(found)) => tolerance.allows(expected, found),
        _ => false,
    }
}

/// The value as a real number, where it is one.
fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Int(integer) => Some(integer.to_f64()),
        Value::Float(float) => Some(*float),
        Value::Decimal(text) => text.parse().ok(),
        Value::Fraction { numerator, denominator } => Some(numerator.to_f64() / denominator.to_f64()),
        _ => None,
    }
}

/// Whether each expected member has a found one of its own.
fn same_members(expected: &[Value], found: &[Value], tolerance: Tolerance) -> bool {
    if expected.len() != found.len() {
        return false;
    }
    let mut by_text: HashMap<String, usize> = HashMap::new();
    for member in found {
        *by_text.entry(member.encode()).or_default() += 1;
    }
    let unmatched = expected.iter().filter(|member| match by_text.get_mut(&member.encode()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    let unmatched: Vec<&Value> = unmatched.collect();
    let mut left: Vec<&Value> = Vec::new();
    for member in found {
        if let Some(count) = by_text.get_mut(&member.encode()).filter(|count| **count > 0) {
            *count -= 1;
            left.push(member);
        }
    }
    matched_one_by_one(&unmatched, left, tolerance)
}

/// Members whose texts differ, such as `1` and `1.0`: few, or the sets are not the same.
fn matched_one_by_one(expected: &[&Value], mut found: Vec<&Value>, tolerance: Tolerance) -> bool {
    const MOST: usize = 2000;
    expected.len() <= MOST
        && expected.iter().all(|expected| {
            let same = found.iter().position(|found| same_value(expected, found, tolerance));
            same.map(|index| found.swap_remove(index)).is_some()
        })
}

fn same_entries(expected: &[(Value, Value)], found: &[(Value, Value)], tolerance: Tolerance) -> bool {
    if expected.len() != found.len() {
        return false;
    }
    let by_key: HashMap<String, &Value> = found.iter().map(|(key, value)| (key.encode(), value)).collect();
    let by_json_key: HashMap<String, &Value> =
        found.iter().filter_map(|(key, value)| Some((json_key(key)?, value))).collect();
    expected.iter().all(|(key, expected)| {
        let by_text = || if let Value::Str(key) = key { by_json_key.get(key).copied() } else { None };
        let found = by_key.get(&key.encode()).copied().or_else(by_text);
        found.is_some_and(|found| same_value(expected, found, tolerance))
    })
}

/// How JSON spells a key that is no text.
fn json_key(key: &Value) -> Option<String> {
    match key {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(key.encode()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance { relative: 1e-6, absolute: 1e-9 };

    fn same(expected: &str, found: &str) -> bool {
        same_value(&Value::decode(expected).unwrap(), &Value::decode(found).unwrap(), TOLERANCE)
    }

    #[test]
    fn integers_are_exact_at_any_size() {
        assert!(same("12345678901234567890123", "12345678901234567890123"));
        assert!(!same("12345678901234567890123", "12345678901234567890124"));
        assert!(!same("12345678901234567890123", "1.2345678901234568e22"));
        assert!(!same("9007199254740993", "9007199254740992.0"));
        assert!(same("3", "3.0"));
        assert!(same("0", "-0.0"));
        assert!(!same("3", "3.0000000001"));
    }

    #[test]
    fn a_boolean_is_no_number() {
        assert!(same("true", "true"));
        for (expected, found) in [("true", "1"), ("1", "true"), ("0", "false"), ("1.0", "true"), ("null", "false")] {
            assert!(!same(expected, found), "{expected} {found}");
        }
    }

    #[test]
    fn floats_have_a_tolerance() {
        assert!(same("0.3", "0.30000000000000004"));
        assert!(same("5.0", "5"));
        assert!(same("1e20", "100000000000000000000"));
        assert!(same("0.0", "1e-12"));
        assert!(!same("0.3", "0.3001"));
        assert!(!same("0.3", "\"0.3\""));
        assert!(same("0.5", r#"{"$decimal": "0.50"}"#));
        assert!(same("0.5", r#"{"$fraction": ["1", "2"]}"#));
        assert!(same(r#"{"$complex": [1.0, 2.0]}"#, r#"{"$complex": [1.0, 2.0000000001]}"#));
    }

    #[test]
    fn nan_and_infinities_are_only_themselves() {
        assert!(same(r#"{"$float": "nan"}"#, r#"{"$float": "nan"}"#));
        assert!(same(r#"{"$float": "inf"}"#, r#"{"$float": "inf"}"#));
        assert!(!same(r#"{"$float": "inf"}"#, r#"{"$float": "-inf"}"#));
        assert!(!same(r#"{"$float": "inf"}"#, "1e308"));
        assert!(!same("1.0", r#"{"$float": "nan"}"#));
        assert!(!same("1.0", r#"{"$float": "inf"}"#));
    }

    #[test]
    fn an_expected_list_stands_for_a_tuple_but_not_for_a_set() {
        assert!(same("[1, [2, 3]]", r#"{"$tuple": [1, {"$tuple": [2, 3]}]}"#));
        assert!(!same(r#"{"$tuple": [1]}"#, "[1]"));
        assert!(!same("[1]", r#"{"$set": [1]}"#));
        assert!(!same("[1, 2]", "[2, 1]"));
        assert!(!same("[1, 2]", "[1]"));
        assert!(!same("\"ab\"", r#"["a", "b"]"#));
    }

    #[test]
    fn sets_have_no_order() {
        assert!(same(r#"{"$set": [1, 2.5, "a"]}"#, r#"{"$frozenset": ["a", 1.0, 2.5]}"#));
        assert!(!same(r#"{"$set": [1, 2]}"#, r#"{"$set": [1, 3]}"#));
        assert!(!same(r#"{"$set": [1]}"#, r#"{"$set": [1, 2]}"#));
    }

    #[test]
    fn dicts_have_no_order_and_expected_keys_are_spelled_as_json_spells_them() {
        let found = r#"{"$dict": [["b", [1]], [1, true]]}"#;
        assert!(same(r#"{"$dict": [["1", true], ["b", [1]]]}"#, found));
        assert!(same(r#"{"$dict": [[1, true], ["b", [1]]]}"#, found));
        assert!(!same(r#"{"$dict": [["2", true], ["b", [1]]]}"#, found));
        assert!(!same(r#"{"$dict": [["b", [1]]]}"#, found));
    }

    #[test]
    fn an_object_that_stayed_behind_is_never_what_was_expected() {
        let object = r#"{"$opaque": {"type": "A", "repr": "5"}}"#;
        assert!(!same("5", object));
        assert!(!same(object, object));
    }

    #[test]
    fn output_may_differ_in_invisible_ends() {
        assert!(same_text("1 2\n3", "1 2 \r\n3\n\n"));
        assert!(same_text("", "\n"));
        assert!(!same_text("1 2", "1  2"));
        assert!(!same_text("1", " 1"));
        assert!(!same_text("1\n\n2", "1\n2"));
        assert_eq!(first_difference("a\nb\nc", "a\nx"), Some((2, Some("b"), Some("x"))));
        assert_eq!(first_difference("a", "a\nb"), Some((2, None, Some("b"))));
    }

    #[test]
    fn words_may_differ_in_digits_that_do_not_matter() {
        assert!(same_words("YES 0.333333", "YES\n0.33333333333", TOLERANCE));
        assert!(!same_words("YES 0.3", "YES 0.4", TOLERANCE));
        assert!(!same_words("YES", "YES NO", TOLERANCE));
    }
}
