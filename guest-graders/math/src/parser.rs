//! Reads tokens into one expression: precedence climbing by hand, with a bound on nesting.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use crate::lexer::{Bracket, Token};
use crate::tree::{Expression, Function, Series, ten_to};
use crate::work::{MAX_DEPTH, MAX_DIGITS};

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

fn parse_integer(digits: &str) -> Parsed<IBig> {
    digits.parse::<UBig>().map(IBig::from).map_err(|_| "a number is malformed".to_owned())
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

    /// A whole number before a proper fraction: `2 2/3`, `3\frac18`.
    fn mixed(&mut self, whole: Expression) -> Expression {
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
    fn plain_fraction(&mut self) -> Option<(RBig, RBig)> {
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
    fn whole_argument(&mut self) -> Option<RBig> {
        if self.take(&Token::Open(Bracket::Group)) {
            let value = self.whole_number()?;
            return self.take(&Token::Close(Bracket::Group)).then_some(value);
        }
        let Some(Token::Number { digits, .. }) = self.peek() else { return None };
        if digits.len() == 1 { self.whole_number() } else { None }
    }

    /// `18` of `\frac18`.
    fn two_digits(&mut self) -> Option<(RBig, RBig)> {
        let Some(Token::Number { digits, .. }) = self.peek() else { return None };
        let mut each = digits.chars().map(|digit| digit.to_digit(10).map(RBig::from));
        let pair = (each.next()??, each.next()??);
        if each.next().is_some() {
            return None;
        }
        self.at += 1;
        Some(pair)
    }

    fn whole_number(&mut self) -> Option<RBig> {
        let Some(Token::Number { digits, repeating }) = self.peek() else { return None };
        let Ok(Expression::Number(value)) = number(digits, repeating) else { return None };
        self.at += 1;
        Some(value)
    }

    fn letter(&mut self, mut name: String) -> Parsed<Expression> {
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
        let applied =
            matches!(name.trim_end_matches('\'').split('_').next(), Some("f" | "g" | "h" | "\\Gamma" | "Gamma"));
        let of_number = matches!(
            self.tokens.get(self.at..self.at + 3),
            Some([Token::Open(Bracket::Round), Token::Number { .. }, Token::Close(Bracket::Round)])
        );
        let applied = applied || of_number && !matches!(name.as_str(), "e" | "i");
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

    /// `\angle ABC`: the sign with all the letters after it is one name.
    fn prefixed_name(&mut self, mut name: String) -> Expression {
        while let Some(Token::Letter(letter)) = self.peek() {
            name.push(' ');
            name.push_str(letter);
            self.at += 1;
        }
        Expression::Symbol(name)
    }

    /// A subscript as text.
    fn subscript(&mut self) -> Parsed<String> {
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

    fn arguments(&mut self, bracket: Bracket) -> Parsed<Vec<Expression>> {
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
    fn function(&mut self, function: Function) -> Parsed<Expression> {
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
    fn juxtaposed_argument(&mut self) -> Parsed<Expression> {
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

    fn argument_or_factor(&mut self) -> Parsed<Expression> {
        if self.peek() == Some(&Token::Open(Bracket::Group)) { self.argument() } else { self.primary() }
    }

    /// An argument of a TeX command: a group, or one digit or letter.
    fn argument(&mut self) -> Parsed<Expression> {
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

    fn command(&mut self, name: &str) -> Parsed<Expression> {
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

    fn root(&mut self) -> Parsed<Expression> {
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

    fn series(&mut self, product: bool) -> Parsed<Expression> {
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
    fn named_operator(&mut self, name: &str) -> Parsed<Expression> {
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

    fn matrix(&mut self, name: &str) -> Parsed<Expression> {
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

/// A function of `arguments`; logarithms become natural ones.
fn apply(function: Function, base: Option<Expression>, mut arguments: Vec<Expression>) -> Parsed<Expression> {
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

fn inverse_function(function: &Function) -> Option<Function> {
    Some(match function {
        Function::Sin => Function::Arcsin,
        Function::Cos => Function::Arccos,
        Function::Tan => Function::Arctan,
        _ => return None,
    })
}

/// The body of a sum over `i`, where that letter is an index.
fn replace_imaginary(body: &Expression) -> Expression {
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
