//! Formulas between dollar signs and their like.

use super::boxes::joins;
use super::{first_line, follows_percent};

/// Start, end and content of the formulas between dollar signs or `\( \)`, `\[ \]`, in one pass.
pub fn formulas(text: &str) -> Vec<(usize, usize, &str)> {
    let mut found = Vec::new();
    let mut unclosed: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(['$', '\\']).map(|mark| at + mark) {
        let rest = &text[start..];
        let pair = [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$")]
            .into_iter()
            .find(|(open, _)| rest.starts_with(open));
        let Some((open, close)) = pair.filter(|(open, _)| !unclosed.contains(open)) else {
            // An escaped dollar sign opens nothing.
            at = start + if rest.starts_with("\\$") { 2 } else { 1 };
            continue;
        };
        let inner = start + open.len();
        let Some(length) = unescaped(&text[inner..], close) else {
            unclosed.push(open);
            at = inner;
            continue;
        };
        let content = &text[inner..inner + length];
        at = inner + length + close.len();
        if !content.trim().is_empty() {
            found.push((start, at, content));
        }
    }
    found
}

/// Where `close` begins, a dollar sign after a backslash apart.
pub(super) fn unescaped(text: &str, close: &str) -> Option<usize> {
    text.match_indices(close).map(|(at, _)| at).find(|at| !close.starts_with('$') || !text[..*at].ends_with('\\'))
}

/// The first formula of `line` with those joined to it, and a unit or percent sign right after.
pub(super) fn joined_formulas(line: &str) -> Option<String> {
    let formulas = formulas(line);
    let (start, mut end, first) = *formulas.first()?;
    if line[..start].split_whitespace().count() > 12 {
        return None;
    }
    let mut parts = vec![first.trim()];
    for (next_start, next_end, content) in formulas.iter().skip(1) {
        if !line.get(end..*next_start).is_some_and(joins) {
            break;
        }
        parts.push(content.trim());
        end = *next_end;
    }
    let mut joined = parts.join(", ");
    if follows_percent(&line[end..]) {
        joined.push_str("\\%");
    }
    Some(joined)
}

/// The last formula with those that are joined to it.
pub(super) fn trailing_formulas(text: &str, formulas: &[(usize, usize, &str)]) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut next_start: Option<usize> = None;
    for (start, end, content) in formulas.iter().rev() {
        if next_start.is_some_and(|next| !text.get(*end..next).is_some_and(joins)) {
            break;
        }
        parts.push(content.trim());
        next_start = Some(*start);
    }
    parts.reverse();
    parts.join(", ")
}

/// The first line, longer when a display formula begins in it.
pub(super) fn line_with_formula(text: &str) -> &str {
    for (open, close) in [("\\[", "\\]"), ("$$", "$$")] {
        if text.starts_with(open)
            && let Some(end) = text[open.len()..].find(close)
        {
            return &text[..open.len() + end + close.len()];
        }
    }
    first_line(text)
}

/// The last formula with those that are joined to it. Within one line, unless it is a display.
pub(super) fn last_formula(text: &str) -> Option<String> {
    let displayed = |start: usize| text[start..].starts_with("$$") || text[start..].starts_with("\\[");
    let mut formulas = formulas(text);
    formulas.retain(|(start, _, content)| displayed(*start) || !content.contains('\n'));
    (!formulas.is_empty()).then(|| trailing_formulas(text, &formulas))
}
