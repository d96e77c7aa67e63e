//! Numbers of our own files, read to their last bit. The way of `serde_json` from text to a float is short, and beside
//! the number in the last place for some; by way of its `Number`, which keeps the text, the standard library reads it.

use serde::{Deserialize, Deserializer};
use serde_json::Number;

/// A float of a field, for `deserialize_with`.
pub(crate) fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    value(&Number::deserialize(deserializer)?)
}

/// A float that may be null, or absent where the field has a default.
pub(crate) fn optional_float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Option::<Number>::deserialize(deserializer)?.as_ref().map(value).transpose()
}

fn value<E: serde::de::Error>(number: &Number) -> Result<f64, E> {
    number.as_f64().ok_or_else(|| E::custom("a number beyond all floats"))
}
