//! The exact values of numbers, mixed numbers and plain fractions.

use super::{Parsed, Parser};
use crate::lexer::{Bracket, Token};
use crate::tree::{Expression, ten_to};
use crate::work::MAX_DIGITS;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

impl Parser {
    /// A whole number before a proper fraction: `2 2/3`, `3\frac18`.
    pub(super) fn mixed(&mut self, whole: Expression) -> Expression {
        let Expression::Number(integer) = &whole else { return whole };
        let start = self.at;
        let fraction = self.plain_fraction();
        match fraction {
            Some((top, bottom)) if top < bottom && top != RBig::ZERO && integer.is_int() => {
                Expression::Number(integer.clone() + top / bottom)
            }
            _ => {
                self.at = start;
                whole
            }
        }
    }

    /// `a/b` or `\frac{a}{b}` of whole numbers, exactly here.
    pub(super) fn plain_fraction(&mut self) -> Option<(RBig, RBig)> {
        if self.take(&Token::Command("frac".to_owned())) {
            if let Some((top, bottom)) = self.two_digits() {
                return Some((top, bottom));
            }
            return Some((self.whole_argument()?, self.whole_argument()?));
        }
        let top = self.whole_number()?;
        if !self.take(&Token::Divide) {
            return None;
        }
        let bottom = self.whole_number()?;
        Some((top, bottom))
    }

    /// A whole number as the argument of a TeX command; looks no deeper, so that reading stays linear.
    pub(super) fn whole_argument(&mut self) -> Option<RBig> {
        if self.take(&Token::Open(Bracket::Group)) {
            let value = self.whole_number()?;
            return self.take(&Token::Close(Bracket::Group)).then_some(value);
        }
        let Some(Token::Number { digits, .. }) = self.peek() else { return None };
        if digits.len() == 1 { self.whole_number() } else { None }
    }

    /// `18` of `\frac18`.
    pub(super) fn two_digits(&mut self) -> Option<(RBig, RBig)> {
        let Some(Token::Number { digits, .. }) = self.peek() else { return None };
        let mut each = digits.chars().map(|digit| digit.to_digit(10).map(RBig::from));
        let pair = (each.next()??, each.next()??);
        if each.next().is_some() {
            return None;
        }
        self.at += 1;
        Some(pair)
    }

    pub(super) fn whole_number(&mut self) -> Option<RBig> {
        let Some(Token::Number { digits, repeating }) = self.peek() else { return None };
        let Ok(Expression::Number(value)) = number(digits, repeating) else { return None };
        self.at += 1;
        Some(value)
    }
}

/// The exact value of a number token.
pub fn number(digits: &str, repeating: &str) -> Parsed<Expression> {
    if digits.len() + repeating.len() > MAX_DIGITS {
        return Err(format!("it holds a number of more than {MAX_DIGITS} digits"));
    }
    let (mantissa, exponent) = match digits.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| "an exponent is malformed")?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = i64::try_from(fraction.len()).map_err(|_| "too many places")?;
    let integer = parse_integer(&format!("0{whole}{fraction}"))?;
    let scale = |exponent: i64| {
        ten_to(exponent).or_else(|| {
            (exponent < 0).then(|| {
                let places = usize::try_from(exponent.unsigned_abs()).ok().filter(|places| *places <= MAX_DIGITS)?;
                Some(RBig::from_parts(IBig::ONE, UBig::from(10u8).pow(places)))
            })?
        })
    };
    let unit = scale(exponent - places).ok_or("an exponent is too large")?;
    let mut value = RBig::from(integer) * &unit;
    if !repeating.is_empty() {
        let period = i64::try_from(repeating.len()).map_err(|_| "too many places")?;
        let nines = ten_to(period).ok_or("a repeating part is too long")? - RBig::ONE;
        value += RBig::from(parse_integer(repeating)?) * unit / nines;
        return Ok(Expression::Number(value));
    }
    Ok(if digits.contains(['.', 'e']) {
        Expression::Decimal { value, unit_in_last_place: unit }
    } else {
        Expression::Number(value)
    })
}

pub(super) fn parse_integer(digits: &str) -> Parsed<IBig> {
    digits.parse::<UBig>().map(IBig::from).map_err(|_| "a number is malformed".to_owned())
}
