//! The exact tree that LaTeX and plain notation are read into.

mod decimals;

use dashu_ratio::RBig;
pub use decimals::ten_to;

/// A scalar or matrix expression. Numbers are exact; a decimal keeps the unit of its last place.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Number(RBig),
    Decimal {
        value: RBig,
        unit_in_last_place: RBig,
    },
    Symbol(String),
    Pi,
    Euler,
    Imaginary,
    Infinity,
    Sum(Vec<Self>),
    Product(Vec<Self>),
    Power(Box<Self>, Box<Self>),
    Call(Function, Vec<Self>),
    /// `true` for ±, `false` for ∓.
    PlusMinus(bool, Box<Self>),
    Series(Box<Series>),
    Matrix(Vec<Vec<Self>>),
}

/// A sum or product over an integer index.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub product: bool,
    pub index: String,
    pub from: Expression,
    pub to: Expression,
    pub body: Expression,
}

/// The functions that a tree can call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    Sin,
    Cos,
    Tan,
    Cot,
    Sec,
    Csc,
    Arcsin,
    Arccos,
    Arctan,
    Sinh,
    Cosh,
    Tanh,
    Ln,
    Abs,
    Floor,
    Ceiling,
    Factorial,
    Binomial,
    Modulo,
    Minimum,
    Maximum,
    Gcd,
    Lcm,
    Determinant,
    /// A function that only has a name: `f(x)`, an integral.
    Named(String),
}

/// How two sides are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An answer: an expression, or what is built of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Value(Expression),
    /// `28%`.
    Percent(Expression),
    /// A number with what it counts or measures.
    Measured {
        value: Expression,
        unit: String,
    },
    /// Digits in a base other than ten: `204_5`.
    Based {
        digits: String,
        base: u32,
    },
    /// `(a, b)`, `[a, b)`, `\langle a, b\rangle`: a tuple, or an interval when there are two items.
    Tuple {
        items: Vec<Self>,
        left_closed: bool,
        right_closed: bool,
    },
    /// `\{a, b\}`.
    Set(Vec<Self>),
    /// `a, b`, `a or b`.
    List(Vec<Self>),
    /// Sets and intervals joined by `\cup`.
    Union(Vec<Self>),
    /// `a : b`.
    Ratio(Vec<Expression>),
    /// `x = 5`, `f(x) = 2x`, `(x, y) = (1, 2)`.
    Named {
        name: String,
        value: Box<Self>,
        sides: Option<Box<(Expression, Expression)>>,
    },
    /// An equation or inequality.
    Relation {
        left: Expression,
        comparison: Comparison,
        right: Expression,
    },
    /// Values with the conditions under which they hold.
    Piecewise(Vec<(Self, Self)>),
    /// `\bigcup_{k}` of intervals that depend on `k`: how the index runs, and one of them.
    Family {
        over: String,
        member: Box<Self>,
    },
    /// `a < x <= b`.
    Chain(Vec<(Expression, Comparison, Expression)>),
    /// Words, folded to lower case.
    Words(String),
}

/// The name of what an ellipsis leaves out: a symbol that stands for nothing that could be computed with.
pub const ELLIPSIS: &str = "…";

impl Function {
    /// The function that plain text or a LaTeX command names so.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sin" => Self::Sin,
            "cos" => Self::Cos,
            "tan" | "tg" => Self::Tan,
            "cot" | "ctg" => Self::Cot,
            "sec" => Self::Sec,
            "csc" | "cosec" => Self::Csc,
            "arcsin" | "asin" => Self::Arcsin,
            "arccos" | "acos" => Self::Arccos,
            "arctan" | "atan" => Self::Arctan,
            "sinh" => Self::Sinh,
            "cosh" => Self::Cosh,
            "tanh" => Self::Tanh,
            "ln" => Self::Ln,
            "abs" => Self::Abs,
            "floor" => Self::Floor,
            "ceil" | "ceiling" => Self::Ceiling,
            "min" => Self::Minimum,
            "max" => Self::Maximum,
            "gcd" => Self::Gcd,
            "lcm" => Self::Lcm,
            "det" => Self::Determinant,
            "log" | "lg" | "exp" => Self::Named(name.to_owned()),
            _ => return None,
        })
    }

    /// The name in the canonical rendering.
    pub fn name(&self) -> &str {
        match self {
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Cot => "cot",
            Self::Sec => "sec",
            Self::Csc => "csc",
            Self::Arcsin => "arcsin",
            Self::Arccos => "arccos",
            Self::Arctan => "arctan",
            Self::Sinh => "sinh",
            Self::Cosh => "cosh",
            Self::Tanh => "tanh",
            Self::Ln => "ln",
            Self::Abs => "abs",
            Self::Floor => "floor",
            Self::Ceiling => "ceil",
            Self::Factorial => "factorial",
            Self::Binomial => "binomial",
            Self::Modulo => "mod",
            Self::Minimum => "min",
            Self::Maximum => "max",
            Self::Gcd => "gcd",
            Self::Lcm => "lcm",
            Self::Determinant => "det",
            Self::Named(name) => name,
        }
    }
}

impl Comparison {
    /// The comparison with its sides exchanged.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Expression {
    pub fn integer(value: i64) -> Self {
        Self::Number(RBig::from(value))
    }

    /// The sum of `terms`; a single term stands for itself.
    pub fn sum(mut terms: Vec<Self>) -> Self {
        match (terms.len(), terms.pop()) {
            (1, Some(only)) => only,
            (_, last) => Self::Sum(terms.into_iter().chain(last).collect()),
        }
    }

    /// The product of `factors`; a single factor stands for itself.
    pub fn product(mut factors: Vec<Self>) -> Self {
        match (factors.len(), factors.pop()) {
            (1, Some(only)) => only,
            (_, last) => Self::Product(factors.into_iter().chain(last).collect()),
        }
    }

    #[must_use]
    pub fn negative(self) -> Self {
        match self {
            Self::Number(value) => Self::Number(-value),
            Self::Decimal { value, unit_in_last_place } => Self::Decimal { value: -value, unit_in_last_place },
            other => Self::Product(vec![Self::integer(-1), other]),
        }
    }

    #[must_use]
    pub fn inverse(self) -> Self {
        Self::Power(Box::new(self), Box::new(Self::integer(-1)))
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self::Sum(vec![self, other.negative()])
    }

    /// The direct parts.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Sum(parts) | Self::Product(parts) | Self::Call(_, parts) => parts.iter().collect(),
            Self::Power(base, exponent) => vec![base, exponent],
            Self::PlusMinus(_, part) => vec![part],
            Self::Series(series) => vec![&series.from, &series.to, &series.body],
            Self::Matrix(rows) => rows.iter().flatten().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether any part, the expression itself included, satisfies `test`.
    pub fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|part| part.any(test))
    }

    /// Levels of the tree, counted no further than `limit`.
    pub fn height(&self, limit: usize) -> usize {
        if limit == 0 {
            return 1;
        }
        1 + self.children().into_iter().map(|part| part.height(limit - 1)).max().unwrap_or(0)
    }

    /// Names of the free symbols, sorted, each once.
    pub fn symbols(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.collect_symbols(&mut names);
        names.sort();
        names.dedup();
        names
    }

    fn collect_symbols(&self, names: &mut Vec<String>) {
        match self {
            Self::Symbol(name) => names.push(name.clone()),
            Self::Series(series) => {
                let mut inner = Vec::new();
                series.body.collect_symbols(&mut inner);
                inner.retain(|name| *name != series.index);
                names.append(&mut inner);
                series.from.collect_symbols(names);
                series.to.collect_symbols(names);
            }
            _ => self.children().into_iter().for_each(|part| part.collect_symbols(names)),
        }
    }

    /// The expression with `value` in the place of the symbol `name`.
    #[must_use]
    pub fn substitute(&self, name: &str, value: &Self) -> Self {
        let all = |parts: &[Self]| parts.iter().map(|part| part.substitute(name, value)).collect();
        match self {
            Self::Symbol(symbol) if symbol == name => value.clone(),
            Self::Sum(parts) => Self::Sum(all(parts)),
            Self::Product(parts) => Self::Product(all(parts)),
            Self::Call(function, parts) => Self::Call(function.clone(), all(parts)),
            Self::Power(base, exponent) => {
                Self::Power(Box::new(base.substitute(name, value)), Box::new(exponent.substitute(name, value)))
            }
            Self::PlusMinus(plus, part) => Self::PlusMinus(*plus, Box::new(part.substitute(name, value))),
            Self::Series(series) => Self::Series(Box::new(Series {
                from: series.from.substitute(name, value),
                to: series.to.substitute(name, value),
                body: if series.index == name { series.body.clone() } else { series.body.substitute(name, value) },
                ..(**series).clone()
            })),
            Self::Matrix(rows) => Self::Matrix(rows.iter().map(|row| all(row)).collect()),
            other => other.clone(),
        }
    }

    /// The expression with every ± read as plus (`upper`) or as minus.
    #[must_use]
    pub fn with_sign(&self, upper: bool) -> Self {
        let all = |parts: &[Self]| parts.iter().map(|part| part.with_sign(upper)).collect();
        match self {
            Self::PlusMinus(plus, part) if *plus == upper => part.with_sign(upper),
            Self::PlusMinus(_, part) => part.with_sign(upper).negative(),
            Self::Sum(parts) => Self::Sum(all(parts)),
            Self::Product(parts) => Self::Product(all(parts)),
            Self::Call(function, parts) => Self::Call(function.clone(), all(parts)),
            Self::Power(base, exponent) => {
                Self::Power(Box::new(base.with_sign(upper)), Box::new(exponent.with_sign(upper)))
            }
            Self::Series(series) => Self::Series(Box::new(Series {
                from: series.from.with_sign(upper),
                to: series.to.with_sign(upper),
                body: series.body.with_sign(upper),
                ..(**series).clone()
            })),
            Self::Matrix(rows) => Self::Matrix(rows.iter().map(|row| all(row)).collect()),
            other => other.clone(),
        }
    }
}
