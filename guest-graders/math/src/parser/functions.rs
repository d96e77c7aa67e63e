//! Names, functions and what they are applied to.

use super::{Parsed, Parser, plain_text};
use crate::lexer::{Bracket, Token, is_greek};
use crate::tree::{Expression, Function};

impl Parser {
    pub(super) fn letter(&mut self, mut name: String) -> Parsed<Expression> {
        if self.take(&Token::Underscore) {
            name.push('_');
            name.push_str(&self.subscript()?);
        }
        while self.take(&Token::Prime) {
            name.push('\'');
        }
        if matches!(name.as_str(), "angle" | "triangle" | "nabla" | "partial") {
            return Ok(self.prefixed_name(name));
        }
        let applied = matches!(
            name.trim_end_matches('\'').split('_').next(),
            Some("f" | "g" | "h" | "f^-1" | "g^-1" | "h^-1" | "\\Gamma" | "Gamma")
        );
        let of_number = matches!(
            self.tokens.get(self.at..self.at + 3),
            Some([Token::Open(Bracket::Round), Token::Number { .. }, Token::Close(Bracket::Round)])
        );
        if self.take_inverse_sign(&name) {
            name.push_str("^-1");
        }
        let base = name.trim_end_matches('\'').split('_').next().unwrap_or_default();
        let operator = base.len() > 1 && base.chars().all(|next| next.is_ascii_alphabetic()) && !is_greek(base);
        let applied = applied || operator || of_number && !matches!(name.as_str(), "e" | "i");
        if applied && self.take(&Token::Open(Bracket::Round)) {
            let arguments = self.arguments(Bracket::Round)?;
            return Ok(Expression::Call(Function::Named(name), arguments));
        }
        Ok(match name.as_str() {
            "e" => Expression::Euler,
            "i" => Expression::Imaginary,
            _ => Expression::Symbol(name),
        })
    }

    /// `^{-1}` between the name of a function and its argument.
    fn take_inverse_sign(&mut self, name: &str) -> bool {
        let digits = |token: &Token| matches!(token, Token::Number { digits, .. } if digits == "1");
        let found = matches!(name, "f" | "g" | "h")
            && matches!(
                self.tokens.get(self.at..self.at + 6),
                Some([
                    Token::Caret,
                    Token::Open(Bracket::Group),
                    Token::Minus,
                    one,
                    Token::Close(Bracket::Group),
                    Token::Open(Bracket::Round),
                ]) if digits(one)
            );
        self.at += if found { 5 } else { 0 };
        found
    }

    /// `\angle ABC`: the sign with all the letters after it is one name.
    pub(super) fn prefixed_name(&mut self, mut name: String) -> Expression {
        while let Some(Token::Letter(letter)) = self.peek() {
            name.push(' ');
            name.push_str(letter);
            self.at += 1;
        }
        Expression::Symbol(name)
    }

    /// A subscript as text.
    pub(super) fn subscript(&mut self) -> Parsed<String> {
        let mut depth = 0usize;
        let mut text = String::new();
        while let Some(token) = self.peek().cloned() {
            self.at += 1;
            match token {
                Token::Open(Bracket::Group) => depth += 1,
                Token::Close(Bracket::Group) => depth = depth.saturating_sub(1),
                Token::Number { digits, .. } if depth == 0 => {
                    text.push_str(&digits);
                    break;
                }
                other => text.push_str(&plain_text(&other)),
            }
            if depth == 0 {
                break;
            }
        }
        if text.is_empty() { Err("a subscript is empty".to_owned()) } else { Ok(text) }
    }

    pub(super) fn arguments(&mut self, bracket: Bracket) -> Parsed<Vec<Expression>> {
        let bars = std::mem::take(&mut self.bars);
        let mut arguments = vec![self.sum()?];
        while self.take(&Token::Comma) {
            arguments.push(self.sum()?);
        }
        self.bars = bars;
        self.expect(&Token::Close(bracket), "a bracket")?;
        Ok(arguments)
    }

    /// A function with its base, power and argument.
    pub(super) fn function(&mut self, function: Function) -> Parsed<Expression> {
        self.enter()?;
        let base = if self.take(&Token::Underscore) { Some(self.argument_or_factor()?) } else { None };
        let power = if self.take(&Token::Caret) { Some(self.script()?) } else { None };
        let arguments = match self.peek() {
            Some(Token::Open(bracket @ (Bracket::Round | Bracket::Square | Bracket::Group))) => {
                let bracket = *bracket;
                self.at += 1;
                self.arguments(bracket)?
            }
            _ => vec![self.juxtaposed_argument()?],
        };
        self.depth -= 1;
        if power == Some(Expression::integer(-1))
            && let Some(inverse) = inverse_function(&function)
        {
            return Ok(Expression::Call(inverse, arguments));
        }
        let call = apply(function, base, arguments)?;
        Ok(match power {
            Some(power) => Expression::Power(Box::new(call), Box::new(power)),
            None => call,
        })
    }

    /// `2 x` in `\sin 2 x`: factors without a sign between them, up to the next function.
    pub(super) fn juxtaposed_argument(&mut self) -> Parsed<Expression> {
        let negative = self.take(&Token::Minus);
        let mut factors = vec![self.power()?];
        while let Some(token) = self.peek() {
            let stops = matches!(token, Token::Function(_) | Token::Open(_) | Token::Begin(_));
            if stops || !self.starts_factor(token) {
                break;
            }
            factors.push(self.power()?);
        }
        let argument = Expression::product(factors);
        Ok(if negative { argument.negative() } else { argument })
    }
}

/// A function of `arguments`; logarithms become natural ones.
pub(super) fn apply(
    function: Function,
    base: Option<Expression>,
    mut arguments: Vec<Expression>,
) -> Parsed<Expression> {
    let natural = |argument: Expression| Expression::Call(Function::Ln, vec![argument]);
    let Function::Named(name) = &function else {
        return match base {
            Some(_) => Err("a function has a subscript".to_owned()),
            None => Ok(Expression::Call(function, arguments)),
        };
    };
    match (name.as_str(), arguments.pop()) {
        ("log" | "lg", Some(argument)) if arguments.is_empty() => {
            let base = base.unwrap_or_else(|| Expression::integer(10));
            Ok(Expression::Product(vec![natural(argument), natural(base).inverse()]))
        }
        ("exp", Some(argument)) if arguments.is_empty() => {
            Ok(Expression::Power(Box::new(Expression::Euler), Box::new(argument)))
        }
        (_, Some(argument)) => {
            arguments.push(argument);
            Ok(Expression::Call(function, arguments))
        }
        (_, None) => Err("a function has no argument".to_owned()),
    }
}

pub(super) fn inverse_function(function: &Function) -> Option<Function> {
    Some(match function {
        Function::Sin => Function::Arcsin,
        Function::Cos => Function::Arccos,
        Function::Tan => Function::Arctan,
        _ => return None,
    })
}
