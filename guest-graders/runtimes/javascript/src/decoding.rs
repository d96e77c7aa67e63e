//! Values of the contract to JavaScript values: the reading half of the tagged encoding. Reading never runs code of the
//! program.
//!
//! An integer that a number cannot hold exactly becomes a `BigInt`; lists and tuples become arrays; a dict becomes an
//! object where its keys are texts, else a `Map`.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rquickjs::{Array, ArrayBuffer, Ctx, Exception, IntoJs, Result, Value};
use serde::Deserialize as _;
use serde_json::{Map, Value as Json};

use crate::{encoding::Handles, engine::ask};

/// How deep the JSON of a value may nest.
const MAX_NESTING: usize = 640;

/// Reads one value.
///
/// # Errors
/// A `TypeError` for what is not the encoding, is nested too deep, or has no counterpart in JavaScript.
pub(crate) fn decode<'js>(ctx: &Ctx<'js>, text: &str, handles: &Handles) -> Result<Value<'js>> {
    if MAX_NESTING < nesting(text) {
        return Err(Exception::throw_type(ctx, "an argument is nested too deep"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    match Json::deserialize(&mut reader) {
        Ok(json) => Reader { ctx, handles }.value(&json),
        Err(error) => Err(Exception::throw_type(ctx, &format!("an argument is not in the tagged encoding: {error}"))),
    }
}

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

struct Reader<'a, 'js> {
    ctx: &'a Ctx<'js>,
    handles: &'a Handles,
}

impl<'js> Reader<'_, 'js> {
    fn value(&self, json: &Json) -> Result<Value<'js>> {
        match json {
            Json::Null => Ok(Value::new_null(self.ctx.clone())),
            Json::Bool(truth) => Ok(Value::new_bool(self.ctx.clone(), *truth)),
            Json::Number(number) => self.number(&number.to_string()),
            Json::String(text) => text.as_str().into_js(self.ctx),
            Json::Array(items) => Ok(self.array(items)?.into_value()),
            Json::Object(object) => self.tagged(object),
        }
    }

    fn number(&self, text: &str) -> Result<Value<'js>> {
        if let Ok(small) = text.parse::<i32>() {
            return Ok(Value::new_int(self.ctx.clone(), small));
        }
        if text.contains(['.', 'e', 'E']) {
            return Ok(Value::new_float(self.ctx.clone(), text.parse().unwrap_or(f64::NAN)));
        }
        ask(self.ctx, "makeInteger", (text,))
    }

    fn array(&self, items: &[Json]) -> Result<Array<'js>> {
        let array = Array::new(self.ctx.clone())?;
        for (index, item) in items.iter().enumerate() {
            array.set(index, self.value(item)?)?;
        }
        Ok(array)
    }

    fn tagged(&self, object: &Map<String, Json>) -> Result<Value<'js>> {
        let (Some((tag, content)), 1) = (object.iter().next(), object.len()) else {
            return Err(self.malformed("object"));
        };
        match (tag.as_str(), content) {
            ("$tuple", Json::Array(items)) => Ok(self.array(items)?.into_value()),
            ("$set" | "$frozenset", Json::Array(items)) => ask(self.ctx, "makeSet", (self.array(items)?,)),
            ("$dict", Json::Array(pairs)) => self.dict(pairs),
            ("$float", Json::String(text)) => {
                let number = match text.as_str() {
                    "inf" => f64::INFINITY,
                    "-inf" => f64::NEG_INFINITY,
                    _ => f64::NAN,
                };
                Ok(Value::new_float(self.ctx.clone(), number))
            }
            ("$decimal", Json::String(text)) => {
                Ok(Value::new_float(self.ctx.clone(), text.parse().unwrap_or(f64::NAN)))
            }
            ("$fraction", Json::Array(parts)) => self.fraction(parts),
            ("$date" | "$datetime", Json::String(text)) => ask(self.ctx, "makeDate", (text.as_str(),)),
            ("$bytes", Json::String(text)) => {
                ask(self.ctx, "makeBytes", (ArrayBuffer::new(self.ctx.clone(), self.bytes(text)?)?,))
            }
            ("$str", Json::String(text)) => ask(self.ctx, "makeText", (units(&self.bytes(text)?),)),
            ("$opaque", Json::Object(about)) => self.opaque(about),
            _ => Err(self.malformed(tag)),
        }
    }

    fn dict(&self, pairs: &[Json]) -> Result<Value<'js>> {
        let array = Array::new(self.ctx.clone())?;
        for (index, pair) in pairs.iter().enumerate() {
            let Json::Array(pair) = pair else { return Err(self.malformed("$dict")) };
            array.set(index, self.array(pair)?)?;
        }
        ask(self.ctx, "makeDict", (array,))
    }

    fn fraction(&self, parts: &[Json]) -> Result<Value<'js>> {
        let number = |index: usize| parts.get(index).and_then(Json::as_str).and_then(|text| text.parse::<f64>().ok());
        match (number(0), number(1)) {
            (Some(numerator), Some(denominator)) => Ok(Value::new_float(self.ctx.clone(), numerator / denominator)),
            _ => Err(self.malformed("$fraction")),
        }
    }

    fn bytes(&self, text: &str) -> Result<Vec<u8>> {
        BASE64.decode(text).map_err(|_| self.malformed("$bytes"))
    }

    fn opaque(&self, about: &Map<String, Json>) -> Result<Value<'js>> {
        let number = about.get("handle").and_then(Json::as_u64).and_then(|number| usize::try_from(number).ok());
        match number.and_then(|number| self.handles.find(self.ctx, number)) {
            Some(found) => found,
            None => Err(Exception::throw_type(self.ctx, "an argument is an object that this program does not have")),
        }
    }

    fn malformed(&self, tag: &str) -> rquickjs::Error {
        let tag: String = tag.chars().take(40).collect();
        Exception::throw_type(self.ctx, &format!("JavaScript has no value for an argument `{tag}`"))
    }
}

/// UTF-16 of UTF-8 in which lone surrogates may stand.
fn units(bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let lone = match rest {
            [0xed, second @ 0xa0..=0xbf, third, ..] => {
                Some(0xd000 | (u16::from(second & 0x3f) << 6) | u16::from(third & 0x3f))
            }
            _ => None,
        };
        if let Some(unit) = lone {
            units.push(unit);
            rest = rest.get(3..).unwrap_or_default();
            continue;
        }
        let end = rest.windows(2).position(|pair| matches!(pair, [0xed, 0xa0..=0xbf])).filter(|end| *end > 0);
        let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
        units.extend(String::from_utf8_lossy(text).encode_utf16());
        rest = after;
    }
    units
}
