//! Degrees with minutes and seconds, and feet with inches.

use dashu_int::UBig;
use dashu_ratio::RBig;

use crate::lexer::Token;
use crate::parser;
use crate::tree::{Answer, Expression};

/// `63° 45′ 20″` in degrees, `5′ 10″` in inches.
pub(super) fn sexagesimal(tokens: &[Token]) -> Option<Answer> {
    let (negative, tokens) = match tokens {
        [Token::Minus, rest @ ..] => (true, rest),
        all => (false, all),
    };
    let (parts, unit, first) = match tokens {
        [whole @ Token::Number { .. }, Token::Degree, minutes @ Token::Number { .. }, Token::Prime] => {
            (vec![whole, minutes], "°", RBig::ONE)
        }
        [
            whole @ Token::Number { .. },
            Token::Degree,
            minutes @ Token::Number { .. },
            Token::Prime,
            seconds @ Token::Number { .. },
            Token::Prime,
            Token::Prime,
        ] => (vec![whole, minutes, seconds], "°", RBig::ONE),
        [feet @ Token::Number { .. }, Token::Prime, inches @ Token::Number { .. }, Token::Prime, Token::Prime] => {
            (vec![feet, inches], "inches", RBig::from(12))
        }
        _ => return None,
    };
    let step = if unit == "°" { 60u8 } else { 12 };
    let mut size = first;
    let mut total = RBig::ZERO;
    for part in parts {
        let Token::Number { digits, repeating } = part else { return None };
        let (Expression::Number(value) | Expression::Decimal { value, .. }) = parser::number(digits, repeating).ok()?
        else {
            return None;
        };
        total += value * &size;
        size /= RBig::from(UBig::from(step));
    }
    let value = Expression::Number(if negative { -total } else { total });
    Some(Answer::Measured { value, unit: unit.to_owned() })
}
