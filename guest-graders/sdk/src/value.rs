//! The values of a program's world, in the tagged encoding, version 1, of the contract's
//! `program-types.value`. Reading one never runs code.
//!
//! ```
//! use gradebox_sdk::value::Value;
//!
//! let pair = Value::decode(r#"{"$tuple": [1, "a"]}"#)?;
//! assert_eq!(pair, Value::Tuple(vec![Value::from(1), Value::from("a")]));
//! assert_eq!(pair.to_string(), "(1, 'a')");
//! assert_eq!(pair.encode(), r#"{"$tuple":[1,"a"]}"#);
//! # Ok::<(), gradebox_sdk::value::DecodeError>(())
//! ```

mod decode;
mod encode;
mod print;

pub use decode::{DecodeError, MAX_NESTING};

/// One value of a program's world.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(Integer),
    /// Not a number and the infinities included.
    Float(f64),
    Str(String),
    /// A string that is not valid Unicode: its UTF-8, lone surrogates encoded as if they were characters.
    BrokenStr(Vec<u8>),
    Bytes(Vec<u8>),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    /// In the order in which the program listed them.
    Set(Vec<Self>),
    /// In the order in which the program listed them.
    FrozenSet(Vec<Self>),
    /// Keys and values in the program's order; keys of any kind.
    Dict(Vec<(Self, Self)>),
    /// The real and the imaginary part.
    Complex(f64, f64),
    /// As the program prints it, such as `1.10`.
    Decimal(String),
    Fraction {
        numerator: Integer,
        denominator: Integer,
    },
    /// ISO 8601, such as `2024-01-31`.
    Date(String),
    /// ISO 8601, such as `2024-01-31T10:00:00`.
    DateTime(String),
    /// ISO 8601, such as `10:00:00`.
    Time(String),
    TimeDelta {
        days: i64,
        seconds: i64,
        microseconds: i64,
    },
    /// An object that stays in its own sandbox.
    Opaque {
        /// The name of its type.
        kind: String,
        /// What the program says of it.
        repr: String,
        /// What a later call in the same session knows it by.
        handle: Option<u64>,
    },
}

/// An integer of any size, as its decimal digits: no leading zeros, no `+`, no `-0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Integer(String);

impl Integer {
    /// Reads decimal digits with an optional sign.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        Some(Self(match (digits.is_empty(), negative) {
            (true, _) => "0".to_owned(),
            (false, true) => format!("-{digits}"),
            (false, false) => digits.to_owned(),
        }))
    }

    /// The decimal digits, after a `-` where it is negative.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest float; an infinity beyond the range of floats.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl<T: Into<i128>> From<T> for Integer {
    fn from(number: T) -> Self {
        Self(number.into().to_string())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Integer::from(number))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_one_spelling() {
        let spelling = |text: &str| Integer::parse(text).map(|integer| integer.as_str().to_owned());
        assert_eq!(spelling("-007").as_deref(), Some("-7"));
        assert_eq!(spelling("+12").as_deref(), Some("12"));
        assert_eq!(spelling("-0").as_deref(), Some("0"));
        for text in ["", "-", "1.0", "1e3", "٣", " 1", "--1"] {
            assert_eq!(spelling(text), None, "{text}");
        }
    }

    #[test]
    fn huge_integers_become_infinite_floats() {
        let huge = Integer::parse(&"9".repeat(400)).unwrap();
        assert!(huge.to_f64().is_infinite());
        assert_eq!(Integer::from(-5).to_f64().to_bits(), (-5.0_f64).to_bits());
    }
}
