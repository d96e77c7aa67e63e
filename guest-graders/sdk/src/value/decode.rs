//! Reads the tagged encoding, and plain JSON. What it reads is untrusted: nesting is bounded before
//! anything recurses over it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize as _;
use serde_json::{Map, Number, Value as Json};

use super::{Integer, Value};

/// How deep the JSON of a value may nest; a list counts one level, a tuple two, a dict three.
pub const MAX_NESTING: usize = 640;

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(String);

impl Value {
    /// Reads the tagged encoding.
    ///
    /// # Errors
    /// For what is not JSON, an unknown or malformed tag, or nesting beyond [`MAX_NESTING`].
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        if nesting(text) > MAX_NESTING {
            return Err(DecodeError(format!("nested deeper than {MAX_NESTING} levels")));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.disable_recursion_limit();
        let json = Json::deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
        Self::from_tagged(json.map_err(|error| DecodeError(format!("not JSON: {error}")))?)
    }

    /// Reads the tagged encoding from JSON that was parsed already.
    ///
    /// # Errors
    /// For an unknown or malformed tag.
    pub fn from_tagged(json: Json) -> Result<Self, DecodeError> {
        match json {
            Json::Array(items) => Ok(Self::List(tagged_items(items)?)),
            Json::Object(object) => tagged(object),
            scalar => Ok(Self::from_json(scalar)),
        }
    }

    /// Takes plain JSON as it is: an object is a dict with text keys, whatever its keys begin with.
    pub fn from_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(truth),
            Json::Number(number) => number_value(&number),
            Json::String(text) => Self::Str(text),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from_json).collect()),
            Json::Object(object) => {
                Self::Dict(object.into_iter().map(|(key, value)| (Self::Str(key), Self::from_json(value))).collect())
            }
        }
    }
}

impl DecodeError {
    fn malformed(tag: &str) -> Self {
        Self(format!("malformed `{tag}`"))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

/// The deepest nesting of brackets outside of strings, counted without recursion.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn tagged(object: Map<String, Json>) -> Result<Value, DecodeError> {
    let mut entries = object.into_iter();
    let (Some((tag, content)), None) = (entries.next(), entries.next()) else {
        return Err(DecodeError("an object needs exactly one key, a tag that begins with `$`".to_owned()));
    };
    let value = match tag.as_str() {
        "$float" => special_float(&content).map(Value::Float),
        "$complex" => complex(content),
        "$bytes" => bytes(&content).map(Value::Bytes),
        "$str" => bytes(&content).map(Value::BrokenStr),
        "$tuple" => return Ok(Value::Tuple(tagged_items(list(&tag, content)?)?)),
        "$set" => return Ok(Value::Set(tagged_items(list(&tag, content)?)?)),
        "$frozenset" => return Ok(Value::FrozenSet(tagged_items(list(&tag, content)?)?)),
        "$dict" => return dict(list(&tag, content)?),
        "$decimal" => text(content).map(Value::Decimal),
        "$fraction" => fraction(&content),
        "$date" => text(content).map(Value::Date),
        "$datetime" => text(content).map(Value::DateTime),
        "$time" => text(content).map(Value::Time),
        "$timedelta" => time_delta(&content),
        "$opaque" => opaque(&content),
        _ => return Err(DecodeError(format!("unknown tag `{}`", tag.chars().take(40).collect::<String>()))),
    };
    value.ok_or_else(|| DecodeError::malformed(&tag))
}

fn tagged_items(items: Vec<Json>) -> Result<Vec<Value>, DecodeError> {
    items.into_iter().map(Value::from_tagged).collect()
}

fn dict(pairs: Vec<Json>) -> Result<Value, DecodeError> {
    let pair = |pair: Json| match <[Json; 2]>::try_from(list("$dict", pair)?) {
        Ok([key, value]) => Ok((Value::from_tagged(key)?, Value::from_tagged(value)?)),
        Err(_) => Err(DecodeError::malformed("$dict")),
    };
    Ok(Value::Dict(pairs.into_iter().map(pair).collect::<Result<_, _>>()?))
}

fn list(tag: &str, json: Json) -> Result<Vec<Json>, DecodeError> {
    match json {
        Json::Array(items) => Ok(items),
        _ => Err(DecodeError::malformed(tag)),
    }
}

/// A JSON number: an integer unless it has `.`, `e` or `E`.
fn number_value(number: &Number) -> Value {
    let text = number.to_string();
    match Integer::parse(&text) {
        Some(integer) => Value::Int(integer),
        None => Value::Float(text.parse().unwrap_or(f64::NAN)),
    }
}

fn special_float(json: &Json) -> Option<f64> {
    match json.as_str()? {
        "nan" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn complex(json: Json) -> Option<Value> {
    let Json::Array(parts) = json else { return None };
    let [re, im] = <[Json; 2]>::try_from(parts).ok()?;
    Some(Value::Complex(float(re)?, float(im)?))
}

/// A float where one is certain, written as a number or as a `$float`.
fn float(json: Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.to_string().parse().ok(),
        Json::Object(object) => special_float(object.get("$float")?),
        _ => None,
    }
}

fn bytes(json: &Json) -> Option<Vec<u8>> {
    BASE64.decode(json.as_str()?).ok()
}

fn text(json: Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text),
        _ => None,
    }
}

fn fraction(json: &Json) -> Option<Value> {
    let [numerator, denominator] = json.as_array()?.as_slice() else { return None };
    let numerator = Integer::parse(numerator.as_str()?)?;
    let denominator = Integer::parse(denominator.as_str()?)?;
    Some(Value::Fraction { numerator, denominator })
}

fn time_delta(json: &Json) -> Option<Value> {
    let [days, seconds, microseconds] = json.as_array()?.as_slice() else { return None };
    let (days, seconds, microseconds) = (days.as_i64()?, seconds.as_i64()?, microseconds.as_i64()?);
    Some(Value::TimeDelta { days, seconds, microseconds })
}

fn opaque(json: &Json) -> Option<Value> {
    let kind = json.get("type")?.as_str()?.to_owned();
    let repr = json.get("repr")?.as_str()?.to_owned();
    let handle = match json.get("handle") {
        None => None,
        Some(handle) => Some(handle.as_u64()?),
    };
    Some(Value::Opaque { kind, repr, handle })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(text: &str) -> String {
        Value::decode(text).unwrap_err().to_string()
    }

    #[test]
    fn plain_json_stands_for_itself() {
        let value = Value::decode(r#"[null, true, 12345678901234567890123, 1.0, 1e2, -0.0, "a"]"#).unwrap();
        let integer = Value::Int(Integer::parse("12345678901234567890123").unwrap());
        let expected = [
            Value::Null,
            Value::Bool(true),
            integer,
            Value::Float(1.0),
            Value::Float(100.0),
            Value::Float(-0.0),
            Value::from("a"),
        ];
        assert_eq!(value, Value::List(expected.to_vec()));
    }

    #[test]
    fn a_plain_object_is_a_dict_only_outside_the_encoding() {
        let object = json!({"$set": [1]});
        assert_eq!(
            Value::from_json(object.clone()),
            Value::Dict(vec![(Value::from("$set"), Value::List(vec![Value::from(1)]))])
        );
        assert_eq!(Value::from_tagged(object), Ok(Value::Set(vec![Value::from(1)])));
        assert!(problem(r#"{"a": 1}"#).contains("unknown tag `a`"));
        assert!(problem("{}").contains("exactly one key"));
        assert!(problem(r#"{"$set": [], "$tuple": []}"#).contains("exactly one key"));
    }

    #[test]
    fn a_malformed_tag_is_refused() {
        for text in [
            r#"{"$float": "1.0"}"#,
            r#"{"$bytes": "?"}"#,
            r#"{"$tuple": 3}"#,
            r#"{"$dict": [[1]]}"#,
            r#"{"$dict": [[1, 2, 3]]}"#,
            r#"{"$dict": {"a": 1}}"#,
            r#"{"$fraction": [1, 2]}"#,
            r#"{"$complex": [1]}"#,
            r#"{"$timedelta": [1, 2, 0.5]}"#,
            r#"{"$opaque": {"type": "A"}}"#,
            r#"{"$opaque": {"type": "A", "repr": "", "handle": -1}}"#,
        ] {
            assert!(problem(text).starts_with("malformed `$"), "{text}: {}", problem(text));
        }
        assert!(problem("[1").starts_with("not JSON"));
        assert!(problem("1 2").starts_with("not JSON"));
    }

    #[test]
    fn the_deepest_value_fits_the_stack_of_a_grader() {
        let levels = MAX_NESTING / 3;
        let text = r#"{"$dict":[[1,"#.repeat(levels) + "2" + &"]]}".repeat(levels);
        let copes = move || {
            let value = Value::decode(&text).unwrap();
            assert_eq!(value.encode(), text);
            assert_eq!(value.clone(), value);
            value.to_string().len()
        };
        // What the host gives a grader; code that is not optimised needs far more.
        let stack = if cfg!(debug_assertions) { 16 << 20 } else { 512 << 10 };
        let thread = std::thread::Builder::new().stack_size(stack).spawn(copes).unwrap();
        assert_eq!(thread.join().unwrap(), 5 * levels + 1);
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Value::decode(&nested(MAX_NESTING)).is_ok());
        assert!(problem(&nested(MAX_NESTING + 1)).starts_with("nested deeper"));
        assert!(problem(&"[".repeat(5_000_000)).starts_with("nested deeper"));
        let text = format!(r#""\"{}""#, "[".repeat(1000));
        assert_eq!(Value::decode(&text), Ok(Value::Str(format!("\"{}", "[".repeat(1000)))));
    }
}
