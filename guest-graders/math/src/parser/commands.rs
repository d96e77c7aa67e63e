//! LaTeX commands with arguments: fractions, roots, sums, matrices.

use super::numbers::number;
use super::{Parsed, Parser};
use crate::lexer::{Bracket, Token};
use crate::tree::{Expression, Function, Series};

impl Parser {
    pub(super) fn argument_or_factor(&mut self) -> Parsed<Expression> {
        if self.peek() == Some(&Token::Open(Bracket::Group)) { self.argument() } else { self.primary() }
    }

    /// An argument of a TeX command: a group, or one digit or letter.
    pub(super) fn argument(&mut self) -> Parsed<Expression> {
        match self.peek().cloned() {
            Some(Token::Open(Bracket::Group)) => {
                self.at += 1;
                let inner = self.sum()?;
                self.expect(&Token::Close(Bracket::Group), "a brace")?;
                Ok(inner)
            }
            Some(Token::Number { digits, repeating }) if digits.len() > 1 && !digits.contains(['.', 'e']) => {
                let (first, rest) = digits.split_at(1);
                let value = number(first, "")?;
                if let Some(slot) = self.tokens.get_mut(self.at) {
                    *slot = Token::Number { digits: rest.to_owned(), repeating };
                }
                Ok(value)
            }
            Some(_) => {
                self.enter()?;
                let value = self.primary()?;
                self.depth -= 1;
                Ok(value)
            }
            None => Err("an argument is missing".to_owned()),
        }
    }

    pub(super) fn command(&mut self, name: &str) -> Parsed<Expression> {
        match name {
            "frac" => {
                let top = self.argument()?;
                let bottom = self.argument()?;
                Ok(Expression::Product(vec![top, bottom.inverse()]))
            }
            "binom" => Ok(Expression::Call(Function::Binomial, vec![self.argument()?, self.argument()?])),
            "sqrt" => self.root(),
            "sum" | "prod" => self.series(name == "prod"),
            "int" | "lim" | "iint" | "oint" => self.named_operator(name),
            _ => Err(format!("it holds the command \\{name}")),
        }
    }

    pub(super) fn root(&mut self) -> Parsed<Expression> {
        let mut index = Expression::integer(2);
        if self.take(&Token::Open(Bracket::Square)) {
            index = self.sum()?;
            self.expect(&Token::Close(Bracket::Square), "a root's index")?;
        }
        self.enter()?;
        let radicand =
            if self.peek() == Some(&Token::Open(Bracket::Group)) { self.argument()? } else { self.primary()? };
        self.depth -= 1;
        Ok(Expression::Power(Box::new(radicand), Box::new(index.inverse())))
    }

    pub(super) fn series(&mut self, product: bool) -> Parsed<Expression> {
        let (mut index, mut from, mut to) = (String::new(), None, None);
        loop {
            if self.take(&Token::Underscore) {
                self.expect(&Token::Open(Bracket::Group), "a lower bound")?;
                let Some(Token::Letter(name)) = self.peek().cloned() else {
                    return Err("a sum has no index".to_owned());
                };
                self.at += 1;
                self.expect(&Token::Comparison(crate::tree::Comparison::Equal), "a lower bound")?;
                index = name;
                from = Some(self.sum()?);
                self.expect(&Token::Close(Bracket::Group), "a lower bound")?;
            } else if self.take(&Token::Caret) {
                to = Some(self.script()?);
            } else {
                break;
            }
        }
        let (Some(from), Some(to)) = (from, to) else { return Err("a sum has no bounds".to_owned()) };
        self.enter()?;
        let body = self.product()?;
        self.depth -= 1;
        let body = if index == "i" { replace_imaginary(&body) } else { body };
        Ok(Expression::Series(Box::new(Series { product, index, from, to, body })))
    }

    /// `\int` and `\lim` are kept as names with their parts.
    pub(super) fn named_operator(&mut self, name: &str) -> Parsed<Expression> {
        let mut title = name.to_owned();
        let mut parts = Vec::new();
        loop {
            if self.take(&Token::Underscore) {
                title.push('_');
                title.push_str(&self.subscript()?);
            } else if self.take(&Token::Caret) {
                parts.push(self.script()?);
            } else {
                break;
            }
        }
        self.enter()?;
        parts.push(self.product()?);
        self.depth -= 1;
        Ok(Expression::Call(Function::Named(title), parts))
    }

    pub(super) fn matrix(&mut self, name: &str) -> Parsed<Expression> {
        if name.contains("cases") {
            return Err("it is a definition by cases".to_owned());
        }
        self.enter()?;
        let mut rows: Vec<Vec<Expression>> = vec![Vec::new()];
        loop {
            match self.peek() {
                Some(Token::End(_)) => break,
                Some(Token::Row) => {
                    self.at += 1;
                    rows.push(Vec::new());
                }
                Some(Token::Column) => self.at += 1,
                Some(_) => {
                    let cell = self.sum()?;
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
                None => return Err("a matrix is not closed".to_owned()),
            }
        }
        self.at += 1;
        self.depth -= 1;
        rows.retain(|row| !row.is_empty());
        let width = rows.first().map_or(0, Vec::len);
        if width == 0 || rows.iter().any(|row| row.len() != width) {
            return Err("a matrix has rows of different lengths".to_owned());
        }
        let matrix = Expression::Matrix(rows);
        Ok(match name {
            "vmatrix" => Expression::Call(Function::Determinant, vec![matrix]),
            _ => matrix,
        })
    }
}

/// The body of a sum over `i`, where that letter is an index.
pub(super) fn replace_imaginary(body: &Expression) -> Expression {
    let all = |parts: &[Expression]| parts.iter().map(replace_imaginary).collect();
    match body {
        Expression::Imaginary => Expression::Symbol("i".to_owned()),
        Expression::Sum(parts) => Expression::Sum(all(parts)),
        Expression::Product(parts) => Expression::Product(all(parts)),
        Expression::Call(function, parts) => Expression::Call(function.clone(), all(parts)),
        Expression::Power(base, exponent) => {
            Expression::Power(Box::new(replace_imaginary(base)), Box::new(replace_imaginary(exponent)))
        }
        other => other.clone(),
    }
}
