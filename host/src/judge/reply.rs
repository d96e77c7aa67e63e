//! A judge's reply, validated. What is not a score on the scale, or a rank for each response, is an error.

use serde_json::{Map, Value};

use super::{extract::object_with, values::plain_number};
use crate::{llm::excerpt, sample::text_of, score::Scale, text::clean};

const REASON_LIMIT: usize = 4000;

/// A valid reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict<T> {
    pub(super) value: T,
    pub(super) reason: String,
}

/// Reads `{"reason": …, "score": …}`. A numeric string counts as its number, `"4/5"` and `"4 out of 5"` too where the
/// second number is the upper end of the scale. The error is in words that the judge can act on.
pub(super) fn score(text: &str, scale: Scale) -> Result<Verdict<f64>, String> {
    let object = object_with(text, "score")?;
    let value = match object.get("score") {
        Some(Value::String(text)) => number_in(text, scale),
        Some(value) => value.as_f64().filter(|number| number.is_finite()),
        None => None,
    };
    let Some(value) = value else {
        return Err(format!("`score` is {}, not a number", shown(object.get("score"))));
    };
    if scale.normalise(value).is_none() {
        let (low, high) = (scale.worst.min(scale.best), scale.worst.max(scale.best));
        let (value, low, high) = (plain_number(value), plain_number(low), plain_number(high));
        return Err(format!("`score` is {value}, outside {low} to {high}"));
    }
    Ok(Verdict { value, reason: reason(&object) })
}

/// Reads `{"reason": …, "ranks": […]}`: a whole number from 1 to `responses` for each response, 1 among them.
pub(super) fn ranks(text: &str, responses: usize) -> Result<Verdict<Vec<u32>>, String> {
    let object = object_with(text, "ranks")?;
    let value = object.get("ranks");
    let Some(entries) = value.and_then(Value::as_array) else {
        return Err(format!("`ranks` is {}, not a list", shown(value)));
    };
    if entries.len() != responses {
        return Err(format!("`ranks` has {} entries for {responses} responses", entries.len()));
    }
    let rank = |entry: &Value| {
        let rank = entry.as_u64().or_else(|| entry.as_str()?.trim().parse().ok());
        let rank = rank.and_then(|rank| u32::try_from(rank).ok());
        let highest = u32::try_from(responses).unwrap_or(u32::MAX);
        rank.filter(|rank| (1..=highest).contains(rank))
            .ok_or_else(|| format!("a rank is {}, not a whole number from 1 to {responses}", shown(Some(entry))))
    };
    let ranks = entries.iter().map(rank).collect::<Result<Vec<_>, _>>()?;
    if !ranks.contains(&1) {
        return Err("no response has rank 1".to_owned());
    }
    Ok(Verdict { value: ranks, reason: reason(&object) })
}

fn reason(object: &Map<String, Value>) -> String {
    let text = object.get("reason").filter(|reason| !reason.is_null()).map(text_of).unwrap_or_default();
    let kept: String = clean(text.trim()).chars().take(REASON_LIMIT).collect();
    if kept.is_empty() { "the judge gave no reason".to_owned() } else { kept }
}

fn number_in(text: &str, scale: Scale) -> Option<f64> {
    let (number, total) = match text.split_once('/').or_else(|| text.split_once(" out of ")) {
        Some((number, total)) => (number, Some(decimal(total)?)),
        None => (text, None),
    };
    let upper = scale.worst.max(scale.best);
    let fits = total.is_none_or(|total| total.total_cmp(&upper).is_eq());
    decimal(number).filter(|_| fits)
}

/// Digits with at most a sign and a point; neither `1e3` nor `inf`.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

fn shown(value: Option<&Value>) -> String {
    excerpt(&value.unwrap_or(&Value::Null).to_string(), 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Scale = Scale { worst: 1.0, best: 5.0 };

    fn value(score_json: &str) -> Result<f64, String> {
        score(&format!(r#"{{"reason": "x", "score": {score_json}}}"#), FIVE).map(|verdict| verdict.value)
    }

    #[test]
    fn a_number_on_the_scale_is_a_score() {
        for (text, expected) in [
            ("4", 4.0),
            ("3.5", 3.5),
            ("1", 1.0),
            ("5.0", 5.0),
            (r#"" 4 ""#, 4.0),
            (r#""4/5""#, 4.0),
            (r#""4 out of 5""#, 4.0),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for (text, expected) in [
            ("0.99", "`score` is 0.99, outside 1 to 5"),
            ("97", "`score` is 97, outside 1 to 5"),
            ("-1", "`score` is -1, outside 1 to 5"),
            ("null", "`score` is null, not a number"),
            ("true", "`score` is true, not a number"),
            ("[4]", "`score` is [4], not a number"),
            (r#""four""#, "`score` is \"four\", not a number"),
            (r#""80%""#, "`score` is \"80%\", not a number"),
            (r#""4/10""#, "`score` is \"4/10\", not a number"),
            (r#""NaN""#, "`score` is \"NaN\", not a number"),
            (r#""4,5""#, "`score` is \"4,5\", not a number"),
            ("1e999", "`score` is 1e+999, not a number"),
        ] {
            assert_eq!(value(text), Err(expected.to_owned()), "{text}");
        }
        assert_eq!(score(r#"{"reason": "x"}"#, FIVE).unwrap_err(), "the JSON object has no `score`");
    }

    #[test]
    fn the_reason_is_kept_without_control_characters() {
        let verdict = score(r#"{"score": 1, "reason": " a\u001b[2J\u202e\nb "}"#, FIVE).unwrap();
        assert_eq!(verdict.reason, "a[2J\nb");
        assert_eq!(score(r#"{"score": 1}"#, FIVE).unwrap().reason, "the judge gave no reason");
    }

    #[test]
    fn ranks_are_one_for_each_response_with_ties() {
        let read = |ranks_json: &str| ranks(&format!(r#"{{"reason": "x", "ranks": {ranks_json}}}"#), 3);
        assert_eq!(read("[2, 1, 2]").unwrap().value, [2, 1, 2]);
        assert_eq!(read(r#"["3", 1, 2]"#).unwrap().value, [3, 1, 2]);
        for (text, expected) in [
            ("[1, 2]", "`ranks` has 2 entries for 3 responses"),
            ("[1, 2, 4]", "a rank is 4, not a whole number from 1 to 3"),
            ("[0, 1, 2]", "a rank is 0, not a whole number from 1 to 3"),
            ("[1, 2.5, 3]", "a rank is 2.5, not a whole number from 1 to 3"),
            ("[2, 2, 3]", "no response has rank 1"),
            ("\"1>2>3\"", "`ranks` is \"1>2>3\", not a list"),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
    }
}
