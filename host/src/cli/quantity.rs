//! Times and sizes as people write them: `5s`, `500ms`, `256MiB`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Reads a time: a number with `ms`, `s`, `m` or `h`; seconds without a unit.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let advice = "write a time like 500ms, 5s or 2m";
    let (number, unit) = split(text);
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("`{unit}` is no unit of time; {advice}")),
    };
    let number: f64 = number.parse().map_err(|_| advice.to_owned())?;
    match Duration::try_from_secs_f64(number * factor) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("a time is more than zero; {advice}")),
    }
}

/// Reads a size in bytes: a number with `KiB`, `MiB`, `GiB`, `K`, `M`, `G` (of 1024) or `kB`, `MB`, `GB` (of 1000).
pub(super) fn parse_bytes(text: &str) -> Result<usize, String> {
    let advice = "write a size like 256MiB or 1GiB";
    let (number, unit) = split(text);
    let factor: u64 = match unit {
        "" | "B" => 1,
        "K" | "k" | "KiB" | "kib" => 1 << 10,
        "M" | "m" | "MiB" | "mib" => 1 << 20,
        "G" | "g" | "GiB" | "gib" => 1 << 30,
        "kB" | "KB" | "kb" => 1_000,
        "MB" | "mb" => 1_000_000,
        "GB" | "gb" => 1_000_000_000,
        _ => return Err(format!("`{unit}` is no unit of size; {advice}")),
    };
    let number: u64 = number.parse().map_err(|_| format!("not a whole number; {advice}"))?;
    let bytes = number.checked_mul(factor).and_then(|bytes| usize::try_from(bytes).ok());
    bytes
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| format!("a size is more than zero, and not beyond all memory; {advice}"))
}

/// A size as people read it: `17 B`, `4.2 KiB`, `330 MiB`.
pub(super) fn bytes(count: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let Some(unit) = (1..=units.len()).rev().find(|unit| count >> (10 * unit) > 0) else { return format!("{count} B") };
    let (whole, tenths) = (count >> (10 * unit), (count >> (10 * (unit - 1)) & 1023) * 10 / 1024);
    let name = units.get(unit - 1).copied().unwrap_or_default();
    if whole < 10 { format!("{whole}.{tenths} {name}") } else { format!("{whole} {name}") }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim(), unit)
}

/// Reads a time of the configuration file: seconds as a number, or text with a unit.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Seconds(f64),
        Text(String),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Seconds(seconds) => seconds.to_string(),
        Written::Text(text) => text,
    };
    parse_duration(&text).map(Some).map_err(de::Error::custom)
}

/// Reads one number of the configuration file, or a list of them.
pub(super) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number or a list of numbers")]
    enum Written {
        One(f64),
        Several(Vec<f64>),
    }
    match Written::deserialize(deserializer)? {
        Written::One(number) => Ok(vec![number]),
        Written::Several(numbers) if numbers.is_empty() => Err(de::Error::custom("the list is empty")),
        Written::Several(numbers) => Ok(numbers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, milliseconds) in [("5s", 5000), ("500ms", 500), ("2m", 120_000), ("1.5", 1500), (" 1 h ", 3_600_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "0", "5 parsecs", "NaN", "inf", "1e300"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("256MiB", 256 << 20), ("1G", 1 << 30), ("5kB", 5000), ("17", 17), ("2 MB", 2_000_000)] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "0", "1.5GiB", "99999999999GiB", "5 apples"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
