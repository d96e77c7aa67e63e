//! What single signs, Greek letters and runs of letters stand for.

use super::{Bracket, Token};
use crate::tree::{Comparison, Function};

pub(super) fn simple_symbol(character: char) -> Option<Token> {
    Some(match character {
        '+' | '＋' => Token::Plus,
        '-' | '−' | '–' | '—' | '－' => Token::Minus,
        '±' => Token::PlusMinus(true),
        '∓' => Token::PlusMinus(false),
        '*' | '×' | '·' | '⋅' | '∙' | '∗' | '•' => Token::Times,
        '/' | '÷' | '∕' | '／' => Token::Divide,
        '^' => Token::Caret,
        '_' => Token::Underscore,
        '!' => Token::Bang,
        '\'' | '’' | '′' => Token::Prime,
        ',' | '，' | '、' => Token::Comma,
        ';' | '；' => Token::Semicolon,
        ':' | '：' | '∶' => Token::Colon,
        '(' | '（' => Token::Open(Bracket::Round),
        ')' | '）' => Token::Close(Bracket::Round),
        '[' => Token::Open(Bracket::Square),
        ']' => Token::Close(Bracket::Square),
        '{' => Token::Open(Bracket::Group),
        '}' => Token::Close(Bracket::Group),
        '⟨' => Token::Open(Bracket::Angle),
        '⟩' => Token::Close(Bracket::Angle),
        '⌊' => Token::Open(Bracket::Floor),
        '⌋' => Token::Close(Bracket::Floor),
        '⌈' => Token::Open(Bracket::Ceiling),
        '⌉' => Token::Close(Bracket::Ceiling),
        '|' | '∣' => Token::Bar,
        '=' | '＝' => Token::Comparison(Comparison::Equal),
        '<' | '＜' => Token::Comparison(Comparison::Less),
        '>' | '＞' => Token::Comparison(Comparison::Greater),
        '≤' | '⩽' | '≦' => Token::Comparison(Comparison::LessOrEqual),
        '≥' | '⩾' | '≧' => Token::Comparison(Comparison::GreaterOrEqual),
        '≠' => Token::Comparison(Comparison::NotEqual),
        '≈' | '≃' | '≅' => Token::About,
        '∈' => Token::Member,
        '→' | '⇒' | '⟹' => Token::Arrow,
        '∪' => Token::Union,
        '%' | '％' => Token::Percent,
        '°' => Token::Degree,
        '€' | '£' | '¥' | '₹' => Token::Currency,
        '&' => Token::Column,
        '∞' => Token::Infinity,
        'π' => Token::Pi,
        '…' | '⋯' => Token::Ellipsis,
        '∨' => Token::Or,
        '∧' => Token::And,
        _ => return None,
    })
}

/// A run of letters, or the whole of a `\text{…}`, that has a meaning of its own.
pub(super) fn known_word(word: &str) -> Option<Token> {
    if let Some(function) = Function::named(word) {
        return Some(Token::Function(function));
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "pi" => Token::Pi,
        "sqrt" => Token::Command("sqrt".to_owned()),
        "and" => Token::And,
        "or" => Token::Or,
        "percent" | "pct" | "percentage" => Token::Percent,
        "degrees" | "degree" | "deg" => Token::Degree,
        "infinity" | "oo" | "inf" => Token::Infinity,
        "mod" => Token::Modulo,
        _ if GREEK.contains(&word) && word.len() > 2 => Token::Letter(word.to_owned()),
        _ => return None,
    })
}

/// A function's name written together with one-letter names: `sinx`.
pub(super) fn glued_function(run: &str) -> Option<(Token, &str)> {
    ["sin", "cos", "tan", "ln"].into_iter().find_map(|name| {
        let rest = run.strip_prefix(name)?;
        Some((Token::Function(Function::named(name)?), rest))
    })
}

pub(super) fn is_common_word(run: &str) -> bool {
    // Capitals alone are points and lengths.
    let spelled = run.chars().skip(1).all(|letter| letter.is_ascii_lowercase());
    spelled
        && matches!(
            run.to_ascii_lowercase().as_str(),
            "no" | "yes"
                | "odd"
                | "the"
                | "all"
                | "any"
                | "is"
                | "are"
                | "of"
                | "to"
                | "if"
                | "for"
                | "per"
                | "not"
                | "so"
                | "it"
                | "we"
                | "by"
                | "at"
                | "one"
                | "two"
                | "six"
                | "ten"
                | "has"
                | "can"
                | "but"
                | "was"
                | "sq"
                | "mph"
                | "pm"
                | "am"
                | "red"
                | "none"
                | "an"
                | "on"
                | "as"
                | "be"
                | "its"
                | "let"
        )
}

pub(super) const GREEK: &[&str] = &[
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Phi",
    "Psi",
    "Omega",
    "ell",
    "emptyset",
    "varnothing",
    "nabla",
    "partial",
    "angle",
    "triangle",
];

pub(super) fn greek_letter(character: char) -> Option<&'static str> {
    Some(match character {
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'θ' => "theta",
        'λ' => "lambda",
        'μ' | 'µ' => "mu",
        'ρ' => "rho",
        'σ' => "sigma",
        'τ' => "tau",
        'φ' | 'ϕ' => "phi",
        'ω' => "omega",
        'Δ' => "Delta",
        'Ω' => "Omega",
        '∅' => "emptyset",
        '∠' => "angle",
        _ => return None,
    })
}

pub(super) fn superscript(character: char) -> Option<char> {
    Some(match character {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴' => '4',
        '⁵' => '5',
        '⁶' => '6',
        '⁷' => '7',
        '⁸' => '8',
        '⁹' => '9',
        '⁻' => '-',
        _ => return None,
    })
}

pub(super) fn vulgar_fraction(character: char) -> Option<(u8, u8)> {
    Some(match character {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅙' => (1, 6),
        '⅛' => (1, 8),
        _ => return None,
    })
}

/// Whether a name is that of a Greek letter or another single sign.
pub fn is_greek(name: &str) -> bool {
    GREEK.contains(&name)
}
