//! Writes trees out, for reasons and details.

use dashu_base::{Abs, Signed};
use dashu_ratio::RBig;

use crate::parser::plain_text;
use crate::tree::{Answer, Expression, Function};

/// Characters of the longest rendering.
const LONGEST: usize = 160;

/// An answer in plain notation, shortened.
pub fn answer(answer: &Answer) -> String {
    let mut out = String::new();
    write_answer(answer, &mut out);
    shortened(&out)
}

/// An expression in plain notation, shortened.
pub fn expression(value: &Expression) -> String {
    let mut out = String::new();
    write_expression(value, 0, &mut out);
    shortened(&out)
}

/// A number as an integer, a short decimal or a fraction.
pub fn number(value: &RBig) -> String {
    shortened(&value.to_string())
}

/// `text` cut to a length that suits a reason.
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn full(out: &str) -> bool {
    out.len() > 4 * LONGEST
}

fn write_list(items: &[Answer], separator: &str, out: &mut String) {
    for (place, item) in items.iter().enumerate() {
        if full(out) {
            return;
        }
        if place > 0 {
            out.push_str(separator);
        }
        write_answer(item, out);
    }
}

fn write_answer(answer: &Answer, out: &mut String) {
    match answer {
        Answer::Value(value) => write_expression(value, 0, out),
        Answer::Percent(value) => {
            write_expression(value, 3, out);
            out.push('%');
        }
        Answer::Measured { value, unit } => {
            write_expression(value, 0, out);
            out.push(' ');
            out.push_str(unit);
        }
        Answer::Based { digits, base } => write_all(out, &[digits, " in base ", &base.to_string()]),
        Answer::Tuple { items, left_closed, right_closed } => {
            out.push(if *left_closed { '[' } else { '(' });
            write_list(items, ", ", out);
            out.push(if *right_closed { ']' } else { ')' });
        }
        Answer::Set(items) => {
            out.push('{');
            write_list(items, ", ", out);
            out.push('}');
        }
        Answer::List(items) => write_list(items, ", ", out),
        Answer::Union(items) => write_list(items, " ∪ ", out),
        Answer::Ratio(parts) => {
            let items: Vec<Answer> = parts.iter().cloned().map(Answer::Value).collect();
            write_list(&items, ":", out);
        }
        Answer::Named { name, value, .. } => {
            out.push_str(name);
            out.push_str(" = ");
            write_answer(value, out);
        }
        Answer::Relation { left, comparison, right } => {
            write_expression(left, 0, out);
            write_all(out, &[" ", comparison.sign(), " "]);
            write_expression(right, 0, out);
        }
        Answer::Chain(links) => {
            if let Some((first, _, _)) = links.first() {
                write_expression(first, 0, out);
            }
            for (_, comparison, right) in links {
                write_all(out, &[" ", comparison.sign(), " "]);
                write_expression(right, 0, out);
            }
        }
        Answer::Piecewise(cases) => {
            for (place, (value, condition)) in cases.iter().enumerate() {
                out.push_str(if place > 0 { "; " } else { "" });
                write_answer(value, out);
                out.push_str(" if ");
                write_answer(condition, out);
            }
        }
        Answer::Family { over, member } => {
            write_all(out, &["⋃ ", over, " "]);
            write_answer(member, out);
        }
        Answer::Words(words) => out.push_str(words),
    }
}

/// `binding` is 0 in a sum, 1 in a product, 2 as a base, 3 before a sign.
fn write_expression(value: &Expression, binding: u8, out: &mut String) {
    if full(out) {
        return;
    }
    match value {
        Expression::Number(number) => {
            let wrap = binding >= 2 && (number.is_negative() || !number.is_int());
            wrapped(wrap, out, |out| out.push_str(&number.to_string()));
        }
        Expression::Decimal { value, unit_in_last_place } => out.push_str(&decimal(value, unit_in_last_place)),
        Expression::Symbol(name) => out.push_str(name.trim_start_matches('\\')),
        Expression::Pi => out.push_str(&plain_text(&crate::lexer::Token::Pi)),
        Expression::Euler => out.push('e'),
        Expression::Imaginary => out.push('i'),
        Expression::Infinity => out.push('∞'),
        Expression::Sum(terms) => wrapped(binding > 0, out, |out| write_sum(terms, out)),
        Expression::Product(factors) => wrapped(binding > 1, out, |out| write_product(factors, out)),
        Expression::Power(base, exponent) => write_power(base, exponent, out),
        Expression::Call(Function::Factorial, arguments) => {
            for argument in arguments {
                write_expression(argument, 2, out);
            }
            out.push('!');
        }
        Expression::Call(function, arguments) => {
            out.push_str(function.name());
            out.push('(');
            for (place, argument) in arguments.iter().enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                write_expression(argument, 0, out);
            }
            out.push(')');
        }
        Expression::PlusMinus(plus, inner) => {
            out.push(if *plus { '±' } else { '∓' });
            write_expression(inner, 2, out);
        }
        Expression::Series(series) => {
            out.push_str(if series.product { "product(" } else { "sum(" });
            write_expression(&series.body, 0, out);
            write_all(out, &[", ", &series.index, " = "]);
            write_expression(&series.from, 0, out);
            out.push_str(" to ");
            write_expression(&series.to, 0, out);
            out.push(')');
        }
        Expression::Matrix(rows) => {
            out.push('[');
            for (place, row) in rows.iter().enumerate() {
                if place > 0 {
                    out.push_str("; ");
                }
                for (column, cell) in row.iter().enumerate() {
                    if column > 0 {
                        out.push_str(", ");
                    }
                    write_expression(cell, 0, out);
                }
            }
            out.push(']');
        }
    }
}

fn write_all(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

fn wrapped(wrap: bool, out: &mut String, write: impl FnOnce(&mut String)) {
    if wrap {
        out.push('(');
    }
    write(out);
    if wrap {
        out.push(')');
    }
}

fn write_sum(terms: &[Expression], out: &mut String) {
    for (place, term) in terms.iter().enumerate() {
        let start = out.len();
        write_expression(term, 1, out);
        if place > 0 {
            let written = out.split_off(start);
            match written.strip_prefix('-') {
                Some(positive) => write_all(out, &[" - ", positive]),
                None => write_all(out, &[" + ", &written]),
            }
        }
    }
}

fn write_product(factors: &[Expression], out: &mut String) {
    let mut previous_number = false;
    for (place, factor) in factors.iter().enumerate() {
        let last = place + 1 == factors.len();
        match factor {
            Expression::Number(number) if place == 0 && !last && *number == RBig::from(-1) => {
                out.push('-');
                continue;
            }
            Expression::Power(base, exponent) if **exponent == Expression::integer(-1) => {
                if place == 0 {
                    out.push('1');
                }
                out.push('/');
                write_expression(base, 2, out);
                previous_number = true;
                continue;
            }
            _ => {}
        }
        let number = matches!(factor, Expression::Number(_) | Expression::Decimal { .. });
        if place > 0 && !out.ends_with('-') {
            let letter =
                matches!(factor, Expression::Symbol(_) | Expression::Pi | Expression::Imaginary | Expression::Euler);
            let plain_power = matches!(factor, Expression::Power(base, _) if matches!(**base, Expression::Symbol(_)));
            if !(previous_number && (letter || plain_power)) {
                out.push('*');
            }
        }
        write_expression(factor, 2, out);
        previous_number = number;
    }
}

fn write_power(base: &Expression, exponent: &Expression, out: &mut String) {
    if let Expression::Power(index, minus_one) = exponent
        && **minus_one == Expression::integer(-1)
    {
        let square = **index == Expression::integer(2);
        out.push_str(if square { "sqrt(" } else { "root(" });
        write_expression(base, 0, out);
        if !square {
            out.push_str(", ");
            write_expression(index, 0, out);
        }
        out.push(')');
        return;
    }
    if *exponent == Expression::integer(-1) {
        out.push_str("1/");
        write_expression(base, 2, out);
        return;
    }
    let nested = matches!(base, Expression::Power(..));
    wrapped(nested, out, |out| write_expression(base, 2, out));
    out.push('^');
    write_expression(exponent, 2, out);
}

/// A decimal with as many places as it was written with.
fn decimal(value: &RBig, unit: &RBig) -> String {
    let units = (value / unit).trunc();
    let places = unit.denominator().to_string().len() - 1;
    if unit.numerator() != &dashu_int::IBig::ONE || places == 0 || places > 40 {
        return value.to_string();
    }
    let digits = format!("{:0>width$}", units.clone().abs().to_string(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{}{whole}.{fraction}", if value.is_negative() { "-" } else { "" })
}
