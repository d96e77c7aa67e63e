//! JavaScript values to values of the contract: the writing half of the tagged encoding, version 1
//! (`wit/grader/programs.wit`).
//!
//! JavaScript has one type of number: one without a fraction that is exact as an integer is written as an integer, every
//! other as a float. What equals no value of the encoding (functions, instances of classes, symbols, promises) is
//! `$opaque`.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rquickjs::{Array, Ctx, Error, Exception, Persistent, Result, Type, TypedArray, Value};

use crate::{
    engine::{ask, bytes_of},
    native::Shared,
};

/// Containers within containers.
const MAX_DEPTH: usize = 200;

/// Length of one value's text.
const MAX_BYTES: usize = 4 << 20;

/// The largest integer up to which every integer is a number of its own.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// The objects of this sandbox that were spoken of, which keeps them alive.
#[derive(Debug, Default)]
pub(crate) struct Handles(Vec<Persistent<Value<'static>>>);

impl Handles {
    fn number(&mut self, value: &Value<'_>) -> usize {
        self.0.push(Persistent::save(value.ctx(), value.clone()));
        self.0.len() - 1
    }

    /// The object that the number was given to.
    pub(crate) fn find<'js>(&self, ctx: &Ctx<'js>, number: usize) -> Option<Result<Value<'js>>> {
        self.0.get(number).map(|value| value.clone().restore(ctx))
    }
}

/// The value's text. Objects get handles where there is somewhere to keep them.
///
/// # Errors
/// A `TypeError` or `RangeError` for what is too deep or too large, and whatever the program's own getters throw.
pub(crate) fn encode(value: &Value<'_>, handles: Option<&Shared>) -> Result<String> {
    let mut writer = Writer { ctx: value.ctx(), handles, text: String::new(), depth: 0 };
    writer.value(value)?;
    Ok(writer.text)
}

/// The text for an object that stays in its sandbox, whatever its type.
pub(crate) fn encode_opaque(value: &Value<'_>, handles: Option<&Shared>) -> Result<String> {
    let mut writer = Writer { ctx: value.ctx(), handles, text: String::new(), depth: 0 };
    writer.opaque(value)?;
    Ok(writer.text)
}

struct Writer<'a, 'js> {
    ctx: &'a Ctx<'js>,
    handles: Option<&'a Shared>,
    text: String,
    depth: usize,
}

impl<'js> Writer<'_, 'js> {
    fn value(&mut self, value: &Value<'js>) -> Result<()> {
        match value.type_of() {
            Type::Undefined | Type::Null | Type::Uninitialized => self.put("null"),
            Type::Bool => self.put(if value.as_bool() == Some(true) { "true" } else { "false" }),
            Type::Int => self.put(&value.as_int().unwrap_or_default().to_string()),
            Type::Float => self.float(value.as_float().unwrap_or_default()),
            Type::BigInt => {
                let digits: String = ask(self.ctx, "digits", (value.clone(),))?;
                self.put(&digits)
            }
            Type::String => self.string(value),
            Type::Array => self.array(&value.clone().into_array().ok_or(Error::Unknown)?),
            Type::Object | Type::Exception | Type::Promise => self.object(value),
            _ => self.opaque(value),
        }
    }

    fn put(&mut self, text: &str) -> Result<()> {
        self.text.push_str(text);
        if MAX_BYTES < self.text.len() {
            return Err(Exception::throw_range(
                self.ctx,
                &format!("the value's encoding is longer than {MAX_BYTES} bytes"),
            ));
        }
        Ok(())
    }

    fn float(&mut self, number: f64) -> Result<()> {
        if number.is_nan() {
            self.put(r#"{"$float":"nan"}"#)
        } else if number.is_infinite() {
            self.put(if number > 0.0 { r#"{"$float":"inf"}"# } else { r#"{"$float":"-inf"}"# })
        } else if number.fract() == 0.0 && number.abs() <= MAX_SAFE {
            // Without the sign of a negative zero.
            self.put(&format!("{:.0}", number + 0.0))
        } else {
            self.put(&format!("{number:?}"))
        }
    }

    fn string(&mut self, value: &Value<'js>) -> Result<()> {
        let string = value.as_string().ok_or(Error::Unknown)?;
        match string.to_string() {
            Ok(text) => {
                let quoted = serde_json::to_string(&text).map_err(|_| Error::Unknown)?;
                self.put(&quoted)
            }
            // A lone surrogate: there is no UTF-8 for it.
            Err(Error::Utf8(_)) => {
                let units: Vec<u16> = ask(self.ctx, "units", (value.clone(),))?;
                self.put(&format!(r#"{{"$str":"{}"}}"#, BASE64.encode(surrogates_passed(&units))))
            }
            Err(error) => Err(error),
        }
    }

    fn array(&mut self, array: &Array<'js>) -> Result<()> {
        if MAX_BYTES < array.len() {
            return Err(Exception::throw_range(self.ctx, &format!("the array has {} items", array.len())));
        }
        self.enter()?;
        self.put("[")?;
        for index in 0..array.len() {
            if index > 0 {
                self.put(",")?;
            }
            self.value(&array.get(index)?)?;
        }
        self.depth -= 1;
        self.put("]")
    }

    fn object(&mut self, value: &Value<'js>) -> Result<()> {
        if value.is_proxy() {
            return self.opaque(value);
        }
        let form: Array = ask(self.ctx, "classify", (value.clone(),))?;
        match form.get::<String>(0)?.as_str() {
            "dict" => self.tagged("$dict", &form.get(1)?),
            "set" => self.tagged("$set", &form.get(1)?),
            "list" => self.array(&form.get(1)?),
            "value" => self.value(&form.get(1)?),
            "datetime" => self.put(&format!(r#"{{"$datetime":"{}"}}"#, form.get::<String>(1)?)),
            "bytes" => {
                let bytes: TypedArray<u8> = form.get(1)?;
                self.put(&format!(r#"{{"$bytes":"{}"}}"#, BASE64.encode(bytes_of(&bytes))))
            }
            _ => self.opaque(value),
        }
    }

    fn tagged(&mut self, tag: &str, items: &Array<'js>) -> Result<()> {
        self.put(&format!(r#"{{"{tag}":"#))?;
        self.array(items)?;
        self.put("}")
    }

    fn opaque(&mut self, value: &Value<'js>) -> Result<()> {
        let description: Vec<String> = ask(self.ctx, "describe", (value.clone(),))?;
        let quoted = |index: usize| {
            serde_json::to_string(description.get(index).map_or("", String::as_str)).map_err(|_| Error::Unknown)
        };
        let handle = self.handles.map(|shared| shared.borrow_mut().handles.number(value));
        let handle = handle.map(|number| format!(r#","handle":{number}"#)).unwrap_or_default();
        self.put(&format!(r#"{{"$opaque":{{"type":{},"repr":{}{handle}}}}}"#, quoted(0)?, quoted(1)?))
    }

    fn enter(&mut self) -> Result<()> {
        if MAX_DEPTH <= self.depth {
            let problem = format!("the value contains itself, or is nested more than {MAX_DEPTH} levels deep");
            return Err(Exception::throw_type(self.ctx, &problem));
        }
        self.depth += 1;
        Ok(())
    }
}

/// UTF-8 in which a lone surrogate is written like any other character.
fn surrogates_passed(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let unit = lone.unpaired_surrogate();
                bytes.extend([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)].map(low_byte));
            }
        }
    }
    bytes
}

fn low_byte(unit: u16) -> u8 {
    unit.to_le_bytes()[0]
}
