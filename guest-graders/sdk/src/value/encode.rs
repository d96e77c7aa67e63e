//! Writes the tagged encoding.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value as Json, json};

use super::Value;

impl Value {
    /// The value in the tagged encoding.
    pub fn encode(&self) -> String {
        self.to_tagged().to_string()
    }

    /// The value in the tagged encoding, as a JSON document.
    pub fn to_tagged(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Int(integer) => number(integer.as_str()),
            Self::Float(float) => float_json(*float),
            Self::Str(text) => json!(text),
            Self::BrokenStr(bytes) => json!({"$str": BASE64.encode(bytes)}),
            Self::Bytes(bytes) => json!({"$bytes": BASE64.encode(bytes)}),
            Self::List(items) => tagged_items(items),
            Self::Tuple(items) => json!({"$tuple": tagged_items(items)}),
            Self::Set(items) => json!({"$set": tagged_items(items)}),
            Self::FrozenSet(items) => json!({"$frozenset": tagged_items(items)}),
            Self::Dict(pairs) => {
                let pairs: Vec<Json> =
                    pairs.iter().map(|(key, value)| json!([key.to_tagged(), value.to_tagged()])).collect();
                json!({"$dict": pairs})
            }
            Self::Complex(re, im) => json!({"$complex": [float_json(*re), float_json(*im)]}),
            Self::Decimal(text) => json!({"$decimal": text}),
            Self::Fraction { numerator, denominator } => {
                json!({"$fraction": [numerator.as_str(), denominator.as_str()]})
            }
            Self::Date(text) => json!({"$date": text}),
            Self::DateTime(text) => json!({"$datetime": text}),
            Self::Time(text) => json!({"$time": text}),
            Self::TimeDelta { days, seconds, microseconds } => json!({"$timedelta": [days, seconds, microseconds]}),
            Self::Opaque { kind, repr, handle: None } => json!({"$opaque": {"type": kind, "repr": repr}}),
            Self::Opaque { kind, repr, handle: Some(handle) } => {
                json!({"$opaque": {"type": kind, "repr": repr, "handle": handle}})
            }
        }
    }
}

fn tagged_items(items: &[Value]) -> Json {
    Json::Array(items.iter().map(Value::to_tagged).collect())
}

fn float_json(float: f64) -> Json {
    if float.is_nan() {
        return json!({"$float": "nan"});
    }
    if float.is_infinite() {
        return json!({"$float": if float > 0.0 { "inf" } else { "-inf" }});
    }
    // `Debug` writes a `.` or an `e` even for whole numbers, which `Display` does not.
    number(&format!("{float:?}"))
}

/// A number as written. Digits and floats are always numbers, so the other branch is not taken.
fn number(text: &str) -> Json {
    text.parse().map_or(Json::Null, Json::Number)
}

#[cfg(test)]
mod tests {
    use crate::value::{Integer, Value};

    #[test]
    fn every_kind_of_value_survives_the_way_there_and_back() {
        let everything = Value::List(vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(Integer::parse("-123456789012345678901234567890").unwrap()),
            Value::Float(1.0),
            Value::Float(-0.0),
            Value::Float(1e300),
            Value::Float(f64::NEG_INFINITY),
            Value::from("naïve \u{1F600} \"quoted\"\n\0"),
            Value::BrokenStr(vec![0xed, 0xa0, 0x80]),
            Value::Bytes(vec![0, 255, 10]),
            Value::Tuple(vec![]),
            Value::Set(vec![Value::from(1)]),
            Value::FrozenSet(vec![Value::Tuple(vec![Value::from("a")])]),
            Value::Dict(vec![(Value::from(1), Value::List(vec![])), (Value::Null, Value::Dict(vec![]))]),
            Value::Complex(1.5, f64::INFINITY),
            Value::Decimal("1.10".to_owned()),
            Value::Fraction { numerator: Integer::from(-1), denominator: Integer::from(3) },
            Value::Date("2024-01-31".to_owned()),
            Value::DateTime("2024-01-31T10:00:00".to_owned()),
            Value::Time("10:00:00".to_owned()),
            Value::TimeDelta { days: -1, seconds: 86_399, microseconds: 5 },
            Value::Opaque { kind: "Point".to_owned(), repr: "<Point>".to_owned(), handle: None },
            Value::Opaque { kind: "Point".to_owned(), repr: "<Point>".to_owned(), handle: Some(3) },
        ]);
        assert_eq!(Value::decode(&everything.encode()), Ok(everything));
    }

    #[test]
    fn integers_and_floats_stay_apart() {
        assert_eq!(Value::from(1).encode(), "1");
        assert_eq!(Value::from(1.0).encode(), "1.0");
        assert_eq!(Value::from(1e16).encode(), "1e+16");
        assert_eq!(Value::from(f64::NAN).encode(), r#"{"$float":"nan"}"#);
    }
}
