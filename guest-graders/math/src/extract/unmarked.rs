//! Answers without any mark: in bold, alone, the last formula, line or expression.

use super::formulas::{formulas, joined_formulas, trailing_formulas};
use super::{Found, Place, follows_percent};
use crate::reader;

/// The last bold text that can be an answer.
pub(super) fn bold(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split("**").collect();
    let tail_start = text.len() - text.rsplit("\n\n").next().map_or(0, str::len);
    let mut offset = 0;
    let mut last = None;
    for (number, part) in parts.iter().enumerate() {
        let content = part.trim();
        let inside = number % 2 == 1 && number + 1 < parts.len();
        let answer_like =
            content.chars().any(|next| next.is_ascii_digit()) || content.contains('=') || content.len() == 1;
        if inside
            && answer_like
            && !content.ends_with(':')
            && content.len() <= 200
            && !content.contains('\n')
            && offset >= tail_start
        {
            last = Some(content);
        }
        offset += part.len() + 2;
    }
    let content = last?;
    let step = content.to_ascii_lowercase().starts_with("step") || content.split_whitespace().count() > 8;
    if step {
        return None;
    }
    // `**Total: 36**`
    let content = content.rsplit(": ").next().unwrap_or(content);
    Some(joined_formulas(content).unwrap_or_else(|| content.to_owned()))
}

/// A response of one short line, or one that begins with a choice: `C`, `x = 5`, `D. it can't be …`.
pub(super) fn lone_answer(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let only = conclusion(lines.next()?.trim());
    if lines.next().is_some() {
        return None;
    }
    let mut letters = only.chars();
    if let (Some(letter), Some('.' | ')' | '。' | ':')) = (letters.next(), letters.next())
        && letter.is_ascii_uppercase()
        && only.len() > 2
    {
        return Some(letter.to_string());
    }
    let stripped = reader::strip(only);
    let long =
        stripped.split_whitespace().filter(|word| word.chars().filter(|next| next.is_alphabetic()).count() > 2).count()
            > 3;
    if long || formulas(only).len() > 1 {
        return None;
    }
    let whole = !stripped.contains('$') || only.starts_with('$') && only.ends_with('$');
    let readable = match reader::read(stripped) {
        Ok(reader::Reading { answer: crate::tree::Answer::Words(_), .. }) => {
            !stripped.chars().any(|next| next.is_ascii_digit())
        }
        Ok(_) => true,
        Err(_) => false,
    };
    (whole && !stripped.contains("\\boxed") && readable).then(|| stripped.to_owned())
}

/// The last formula, or the last line that reads as mathematics, or the last number or expression of the last lines.
pub(super) fn unmarked(text: &str) -> Option<Found> {
    let displayed = formulas(text);
    let last_formula = displayed.last();
    let tail_start = text.len() - text.lines().next_back().map_or(0, str::len);
    if let Some((_, end, content)) = last_formula {
        let after = &text[*end..];
        let plain_answer_after = states_number(after);
        let digits_after = after.chars().any(|next| next.is_ascii_digit());
        let readable = !matches!(
            reader::read(content),
            Ok(reader::Reading { answer: crate::tree::Answer::Words(_), .. }) if content.contains(char::is_numeric)
        );
        if readable && !plain_answer_after && (*end >= tail_start || !digits_after) {
            let line_start = text[..*end].rfind('\n').map_or(0, |at| at + 1);
            let single = displayed.iter().filter(|(start, _, _)| *start >= line_start).count();
            let mut joined = if single > 1 { trailing_formulas(text, &displayed) } else { content.trim().to_owned() };
            if follows_percent(after) && !joined.ends_with('%') {
                joined.push_str("\\%");
            }
            return Some(Found { text: joined, place: Place::LastFormula });
        }
    }
    for line in text.lines().rev().filter(|line| !line.trim().is_empty()).take(SEARCHED_LINES) {
        let line = conclusion(plain_line(line));
        if line.len() <= 400 && is_mathematical(line) {
            return Some(Found { text: line.to_owned(), place: Place::LastLine });
        }
        if let Some(expression) = last_expression(line) {
            return Some(Found { text: expression, place: Place::LastExpression });
        }
    }
    let words = text.split_whitespace().count();
    (words <= 6).then(|| Found { text: text.to_owned(), place: Place::WholeResponse })
}

/// Whether a number is stated after the last formula: in a later sentence, or after a verb.
pub(super) fn states_number(after: &str) -> bool {
    let Some(at) = after.find(|next: char| next.is_ascii_digit()) else { return false };
    let before = after[..at].trim_end();
    let verb = ["is", "are", "by", "equals", "="].iter().any(|verb| before.ends_with(verb));
    verb || before.contains(". ") || before.contains('\n')
}

/// What a line concludes, where it draws a conclusion: `x = 5` of `2x = 10, so x = 5`.
pub(super) fn conclusion(line: &str) -> &str {
    const CONCLUDING: [&str; 13] = [
        " so ",
        " therefore ",
        " thus ",
        " hence ",
        " then ",
        " implies ",
        " gives ",
        " giving ",
        " means ",
        "=>",
        "⇒",
        "\\Rightarrow",
        "\\implies",
    ];
    // ASCII lower case keeps every byte in its place.
    let lower = line.to_ascii_lowercase();
    let after = |mark: &str| lower.rfind(&mark.to_ascii_lowercase()).map(|at| at + mark.len());
    let drawn = CONCLUDING.iter().filter_map(|mark| after(mark)).max().and_then(|at| line.get(at..)).map(plain_line);
    drawn.filter(|drawn| is_mathematical(drawn)).unwrap_or(line)
}

/// A line without list marks, emphasis and words of conclusion.
pub(super) fn plain_line(line: &str) -> &str {
    let mut line = line.trim().trim_matches(['*', '`', '>', ' ', '_']);
    for mark in ["- ", "* ", "• ", "✅ ", "=> ", "⇒ ", "∴ "] {
        line = line.strip_prefix(mark).unwrap_or(line);
    }
    for word in [
        "Therefore",
        "Thus",
        "So",
        "Hence",
        "Then",
        "Solution",
        "Result",
        "therefore",
        "so",
        "thus",
        "hence",
        "then",
        "solution",
        "result",
    ] {
        if let Some(rest) = line.strip_prefix(word)
            && rest.starts_with([',', ' ', ':'])
        {
            line = rest.trim_start_matches([',', ' ', ':']);
        }
    }
    line.trim_end_matches(['.', ';', ' ', '*'])
}

/// Whether the line has no words but those that join answers, and reads as an answer.
pub(super) fn is_mathematical(line: &str) -> bool {
    let worded = line.split(|next: char| !next.is_ascii_alphabetic()).any(|word| {
        word.len() > 2
            && !matches!(
                word,
                "and"
                    | "sqrt"
                    | "sin"
                    | "cos"
                    | "tan"
                    | "log"
                    | "exp"
                    | "abs"
                    | "frac"
                    | "boxed"
                    | "left"
                    | "right"
                    | "cdot"
                    | "times"
            )
    });
    let foreign = line.chars().any(|next| next >= '\u{2e80}' && next.is_alphabetic());
    !worded && !foreign && line.chars().any(|next| next.is_ascii_digit() || next == '=') && reader::read(line).is_ok()
}

/// The last run of number-like words of a line.
pub(super) fn last_expression(line: &str) -> Option<String> {
    // Scripts without spaces between words.
    let line: String =
        line.chars().map(|next| if next >= '\u{2e80}' && next.is_alphabetic() { ' ' } else { next }).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    let mathematical = |word: &str| {
        let word = word.trim_matches([',', '.', ';', '*', '(', ')', '?', '!', ':', '。', '"']);
        let letters = word.chars().filter(|next| next.is_alphabetic()).count();
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits > 0 && letters <= digits + 1
            || !word.is_empty()
                && letters <= 1
                && word.chars().all(|next| {
                    "+-*/=^<>≤≥±×÷√π".contains(next) || next.is_ascii_alphabetic() && !matches!(next, 'a' | 'A' | 'I')
                })
            || !word.is_empty() && word.chars().all(|next| "+-*/=^<>≤≥±×÷".contains(next))
    };
    let end = words.iter().rposition(|word| word.chars().any(|next| next.is_ascii_digit()) && mathematical(word))?;
    let mut start = end;
    while let Some(previous) = start.checked_sub(1)
        && words.get(previous).is_some_and(|word| mathematical(word) && !word.ends_with(['.', ';', ':', ',']))
    {
        start = previous;
    }
    let run = words.get(start..=end)?.join(" ");
    // A letter that stands before a number without a sign belongs to the words.
    let run = match run.split_once(' ') {
        Some((letter, rest))
            if letter.len() == 1
                && letter.bytes().all(|byte| byte.is_ascii_alphabetic())
                && rest.starts_with(|next: char| next.is_ascii_digit()) =>
        {
            rest.to_owned()
        }
        _ => run,
    };
    let trimmed = run.trim_matches([',', '.', ';', '*', '?', '!', ':', ' ', '。', '"', '+', '=']).to_owned();
    if reader::read(&trimmed).is_ok() {
        return Some(with_percent(trimmed, words.get(end + 1)));
    }
    let last = words.get(end)?.trim_matches([',', '.', ';', '*', '(', ')', '?', '!', ':', '。', '"']);
    let last = last.rsplit('=').next().unwrap_or(last);
    let number = last.trim_matches(|next: char| !next.is_ascii_digit() && !matches!(next, '%' | '-' | '.'));
    (!number.is_empty()).then(|| with_percent(number.to_owned(), words.get(end + 1)))
}

pub(super) fn with_percent(mut text: String, next: Option<&&str>) -> String {
    if next.is_some_and(|word| follows_percent(word)) {
        text.push('%');
    }
    text
}

/// Lines, from the end, that are searched for an answer without a mark.
pub(super) const SEARCHED_LINES: usize = 12;
