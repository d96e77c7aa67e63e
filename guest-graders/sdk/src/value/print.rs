//! Prints values as Python writes them, for reasons that a person or a model reads.

use std::fmt::{self, Write as _};

use super::Value;

/// As Python's `repr`, near enough to be pasted into a program.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("None"),
            Self::Bool(truth) => out.write_str(if *truth { "True" } else { "False" }),
            Self::Int(integer) => out.write_str(integer.as_str()),
            Self::Float(float) => write_float(out, *float),
            Self::Str(text) => write_text(out, text),
            Self::BrokenStr(bytes) => write_text(out, &String::from_utf8_lossy(bytes)),
            Self::Bytes(bytes) => write_bytes(out, bytes),
            Self::List(items) => write_items(out, "[", items, "]"),
            Self::Tuple(items) if items.len() == 1 => write_items(out, "(", items, ",)"),
            Self::Tuple(items) => write_items(out, "(", items, ")"),
            Self::Set(items) if items.is_empty() => out.write_str("set()"),
            Self::Set(items) => write_items(out, "{", items, "}"),
            Self::FrozenSet(items) if items.is_empty() => out.write_str("frozenset()"),
            Self::FrozenSet(items) => write_items(out, "frozenset({", items, "})"),
            Self::Dict(pairs) => write_pairs(out, pairs),
            Self::Complex(re, im) => write!(out, "complex({}, {})", Self::Float(*re), Self::Float(*im)),
            Self::Decimal(text) => write!(out, "Decimal('{text}')"),
            Self::Fraction { numerator, denominator } => {
                write!(out, "Fraction({}, {})", numerator.as_str(), denominator.as_str())
            }
            Self::Date(text) => write!(out, "date.fromisoformat('{text}')"),
            Self::DateTime(text) => write!(out, "datetime.fromisoformat('{text}')"),
            Self::Time(text) => write!(out, "time.fromisoformat('{text}')"),
            Self::TimeDelta { days, seconds, microseconds } => {
                write!(out, "timedelta(days={days}, seconds={seconds}, microseconds={microseconds})")
            }
            Self::Opaque { repr, .. } => out.write_str(repr),
        }
    }
}

fn write_items(out: &mut fmt::Formatter<'_>, open: &str, items: &[Value], close: &str) -> fmt::Result {
    out.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(out, "{comma}{item}")?;
    }
    out.write_str(close)
}

fn write_pairs(out: &mut fmt::Formatter<'_>, pairs: &[(Value, Value)]) -> fmt::Result {
    out.write_char('{')?;
    for (index, (key, value)) in pairs.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(out, "{comma}{key}: {value}")?;
    }
    out.write_char('}')
}

fn write_float(out: &mut fmt::Formatter<'_>, float: f64) -> fmt::Result {
    if float.is_nan() {
        return out.write_str("nan");
    }
    if float.is_infinite() {
        return out.write_str(if float > 0.0 { "inf" } else { "-inf" });
    }
    let text = format!("{float:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return out.write_str(&text) };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    write!(out, "{digits}e{sign}{exponent:0>2}")
}

/// In single quotes unless only they occur in the text.
fn write_text(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.write_char(quote)?;
    for character in text.chars() {
        match character {
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\\' => out.write_str("\\\\")?,
            _ if character == quote => write!(out, "\\{character}")?,
            _ if character.is_control() => write!(out, "\\x{:02x}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char(quote)
}

fn write_bytes(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    out.write_str("b'")?;
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => write!(out, "\\{}", char::from(*byte))?,
            0x20..=0x7e => out.write_char(char::from(*byte))?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    out.write_char('\'')
}

#[cfg(test)]
mod tests {
    use crate::value::Value;

    fn printed(encoded: &str) -> String {
        Value::decode(encoded).unwrap().to_string()
    }

    #[test]
    fn values_print_as_python_writes_them() {
        assert_eq!(printed("[null, true, 1, 1.5, \"a\"]"), "[None, True, 1, 1.5, 'a']");
        assert_eq!(printed(r#"{"$tuple": [1]}"#), "(1,)");
        assert_eq!(printed(r#"{"$set": []}"#), "set()");
        assert_eq!(printed(r#"{"$frozenset": [1, 2]}"#), "frozenset({1, 2})");
        assert_eq!(printed(r#"{"$dict": [[1, "b"], ["c", []]]}"#), "{1: 'b', 'c': []}");
        assert_eq!(printed("[1e16, 1e-7, 2.5e-300, 1e15]"), "[1e+16, 1e-07, 2.5e-300, 1000000000000000.0]");
        assert_eq!(printed(r#"{"$bytes": "YScA"}"#), r"b'a\'\x00'");
    }

    #[test]
    fn text_is_quoted_so_that_it_can_be_pasted() {
        assert_eq!(printed(r#""it's""#), "\"it's\"");
        assert_eq!(printed(r#""'\"""#), r#"'\'"'"#);
        assert_eq!(printed(r#""a\nb\\\u0007é""#), r"'a\nb\\\x07é'");
    }
}
