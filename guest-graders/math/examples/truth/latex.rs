//! Writes trees out in LaTeX that reads back as the same tree.

use dashu_base::Signed;
use dashu_ratio::RBig;
use math::tree::{Answer, Comparison, Expression, Function};

/// An answer in LaTeX.
pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Value(value) => expression(value),
        Answer::Percent(value) => format!("{}\\%", expression(value)),
        Answer::Measured { value, unit } => format!("{} {}", expression(value), unit_text(unit)),
        Answer::Based { digits, base } => format!("{digits}_{{{base}}}"),
        Answer::Tuple { items, left_closed, right_closed } => {
            let (open, close) = (if *left_closed { '[' } else { '(' }, if *right_closed { ']' } else { ')' });
            format!("\\left{open}{}\\right{close}", list(items, ", "))
        }
        Answer::Set(items) => format!("\\{{{}\\}}", list(items, ", ")),
        Answer::List(items) if items.iter().any(|item| matches!(item, Answer::List(_))) => list(items, "; "),
        Answer::List(items) => list(items, ", "),
        Answer::Union(items) if items.iter().any(|item| matches!(item, Answer::Relation { .. } | Answer::Chain(_))) => {
            list(items, " \\text{ or } ")
        }
        Answer::Union(items) => list(items, " \\cup "),
        Answer::Ratio(parts) => parts.iter().map(expression).collect::<Vec<_>>().join(" : "),
        Answer::Named { name, value, sides: Some(sides) } => {
            if name.contains('(') && !name.contains([' ', '_', '^']) {
                return format!("{} = {}", name_text(name), self::answer(value));
            }
            format!("{} = {}", expression(&sides.0), self::answer(value))
        }
        Answer::Named { name, value, sides: None } => format!("{} = {}", name_text(name), self::answer(value)),
        Answer::Relation { left, comparison, right } => {
            format!("{} {} {}", expression(left), sign(*comparison), expression(right))
        }
        Answer::Chain(links) => {
            let first = links.first().map(|(left, _, _)| expression(left)).unwrap_or_default();
            links.iter().fold(first, |text, (_, comparison, right)| {
                format!("{text} {} {}", sign(*comparison), expression(right))
            })
        }
        Answer::Piecewise(cases) => {
            let rows: Vec<String> = cases
                .iter()
                .map(|(value, condition)| match condition {
                    Answer::Words(_) => format!("{} & \\text{{otherwise}}", self::answer(value)),
                    condition => format!("{} & \\text{{if }} {}", self::answer(value), self::answer(condition)),
                })
                .collect();
            format!("\\begin{{cases}}{}\\end{{cases}}", rows.join(" \\\\ "))
        }
        Answer::Family { over, member } => format!("\\bigcup{} {}", braced(over), self::answer(member)),
        Answer::Words(words) => format!("\\text{{{words}}}"),
    }
}

/// An index as it was read, with the braces that became brackets.
fn braced(over: &str) -> String {
    over.replace('(', "{").replace(')', "}").replace('∞', "\\infty ").replace("pi", "\\pi ")
}

fn list(items: &[Answer], separator: &str) -> String {
    items.iter().map(answer).collect::<Vec<_>>().join(separator)
}

fn unit_text(unit: &str) -> String {
    unit.split(' ')
        .map(|word| if word.chars().all(char::is_alphabetic) { format!("\\text{{ {word}}}") } else { word.to_owned() })
        .collect::<Vec<_>>()
        .join(" ")
        .replace('°', "^{\\circ}")
        .replace('%', "\\%")
}

fn name_text(name: &str) -> String {
    match name.split_once(' ') {
        None if name.starts_with("angle") => format!("\\angle {}", name.trim_start_matches("angle")),
        Some((decoration, rest)) => format!("\\{decoration}{{{rest}}}"),
        None => match name.split_once('(') {
            Some((function, rest)) if function.len() > 1 && function.chars().all(char::is_alphabetic) => {
                format!("\\operatorname{{{function}}}({rest}")
            }
            _ => name.replace("pi", "\\pi "),
        },
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "\\neq",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "\\le",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => "\\ge",
    }
}

/// An expression in LaTeX; every part that could be taken apart stands in brackets.
pub(crate) fn expression(value: &Expression) -> String {
    match value {
        Expression::Number(number) => rational(number),
        Expression::Decimal { value, unit_in_last_place } => decimal(value, unit_in_last_place),
        Expression::Symbol(name) => symbol(name),
        Expression::Pi => "\\pi ".to_owned(),
        Expression::Euler => "e".to_owned(),
        Expression::Imaginary => "i".to_owned(),
        Expression::Infinity => "\\infty ".to_owned(),
        Expression::Sum(terms) => {
            let parts = terms.iter().enumerate().map(|(place, term)| match term {
                Expression::PlusMinus(plus, inner) if place > 0 => {
                    format!("{}{}", if *plus { "\\pm " } else { "\\mp " }, bracketed(inner))
                }
                term if place > 0 => format!("+{}", bracketed(term)),
                term => bracketed(term),
            });
            parts.collect()
        }
        Expression::Product(factors) => factors.iter().map(bracketed).collect::<Vec<_>>().join(" \\cdot "),
        Expression::Power(base, exponent) => power(base, exponent),
        Expression::Call(function, arguments) => call(function, arguments),
        Expression::PlusMinus(plus, inner) => {
            format!("{}{}", if *plus { "\\pm " } else { "\\mp " }, bracketed(inner))
        }
        Expression::Series(series) => format!(
            "\\{}_{{{}={}}}^{{{}}} {}",
            if series.product { "prod" } else { "sum" },
            series.index,
            expression(&series.from),
            expression(&series.to),
            bracketed(&series.body)
        ),
        Expression::Matrix(rows) => {
            let rows: Vec<String> =
                rows.iter().map(|row| row.iter().map(expression).collect::<Vec<_>>().join(" & ")).collect();
            format!("\\begin{{pmatrix}}{}\\end{{pmatrix}}", rows.join(" \\\\ "))
        }
    }
}

fn bracketed(value: &Expression) -> String {
    let plain = match value {
        Expression::Number(number) => number.is_int() && !number.is_negative(),
        Expression::Decimal { value, .. } => !value.is_negative(),
        Expression::Sum(_) | Expression::Product(_) | Expression::PlusMinus(..) | Expression::Series(_) => false,
        _ => true,
    };
    if plain { expression(value) } else { format!("\\left({}\\right)", expression(value)) }
}

fn power(base: &Expression, exponent: &Expression) -> String {
    if *exponent == Expression::integer(-1) {
        return format!("\\frac{{1}}{{{}}}", expression(base));
    }
    if let Expression::Power(index, minus_one) = exponent
        && **minus_one == Expression::integer(-1)
    {
        return if **index == Expression::integer(2) {
            format!("\\sqrt{{{}}}", expression(base))
        } else {
            format!("\\sqrt[{}]{{{}}}", expression(index), expression(base))
        };
    }
    let whole = match base {
        Expression::Symbol(_) | Expression::Number(_) | Expression::Pi | Expression::Euler | Expression::Imaginary => {
            bracketed(base)
        }
        other => format!("\\left({}\\right)", expression(other)),
    };
    format!("{whole}^{{{}}}", expression(exponent))
}

fn call(function: &Function, arguments: &[Expression]) -> String {
    let inside = arguments.iter().map(expression).collect::<Vec<_>>().join(", ");
    match function {
        Function::Abs => format!("\\left|{inside}\\right|"),
        Function::Floor => format!("\\lfloor {inside}\\rfloor "),
        Function::Ceiling => format!("\\lceil {inside}\\rceil "),
        Function::Factorial => format!("\\left({inside}\\right)!"),
        Function::Binomial => {
            let parts: Vec<String> = arguments.iter().map(|part| format!("{{{}}}", expression(part))).collect();
            format!("\\binom{}", parts.concat())
        }
        Function::Modulo => {
            let parts: Vec<String> = arguments.iter().map(bracketed).collect();
            format!("\\left({}\\right)", parts.join(" \\bmod "))
        }
        Function::Determinant => inside.replace("pmatrix", "vmatrix"),
        Function::Named(name) => format!("{}({inside})", symbol(name)),
        other => format!("\\{}\\left({inside}\\right)", other.name()),
    }
}

fn symbol(name: &str) -> String {
    if let Some(function) = name.strip_suffix("^-1") {
        return format!("{function}^{{-1}}");
    }
    let (base, subscript) = name.split_once('_').map_or((name, None), |(base, rest)| (base, Some(rest)));
    let base = match base.split_once(' ') {
        Some((decoration, rest)) => format!("\\{decoration}{{{rest}}}"),
        None if math::lexer::is_greek(base.trim_end_matches('\'')) => format!("\\{base} "),
        None if base.trim_end_matches('\'').chars().count() > 1 && !base.starts_with('\\') => {
            format!("\\operatorname{{{base}}}")
        }
        None => base.to_owned(),
    };
    subscript.map_or(base.clone(), |subscript| format!("{base}_{{{subscript}}}"))
}

fn rational(number: &RBig) -> String {
    if number.is_int() {
        return number.to_string();
    }
    let sign = if number.is_negative() { "-" } else { "" };
    format!("{sign}\\frac{{{}}}{{{}}}", number.numerator().to_string().trim_start_matches('-'), number.denominator())
}

fn decimal(value: &RBig, unit: &RBig) -> String {
    let units = (value / unit).trunc().to_string();
    let places = unit.denominator().to_string().len() - 1;
    let (sign, digits) = units.strip_prefix('-').map_or(("", units.as_str()), |digits| ("-", digits));
    if places == 0 {
        let zeros = unit.numerator().to_string().len() - 1;
        return if zeros == 0 { format!("{sign}{digits}.0") } else { format!("{sign}{digits}.0e{zeros}") };
    }
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}.{fraction}")
}
