//! Reads the text of an answer: lists, sets, intervals, relations, units and words around expressions.

mod brackets;
mod cases;
mod lists;
mod member;
mod qualifiers;
mod relation;
mod sexagesimal;

use crate::lexer::{self, Bracket, Token};
use crate::parser::{self, plain_text};
use crate::tree::{Answer, Expression};
use crate::work::{MAX_ANSWER_BYTES, MAX_COLLECTIONS, MAX_DIGITS};
use brackets::{split, without_redundant_brackets};
use lists::{grouped, membership, named_set, spread_name};
use member::words;
use relation::relation;

/// What a text was read as.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub answer: Answer,
    /// The text without spaces, dollar signs and what only changes its looks.
    pub text: String,
    /// Two digit groups with a comma between them, read as a list: the number they make with a decimal comma.
    pub decimal_comma: Option<Expression>,
}

/// Reads `text`; the error says why it is no answer.
pub fn read(text: &str) -> Result<Reading, String> {
    let text = with_eaten_escapes(text);
    let trimmed = strip(&text);
    if trimmed.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(digits) = long_number(trimmed) {
        return Ok(Reading { answer: Answer::Words(digits.clone()), text: digits, decimal_comma: None });
    }
    let tokens = lexer::tokens(trimmed)?;
    let tokens = without_redundant_brackets(cases::with_open_braces_dropped(tokens))?;
    let tokens = qualifiers::without_qualifier(&tokens);
    if tokens.is_empty() {
        return Err("it holds no mathematics".to_owned());
    }
    let answer = answer(tokens, 0).or_else(|reason| words(tokens).ok_or(reason))?;
    Ok(Reading { answer, text: folded(trimmed), decimal_comma: decimal_comma(trimmed) })
}

/// `\frac`, `\binom` and the like whose backslash and first letter some program took for a control character.
fn with_eaten_escapes(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(['\u{8}', '\u{c}']) {
        return text.into();
    }
    text.replace("\\\u{c}", "\u{c}").replace('\u{c}', "\\f").replace('\u{8}', "\\b").into()
}

/// The text with its dollar signs, `\[ \]`, `\( \)` and closing full stop removed.
pub fn strip(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text;
        for (start, end) in [("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"), ("**", "**"), ("`", "`")] {
            if let Some(inner) = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end))
                && !inner.contains(start)
            {
                text = inner.trim();
            }
        }
        text = text.trim_end_matches(['.', ',', ';', ':']).trim();
        if text == before {
            return text;
        }
    }
}

/// Letters, digits and signs of `text`, without spaces and without commands that only change looks.
fn folded(text: &str) -> String {
    let mut folded: String = text.chars().filter(|character| !character.is_whitespace() && *character != '$').collect();
    for look in ["\\left", "\\right", "\\,", "\\!", "\\;", "\\ "] {
        folded = folded.replace(look, "");
    }
    folded.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
}

/// A whole number of more digits than arithmetic is done with, without leading zeros.
fn long_number(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let long = text.len() > MAX_DIGITS.min(MAX_ANSWER_BYTES);
    (long && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("{sign}{}", digits.trim_start_matches('0')))
}

/// `2,74` and the like: at least two decimals, and not a group of thousands.
fn decimal_comma(text: &str) -> Option<Expression> {
    let (whole, fraction) = text.split_once(',')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let thousands = fraction.len() == 3 && whole.len() <= 3 && !whole.starts_with('0');
    if !digits(whole) || !digits(fraction) || fraction.len() < 2 || thousands {
        return None;
    }
    parser::number(&format!("{whole}.{fraction}"), "").ok()
}

fn answer(tokens: &[Token], depth: usize) -> Result<Answer, String> {
    if depth > MAX_COLLECTIONS {
        return Err(format!("its sets and tuples are nested more than {MAX_COLLECTIONS} levels deep"));
    }
    let tokens = qualifiers::restated(trimmed(tokens));
    if let Some(family) = family(tokens, depth) {
        return family;
    }
    let connected = tokens.iter().any(|token| matches!(token, Token::And | Token::Or));
    for separators in [&[Token::Semicolon, Token::Row][..], &[Token::Comma, Token::And, Token::Or][..]] {
        let parts: Vec<&[Token]> =
            split(tokens, |token| separators.contains(token)).into_iter().filter(|part| !part.is_empty()).collect();
        if parts.len() > 1 {
            let items = parts.into_iter().map(|part| answer(part, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            if connected && items.iter().all(|item| matches!(item, Answer::Words(_))) {
                return words(tokens).ok_or_else(|| "it holds no mathematics".to_owned());
            }
            let only_or = !tokens.iter().any(|token| matches!(token, Token::And | Token::Comma | Token::Semicolon));
            if only_or && items.iter().all(|item| matches!(item, Answer::Relation { .. } | Answer::Chain(_))) {
                return Ok(Answer::Union(items));
            }
            return Ok(Answer::List(grouped(spread_name(items))));
        }
    }
    let unions = split(tokens, |token| *token == Token::Union);
    if unions.len() > 1 {
        let (name, first) = membership(unions.first().copied().unwrap_or_default());
        let mut items = vec![answer(first, depth + 1)?];
        for part in unions.into_iter().skip(1) {
            items.push(answer(part, depth + 1)?);
        }
        let union = Answer::Union(items);
        return Ok(named_set(name, union));
    }
    let (name, set) = membership(tokens);
    if name.is_some() {
        return Ok(named_set(name, answer(set, depth + 1)?));
    }
    relation(tokens, depth)
}

/// `\bigcup_{k=…}^{…}` before a set.
fn family(tokens: &[Token], depth: usize) -> Option<Result<Answer, String>> {
    let [Token::Union, rest @ ..] = tokens else { return None };
    let end = rest.iter().position(|token| matches!(token, Token::Open(bracket) if *bracket != Bracket::Group))?;
    let (over, set) = rest.split_at_checked(end).filter(|(over, _)| !over.is_empty())?;
    let over = over.iter().map(plain_text).collect();
    Some(answer(set, depth + 1).map(|member| Answer::Family { over, member: Box::new(member) }))
}

/// Without separators, words of introduction and ellipses at the ends.
fn trimmed(mut tokens: &[Token]) -> &[Token] {
    loop {
        match tokens {
            [
                Token::Comma | Token::Semicolon | Token::And | Token::Or | Token::Colon | Token::Arrow | Token::About,
                rest @ ..,
            ]
            | [rest @ .., Token::Comma | Token::Semicolon | Token::Colon | Token::Arrow | Token::About] => {
                tokens = rest;
            }
            [Token::Word(word), rest @ ..] if is_introduction(word) && !rest.is_empty() => tokens = rest,
            _ => return tokens,
        }
    }
}

fn is_introduction(word: &str) -> bool {
    matches!(
        word,
        "about"
            | "approximately"
            | "roughly"
            | "exactly"
            | "is"
            | "are"
            | "the"
            | "answer"
            | "solution"
            | "solutions"
            | "solve"
            | "therefore"
            | "thus"
            | "hence"
            | "either"
            | "both"
            | "equals"
            | "so"
            | "then"
            | "it"
            | "be"
            | "we"
            | "have"
            | "get"
            | "let"
    )
}
