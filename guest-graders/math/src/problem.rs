//! Finds what a query asks for when there is no reference: an equation or system to solve, or arithmetic.

use crate::extract::formulas;
use crate::reader;
use crate::relations::Relation;
use crate::tree::{Answer, Comparison, Expression};

/// What a query asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Find what satisfies all of these.
    Equations(Equations),
    /// Find the value of this.
    Arithmetic { expression: Expression, text: String },
}

/// Equations to be solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Equations {
    /// Each with its text.
    pub equations: Vec<(Relation, String)>,
    /// The symbols to solve for, in the order asked or else of the alphabet.
    pub unknowns: Vec<String>,
    /// The query asks for something other than the unknown itself.
    pub asks_for_more: bool,
    pub wanted: Wanted,
}

/// Which of the roots are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    Positive,
    Negative,
    /// All, the complex ones too.
    Complex,
    /// Some, chosen in a way that is not understood here.
    Some,
}

/// The problem in `query`, if it is understood.
pub fn find(query: &str) -> Option<Problem> {
    let texts = candidates(query);
    let equations: Vec<(Relation, String)> = texts.iter().flat_map(|text| equations_of(text)).collect();
    if !equations.is_empty() {
        return solving(query, equations).map(Problem::Equations);
    }
    arithmetic(query)
}

/// The formulas of the query, and the runs of plain mathematics in it.
fn candidates(query: &str) -> Vec<String> {
    let marked = formulas(query);
    if marked.iter().any(|(_, _, content)| content.contains('=')) {
        return marked.into_iter().map(|(_, _, content)| content.to_owned()).collect();
    }
    let mut runs = Vec::new();
    for line in query.lines() {
        let mut run: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let bare = word.trim_end_matches(['.', ',', ';', '?', ':', '!']).trim_matches(['`', '*', '"', '$']);
            if is_mathematical(bare) {
                run.push(bare);
                if bare.len() == word.len() {
                    continue;
                }
            }
            runs.push(std::mem::take(&mut run).join(" "));
        }
        runs.push(run.join(" "));
    }
    runs.retain(|run| run.contains('='));
    runs
}

fn is_mathematical(word: &str) -> bool {
    let known = |run: &str| {
        run.len() <= 1
            || crate::tree::Function::named(run).is_some()
            || matches!(run, "sqrt" | "pi" | "xy" | "ab" | "frac" | "cdot")
    };
    !word.is_empty()
        && word != "a"
        && word.split(|next: char| !next.is_alphabetic()).all(known)
        && word.chars().all(|next| next.is_alphanumeric() || "+-*/^=()[]{}.,!|\\_−·×÷√²³¹⁴π".contains(next))
}

fn equations_of(text: &str) -> Vec<(Relation, String)> {
    let Ok(reading) = reader::read(text) else { return Vec::new() };
    let items = match reading.answer {
        Answer::List(items) => items,
        other => vec![other],
    };
    let single = items.len() == 1;
    items
        .into_iter()
        .filter_map(|item| {
            let shown = if single { reader::strip(text).to_owned() } else { crate::render::answer(&item) };
            match item {
                Answer::Relation { left, comparison: Comparison::Equal, right } => {
                    Some((Relation { left, comparison: Comparison::Equal, right }, shown))
                }
                Answer::Named { name, sides: Some(sides), .. } if !name.contains('(') => {
                    let (left, right) = *sides;
                    Some((Relation { left, comparison: Comparison::Equal, right }, shown))
                }
                _ => None,
            }
        })
        .collect()
}

fn solving(query: &str, equations: Vec<(Relation, String)>) -> Option<Equations> {
    let lower = query.to_lowercase();
    let mut symbols: Vec<String> = equations
        .iter()
        .flat_map(|(relation, _)| [relation.left.symbols(), relation.right.symbols()].concat())
        .collect();
    symbols.sort();
    symbols.dedup();
    let asked: Vec<String> = asked_symbols(query).into_iter().filter(|name| symbols.contains(name)).collect();
    let unknowns = if !asked.is_empty() {
        asked
    } else if symbols.len() <= equations.len() {
        symbols
    } else {
        return None;
    };
    let wanted = if lower.contains("positive") && !lower.contains("negative") && !lower.contains("integer") {
        Wanted::Positive
    } else if lower.contains("negative") && !lower.contains("integer") && !lower.contains("non") {
        Wanted::Negative
    } else if lower.contains("complex") {
        Wanted::Complex
    } else if RESTRICTIONS.iter().any(|word| lower.contains(word)) {
        Wanted::Some
    } else {
        Wanted::All
    };
    let asks_for_more = lower.contains("how many") || asks_for_another(query, &unknowns);
    Some(Equations { equations, unknowns, asks_for_more, wanted })
}

const RESTRICTIONS: &[&str] = &[
    "integer",
    "natural",
    "whole number",
    "smallest",
    "largest",
    "greatest",
    "least",
    "interval",
    "between",
    "a solution",
    "one solution",
    "one root",
    "a root",
    "prime",
    "first",
    "<",
    ">",
    "\\le",
    "\\ge",
    "\\in",
    "≤",
    "≥",
    "positive",
    "negative",
    "minimum",
    "maximum",
];

/// The symbols after "solve for", "find", "value of" and the like.
fn asked_symbols(query: &str) -> Vec<String> {
    let words = plain_words(query);
    let mut asked = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let asks = match word.to_lowercase().as_str() {
            "for" => at > 0 && words.get(at - 1).is_some_and(|before| before.to_lowercase().starts_with("solv")),
            "of" => at > 0 && words.get(at - 1).is_some_and(|before| before.to_lowercase().starts_with("value")),
            "find" | "determine" | "is" | "are" => true,
            _ => false,
        };
        if !asks {
            continue;
        }
        for name in words.iter().skip(at + 1) {
            if name == "and" || name == "all" {
                continue;
            }
            if name.chars().count() != 1 || !name.chars().all(char::is_alphabetic) || name == "a" {
                break;
            }
            if !asked.contains(name) {
                asked.push(name.clone());
            }
        }
    }
    asked
}

/// "Find the value of 2x + 1", "what is x + y": not the unknown itself.
fn asks_for_another(query: &str, unknowns: &[String]) -> bool {
    let words = plain_words(query);
    words.iter().enumerate().any(|(at, word)| {
        let lower = word.to_lowercase();
        let before =
            at.checked_sub(1).and_then(|at| words.get(at)).map(|before| before.to_lowercase()).unwrap_or_default();
        let asks = matches!(lower.as_str(), "compute" | "calculate" | "evaluate" | "find" | "determine")
            || lower == "of" && before.starts_with("value")
            || lower == "is" && before == "what"
            || lower == "many" && before == "how";
        let next = words.iter().skip(at + 1).find(|next| {
            !matches!(
                next.as_str(),
                "the"
                    | "all"
                    | "real"
                    | "complex"
                    | "exact"
                    | "both"
                    | "every"
                    | "positive"
                    | "negative"
                    | "only"
                    | "possible"
                    | "unique"
                    | "distinct"
            )
        });
        let about_roots = next.is_none_or(|next| {
            let next_lower = next.to_lowercase();
            unknowns.contains(next)
                || ["value", "solution", "root", "answer", "unknown"].iter().any(|word| next_lower.starts_with(word))
        });
        let sum_or_product = matches!(lower.as_str(), "sum" | "product" | "difference" | "number")
            && words.get(at + 1).is_some_and(|next| next == "of");
        asks && !about_roots || sum_or_product
    })
}

fn plain_words(query: &str) -> Vec<String> {
    query
        .split_whitespace()
        .map(|word| word.trim_matches(['$', '.', ',', ':', ';', '?', '!', '`', '*', '(', ')', '\\']).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

const COMMANDS: &[&str] = &[
    "what is",
    "what's",
    "whats",
    "calculate",
    "compute",
    "evaluate",
    "work out",
    "how much is",
    "find",
    "determine",
    "simplify",
    "the value of",
    "the result of",
    "the following",
    "expression",
    "please",
    "value of",
    "the sum",
    "the product",
    "solve",
    "result of",
];

/// A query that is one expression of numbers with a word of command.
fn arithmetic(query: &str) -> Option<Problem> {
    let mut rest = query.trim().trim_end_matches(['?', '.', ' ', '=', ':']).trim();
    // After a word it is an exclamation, after a number or bracket a factorial.
    if let Some(before) = rest.strip_suffix('!')
        && before.ends_with(|last: char| last.is_alphabetic() || last.is_whitespace())
    {
        rest = before.trim();
    }
    loop {
        let before = rest;
        for command in COMMANDS {
            if rest.get(..command.len()).is_some_and(|start| start.eq_ignore_ascii_case(command)) {
                rest = rest.get(command.len()..).unwrap_or_default().trim_start_matches([' ', ':', '\n']);
            }
        }
        rest = rest.trim_end_matches(['?', '=', '.', ' ']);
        if rest == before {
            break;
        }
    }
    let spelled = spelled_operators(rest);
    let reading = reader::read(&spelled).ok()?;
    let (Answer::Value(expression) | Answer::Measured { value: expression, .. }) = reading.answer else { return None };
    let plain = matches!(expression, Expression::Number(_) | Expression::Decimal { .. });
    (!plain && expression.symbols().is_empty()).then(|| Problem::Arithmetic { expression, text: rest.to_owned() })
}

fn spelled_operators(text: &str) -> String {
    let mut spelled = format!(" {text} ");
    for (words, sign) in [
        (" plus ", " + "),
        (" minus ", " - "),
        (" times ", " * "),
        (" multiplied by ", " * "),
        (" divided by ", " / "),
        (" to the power of ", " ^ "),
        (" squared", "^2"),
        (" cubed", "^3"),
        ("% of ", "/100 * "),
        (" percent of ", "/100 * "),
        (" the square root of ", " sqrt "),
        (" square root of ", " sqrt "),
        (" factorial", "!"),
    ] {
        spelled = spelled.replace(words, sign);
    }
    spelled.trim().to_owned()
}
