//! Units of measure: which words are one, and how two of the same dimension convert.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

/// A unit's dimension and its size in that dimension's base unit, as a fraction.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub dimension: String,
    pub size: RBig,
}

/// The dimension of "units" of which nothing more is said.
const GENERIC: &str = "units";

impl Unit {
    /// Whether it only says "units", to some power.
    pub fn is_generic(&self) -> bool {
        self.dimension.starts_with(GENERIC)
    }

    /// The powers of its dimensions, such as `2` of an area.
    pub fn power(&self) -> Vec<&str> {
        self.dimension.split(' ').filter_map(|part| part.rsplit('^').next()).collect()
    }
}

/// Whether `word` is the name or sign of a unit.
pub fn is_unit(word: &str) -> bool {
    entry(word).is_some()
}

/// What a unit phrase such as `miles per hour` or `cm ^ 2` measures; none when a word of it is not known.
pub fn parse(phrase: &str) -> Option<Unit> {
    let mut dimensions: Vec<(&'static str, i32)> = Vec::new();
    let mut size = RBig::ONE;
    let mut sign = 1;
    let mut power_prefix = 1;
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        match *word {
            "per" | "/" => sign = -1,
            "*" | "-" | "a" => {}
            "square" | "sq" => power_prefix = 2,
            "cubic" => power_prefix = 3,
            _ => {
                let (dimension, numerator, denominator) = entry(word)?;
                let mut exponent = sign * power_prefix;
                if words.get(at) == Some(&"^") {
                    exponent *= words.get(at + 1)?.parse::<i32>().ok().filter(|power| power.abs() <= 6)?;
                    at += 2;
                }
                let factor = RBig::from_parts(IBig::from(numerator), UBig::from(denominator));
                for _ in 0..exponent.unsigned_abs() {
                    size = if exponent > 0 { size * &factor } else { size / &factor };
                }
                match dimensions.iter_mut().find(|(name, _)| *name == dimension) {
                    Some((_, power)) => *power += exponent,
                    None => dimensions.push((dimension, exponent)),
                }
                power_prefix = 1;
            }
        }
    }
    dimensions.retain(|(_, power)| *power != 0);
    dimensions.sort_unstable();
    let dimension = dimensions.iter().map(|(name, power)| format!("{name}^{power}")).collect::<Vec<_>>().join(" ");
    Some(Unit { dimension, size })
}

/// Dimension, numerator and denominator of a unit's size.
fn entry(word: &str) -> Option<(&'static str, u64, u64)> {
    let exact = match word {
        "m" => Some(("length", 1_000_000, 1)),
        "g" => Some(("mass", 1_000_000, 1)),
        "s" => Some(("time", 1, 1)),
        "h" => Some(("time", 3600, 1)),
        "L" | "l" => Some(("volume", 1000, 1)),
        _ => None,
    };
    exact.or_else(|| {
        let lower = word.to_ascii_lowercase();
        by_name(&lower).or_else(|| by_name(lower.strip_suffix('s')?)).or_else(|| by_name(lower.strip_suffix("es")?))
    })
}

fn by_name(name: &str) -> Option<(&'static str, u64, u64)> {
    Some(match name {
        "unit" => (GENERIC, 1, 1),
        "nm" | "nanometer" | "nanometre" => ("length", 1, 1000),
        "mm" | "millimeter" | "millimetre" => ("length", 1_000, 1),
        "cm" | "centimeter" | "centimetre" => ("length", 10_000, 1),
        "dm" | "decimeter" => ("length", 100_000, 1),
        "meter" | "metre" => ("length", 1_000_000, 1),
        "km" | "kilometer" | "kilometre" => ("length", 1_000_000_000, 1),
        "inch" | "in" => ("length", 25_400, 1),
        "ft" | "foot" | "feet" => ("length", 304_800, 1),
        "yd" | "yard" => ("length", 914_400, 1),
        "mi" | "mile" => ("length", 1_609_344_000, 1),
        "mg" | "milligram" => ("mass", 1_000, 1),
        "gram" => ("mass", 1_000_000, 1),
        "kg" | "kilogram" => ("mass", 1_000_000_000, 1),
        "ton" | "tonne" => ("tonnes", 1, 1),
        "lb" | "pound" => ("pounds", 16, 1),
        "oz" | "ounce" => ("pounds", 1, 1),
        "sec" | "second" => ("time", 1, 1),
        "min" | "minute" => ("time", 60, 1),
        "hr" | "hour" => ("time", 3600, 1),
        "day" => ("time", 86_400, 1),
        "week" => ("time", 604_800, 1),
        "month" => ("months", 1, 1),
        "year" | "yr" => ("months", 12, 1),
        "ml" | "milliliter" | "millilitre" => ("volume", 1, 1),
        "liter" | "litre" => ("volume", 1000, 1),
        "dollar" | "usd" => ("dollars", 100, 1),
        "cent" => ("dollars", 1, 1),
        "euro" => ("euros", 1, 1),
        "radian" | "rad" => ("angle", 1, 1),
        "rpm" => ("revolutions per minute", 1, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_dimension_convert() {
        assert_eq!(parse("miles per hour").unwrap().dimension, parse("m / s").unwrap().dimension);
        let (hour, minutes) = (parse("hour").unwrap(), parse("minutes").unwrap());
        assert_eq!(hour.size, minutes.size * RBig::from(60));
        assert_eq!(parse("square cm").unwrap(), parse("cm ^ 2").unwrap());
        assert_eq!(parse("cm ^ 3").unwrap().dimension, "length^3");
        assert_ne!(parse("cm").unwrap(), parse("m").unwrap());
        assert_eq!(parse("chickens"), None);
    }
}
