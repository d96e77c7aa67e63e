//! Reads tokens into one expression: precedence climbing by hand, with a bound on nesting.

mod commands;
mod functions;
mod numbers;

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
pub use numbers::number;

use crate::lexer::{Bracket, Token};
use crate::tree::{ELLIPSIS, Expression, Function};
use crate::work::MAX_DEPTH;

type Parsed<T> = Result<T, String>;

/// Reads all of `tokens` as one expression, `depth` groups deep already.
pub fn expression(tokens: &[Token], depth: usize) -> Parsed<Expression> {
    let mut parser = Parser { tokens: tokens.to_vec(), at: 0, depth, bars: 0 };
    let expression = parser.sum()?;
    if parser.at < parser.tokens.len() {
        return Err(format!("it cannot be read after its token {}", parser.at));
    }
    if expression.height(MAX_DEPTH + 56) > MAX_DEPTH + 55 {
        return Err(too_deep());
    }
    Ok(expression)
}

fn too_deep() -> String {
    format!("it is nested more than {MAX_DEPTH} levels deep")
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Open `|`; while inside, the next `|` closes.
    bars: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token, what: &str) -> Parsed<()> {
        if self.take(token) { Ok(()) } else { Err(format!("{what} is not closed")) }
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(too_deep()) } else { Ok(()) }
    }

    fn sum(&mut self) -> Parsed<Expression> {
        self.enter()?;
        let mut terms = vec![self.product()?];
        loop {
            let term = match self.peek() {
                Some(Token::Plus) => {
                    self.at += 1;
                    self.product()?
                }
                Some(Token::Minus) => {
                    self.at += 1;
                    self.product()?.negative()
                }
                Some(Token::PlusMinus(plus)) => {
                    let plus = *plus;
                    self.at += 1;
                    Expression::PlusMinus(plus, Box::new(self.product()?))
                }
                _ => break,
            };
            terms.push(term);
        }
        self.depth -= 1;
        Ok(Expression::sum(terms))
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut factors = vec![self.signed()?];
        loop {
            match self.peek() {
                Some(Token::Times) => {
                    self.at += 1;
                    factors.push(self.signed()?);
                }
                Some(Token::Divide) => {
                    self.at += 1;
                    factors.push(self.signed()?.inverse());
                }
                Some(Token::Modulo) => {
                    self.at += 1;
                    let modulus = self.signed()?;
                    let left = Expression::product(std::mem::take(&mut factors));
                    factors.push(Expression::Call(Function::Modulo, vec![left, modulus]));
                }
                Some(token) if self.starts_factor(token) => {
                    if matches!(token, Token::Number { .. }) && matches!(self.previous(), Some(Token::Number { .. })) {
                        return Err("two numbers stand side by side".to_owned());
                    }
                    factors.push(self.power()?);
                }
                _ => return Ok(Expression::product(factors)),
            }
        }
    }

    fn previous(&self) -> Option<&Token> {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at))
    }

    fn starts_factor(&self, token: &Token) -> bool {
        match token {
            Token::Number { .. }
            | Token::Letter(_)
            | Token::Function(_)
            | Token::Command(_)
            | Token::Begin(_)
            | Token::Pi
            | Token::Infinity => true,
            Token::Open(bracket) => *bracket != Bracket::Set,
            Token::Bar => self.bars == 0,
            _ => false,
        }
    }

    fn signed(&mut self) -> Parsed<Expression> {
        let mut negative = false;
        loop {
            match self.peek() {
                Some(Token::Minus) => negative = !negative,
                Some(Token::Plus) => {}
                Some(Token::PlusMinus(plus)) => {
                    let plus = *plus;
                    self.at += 1;
                    self.enter()?;
                    let inner = self.signed()?;
                    self.depth -= 1;
                    let inner = Expression::PlusMinus(plus, Box::new(inner));
                    return Ok(if negative { inner.negative() } else { inner });
                }
                _ => break,
            }
            self.at += 1;
        }
        let power = self.power()?;
        Ok(if negative { power.negative() } else { power })
    }

    fn power(&mut self) -> Parsed<Expression> {
        let base = self.primary()?;
        let base = self.postfix(base)?;
        if !self.take(&Token::Caret) {
            return Ok(base);
        }
        self.enter()?;
        let exponent = self.script()?;
        self.depth -= 1;
        let power = Expression::Power(Box::new(base), Box::new(exponent));
        self.postfix(power)
    }

    /// `!`, `%` and `°` after a factor.
    fn postfix(&mut self, mut base: Expression) -> Parsed<Expression> {
        let mut count = 0;
        loop {
            base = match self.peek() {
                Some(Token::Bang) => Expression::Call(Function::Factorial, vec![base]),
                Some(Token::Percent) => {
                    Expression::Product(vec![base, Expression::Number(RBig::from_parts(IBig::ONE, UBig::from(100u8)))])
                }
                Some(Token::Degree) => Expression::Product(vec![
                    base,
                    Expression::Pi,
                    Expression::Number(RBig::from_parts(IBig::ONE, UBig::from(180u8))),
                ]),
                _ => return Ok(base),
            };
            self.at += 1;
            count += 1;
            if count > 3 {
                return Err("it has too many signs after one number".to_owned());
            }
        }
    }

    /// What stands after `^`: a group, or one signed factor.
    fn script(&mut self) -> Parsed<Expression> {
        if self.take(&Token::Open(Bracket::Group)) {
            let inner = self.sum()?;
            self.expect(&Token::Close(Bracket::Group), "a brace")?;
            if self.take(&Token::Caret) {
                self.enter()?;
                let exponent = self.script()?;
                self.depth -= 1;
                return Ok(Expression::Power(Box::new(inner), Box::new(exponent)));
            }
            return Ok(inner);
        }
        let mut negative = false;
        while matches!(self.peek(), Some(Token::Minus | Token::Plus)) {
            negative ^= self.peek() == Some(&Token::Minus);
            self.at += 1;
        }
        let base = self.primary()?;
        let exponent = if self.take(&Token::Caret) {
            self.enter()?;
            let exponent = self.script()?;
            self.depth -= 1;
            Expression::Power(Box::new(base), Box::new(exponent))
        } else {
            base
        };
        Ok(if negative { exponent.negative() } else { exponent })
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let Some(token) = self.peek().cloned() else { return Err("it ends too early".to_owned()) };
        self.at += 1;
        match token {
            Token::Number { digits, repeating } => {
                let value = number(&digits, &repeating)?;
                if self.peek() == Some(&Token::Underscore) {
                    return Err("a number has a subscript".to_owned());
                }
                Ok(self.mixed(value))
            }
            Token::Letter(name) => self.letter(name),
            Token::Pi => Ok(Expression::Pi),
            Token::Infinity => Ok(Expression::Infinity),
            Token::Ellipsis => Ok(Expression::Symbol(ELLIPSIS.to_owned())),
            Token::Function(function) => self.function(function),
            Token::Command(name) => self.command(&name),
            Token::Begin(name) => self.matrix(&name),
            Token::Open(bracket) => self.bracketed(bracket),
            Token::Bar if self.bars == 0 => {
                self.bars += 1;
                let inner = self.sum()?;
                self.bars -= 1;
                self.expect(&Token::Bar, "a bar")?;
                Ok(Expression::Call(Function::Abs, vec![inner]))
            }
            Token::Word(word) => Err(format!("it holds the word {word:?}")),
            _ => Err(format!("it cannot be read at its token {}", self.at)),
        }
    }

    fn bracketed(&mut self, bracket: Bracket) -> Parsed<Expression> {
        if bracket == Bracket::Group && self.take(&Token::Close(Bracket::Group)) {
            return Ok(Expression::integer(1));
        }
        let bars = std::mem::take(&mut self.bars);
        let inner = self.sum()?;
        self.bars = bars;
        self.expect(&Token::Close(bracket), "a bracket")?;
        Ok(match bracket {
            Bracket::Floor => Expression::Call(Function::Floor, vec![inner]),
            Bracket::Ceiling => Expression::Call(Function::Ceiling, vec![inner]),
            Bracket::Absolute => Expression::Call(Function::Abs, vec![inner]),
            _ => inner,
        })
    }
}

/// A token as text, for names and for comparing words.
pub fn plain_text(token: &Token) -> String {
    match token {
        Token::Number { digits, .. } => digits.clone(),
        Token::Letter(name) | Token::Word(name) | Token::Command(name) => name.clone(),
        Token::Function(function) => function.name().to_owned(),
        Token::Plus => "+".to_owned(),
        Token::Minus => "-".to_owned(),
        Token::PlusMinus(_) => "±".to_owned(),
        Token::Times => "*".to_owned(),
        Token::Divide => "/".to_owned(),
        Token::Caret => "^".to_owned(),
        Token::Underscore => "_".to_owned(),
        Token::Bang => "!".to_owned(),
        Token::Prime => "'".to_owned(),
        Token::Colon => ":".to_owned(),
        Token::Comma => ",".to_owned(),
        Token::Comparison(comparison) => comparison.sign().to_owned(),
        Token::About => "≈".to_owned(),
        Token::Member => "∈".to_owned(),
        Token::Union => "∪".to_owned(),
        Token::And => "and".to_owned(),
        Token::Or => "or".to_owned(),
        Token::Percent => "%".to_owned(),
        Token::Degree => "°".to_owned(),
        Token::Infinity => "∞".to_owned(),
        Token::Pi => "pi".to_owned(),
        Token::Ellipsis => "…".to_owned(),
        Token::Open(Bracket::Square) => "[".to_owned(),
        Token::Close(Bracket::Square) => "]".to_owned(),
        Token::Open(_) => "(".to_owned(),
        Token::Close(_) => ")".to_owned(),
        Token::Bar => "|".to_owned(),
        Token::Row | Token::Semicolon => ";".to_owned(),
        Token::Column => "&".to_owned(),
        Token::Begin(_) | Token::End(_) | Token::Modulo | Token::Currency | Token::Arrow => String::new(),
    }
}
