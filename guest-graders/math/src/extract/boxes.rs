//! Boxed answers, and which boxes belong together.

use super::follows_percent;
use crate::reader;

/// The contents of the last `\boxed{}`, joined with those that stand right before it, and where it ends.
pub(super) fn boxed(text: &str) -> Option<(String, usize)> {
    let boxes = boxes(text);
    let mut chosen: Vec<&str> = Vec::new();
    let mut next_start: Option<usize> = None;
    for (start, end, content) in boxes.iter().rev() {
        let joined = next_start.is_none_or(|next| text.get(*end..next).is_some_and(joins));
        if !joined {
            break;
        }
        next_start = Some(*start);
        if !content.trim().is_empty() && !chosen.contains(content) {
            chosen.push(content);
        }
    }
    chosen.reverse();
    let last_end = boxes.last().map_or(text.len(), |(_, end, _)| *end);
    let mut joined = match chosen.as_slice() {
        [] => return None,
        [only] => (*only).trim().to_owned(),
        several => several.iter().map(|content| reader::strip(content)).collect::<Vec<_>>().join(", "),
    };
    if follows_percent(text.get(last_end..).unwrap_or_default()) && !joined.ends_with('%') {
        joined.push_str("\\%");
    }
    Some((joined, last_end))
}

/// Start, end and content of every box, in one pass.
pub(super) fn boxes(text: &str) -> Vec<(usize, usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('\\').map(|slash| at + slash) {
        let mark = ["\\boxed", "\\fbox"].into_iter().find(|mark| text[start..].starts_with(mark));
        let Some(mark) = mark else {
            at = start + 1;
            continue;
        };
        let after = start + mark.len();
        let rest = text[after..].trim_start();
        let inner = text.len() - rest.len();
        if rest.starts_with('{') {
            let Some(end) = closing_brace(text, inner) else { break };
            found.push((start, end + 1, &text[inner + 1..end]));
            at = end + 1;
        } else {
            let end = rest.find(|next: char| next.is_whitespace() || next == '$').map_or(text.len(), |end| inner + end);
            found.push((start, end, &text[inner..end]));
            at = end;
        }
    }
    found
}

/// The brace that closes the one at `open`; a box that was cut off has none.
pub(super) fn closing_brace(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the text between two boxes makes them one answer: nothing, a comma, "and", "or".
pub(super) fn joins(between: &str) -> bool {
    let plain: String = between
        .replace("\\quad", " ")
        .replace("\\qquad", " ")
        .replace("\\text{", " ")
        .replace("\\(", " ")
        .replace("\\)", " ")
        .chars()
        .map(|next| if next.is_alphanumeric() || matches!(next, ',' | ';' | '.') { next } else { ' ' })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let turns = words.iter().any(|word| matches!(*word, "but" | "thus" | "so" | "not" | "wait" | "because" | "then"));
    let sentence_ends = plain.contains(". ") || plain.trim_end().ends_with('.');
    let connected =
        words.iter().any(|word| matches!(word.trim_matches(','), "and" | "or" | "" | ";")) || plain.contains(',');
    between.len() <= WIDEST_GAP
        && !sentence_ends
        && !turns
        && (words.is_empty() && !between.contains("\n\n") || connected)
}

/// Bytes between two boxes that belong to one answer.
pub(super) const WIDEST_GAP: usize = 40;
