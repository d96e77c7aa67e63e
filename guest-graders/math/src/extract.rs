//! Finds the final answer in a whole response, and says where it stood.

mod announced;
mod boxes;
mod formulas;
mod unmarked;

use crate::policy::Search;
use announced::announced;
use boxes::boxed;
pub use formulas::formulas;
use formulas::last_formula;
use unmarked::{bold, lone_answer, unmarked};

/// An answer's text with the place it was found at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub text: String,
    pub place: Place,
}

/// Where in the response an answer stood, the surest places first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Boxed,
    Hashes,
    FinalAnswer,
    AnswerIs,
    Bold,
    LastFormula,
    LastLine,
    LastExpression,
    WholeResponse,
}

impl Place {
    pub fn words(self) -> &'static str {
        match self {
            Self::Boxed => "in \\boxed{}",
            Self::Hashes => "after ####",
            Self::FinalAnswer => "after \"final answer\"",
            Self::AnswerIs => "after \"answer\"",
            Self::Bold => "in bold",
            Self::LastFormula => "in the last formula",
            Self::LastLine => "on the last line",
            Self::LastExpression => "as the last number or expression",
            Self::WholeResponse => "as the whole response",
        }
    }
}

/// Bytes at the end of a response that are searched for an answer without a box.
const LONGEST_SEARCH: usize = 64 * 1024;

/// The final answer in `response`, outside of its thinking.
pub fn final_answer(response: &str) -> Option<Found> {
    final_answer_in(response, Search::default())
}

/// The final answer in `response`, looked for where `search` says.
pub fn final_answer_in(response: &str, search: Search) -> Option<Found> {
    let text = without_thinking(response);
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let found = |text: String, place| Some(Found { text, place });
    if !search.boxes_first
        && let Some((statement, place @ Place::FinalAnswer)) = announced(tail(text))
    {
        return found(statement, place);
    }
    if let Some((boxed, end)) = boxed(text) {
        return match announced(tail(&text[end..])) {
            Some((statement, place @ Place::FinalAnswer)) => found(statement, place),
            _ => found(boxed, Place::Boxed),
        };
    }
    if text.len() > LONGEST_SEARCH && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return found(text.to_owned(), Place::WholeResponse);
    }
    let text = tail(text);
    if search.formulas_only {
        let announced = announced(text).filter(|(statement, _)| {
            formulas(text).iter().any(|(_, _, content)| content.trim() == statement && !content.contains('\n'))
        });
        return announced
            .map(|(text, place)| Found { text, place })
            .or_else(|| last_formula(text).map(|text| Found { text, place: Place::LastFormula }));
    }
    if let Some(at) = text.rfind("####") {
        let line = first_line(&text[at + 4..]);
        if !line.is_empty() {
            return found(line.to_owned(), Place::Hashes);
        }
    }
    if let Some((statement, place)) = announced(text) {
        return found(statement, place);
    }
    if let Some(answer) = lone_answer(text) {
        return found(answer, Place::WholeResponse);
    }
    if let Some(bold) = bold(text) {
        return found(bold, Place::Bold);
    }
    unmarked(text)
}

/// The last part of a long text; an answer without a box is looked for there only.
fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(LONGEST_SEARCH);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// What stands outside `<think>…</think>`; a thinking section that is not closed takes the rest.
pub fn without_thinking(response: &str) -> &str {
    for (open, close) in [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>")] {
        if let Some(at) = response.rfind(close) {
            return &response[at + close.len()..];
        }
        if let Some(at) = response.find(open) {
            return &response[..at];
        }
    }
    response
}

fn follows_percent(after: &str) -> bool {
    let after = after.trim_start_matches(['$', ')', ']', '\\', ' ', '}']).trim_start();
    ["%", "percent", "pct"].iter().any(|mark| after.starts_with(mark))
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default().trim()
}
