//! Finds the final answer in a whole response, and says where it stood.

use crate::reader;

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

/// Bytes between two boxes that belong to one answer.
const WIDEST_GAP: usize = 40;
/// Bytes at the end of a response that are searched for an answer without a box.
const LONGEST_SEARCH: usize = 64 * 1024;
/// Lines, from the end, that are searched for an answer without a mark.
const SEARCHED_LINES: usize = 12;

/// The final answer in `response`, outside of its thinking.
pub fn final_answer(response: &str) -> Option<Found> {
    let text = without_thinking(response);
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let found = |text: String, place| Some(Found { text, place });
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

/// The contents of the last `\boxed{}`, joined with those that stand right before it, and where it ends.
fn boxed(text: &str) -> Option<(String, usize)> {
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
fn boxes(text: &str) -> Vec<(usize, usize, &str)> {
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
fn closing_brace(text: &str, open: usize) -> Option<usize> {
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
fn joins(between: &str) -> bool {
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

fn follows_percent(after: &str) -> bool {
    let after = after.trim_start_matches(['$', ')', ']', '\\', ' ', '}']).trim_start();
    ["%", "percent", "pct"].iter().any(|mark| after.starts_with(mark))
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default().trim()
}

/// What follows the last "final answer" or "answer is".
fn announced(text: &str) -> Option<(String, Place)> {
    let lower = text.to_ascii_lowercase();
    let marks: [(&[&str], Place); 2] = [
        (&["final answer is", "final answer:", "final answer**", "final answer"], Place::FinalAnswer),
        (
            &[
                "correct answer is",
                "the answers are",
                "answers are",
                "the answer is",
                "answer is",
                "answer:",
                "answer =",
                "answer -",
                "**answer**",
                "réponse est",
                "réponse:",
                "答案：",
                "答案:",
                "答案是",
            ],
            Place::AnswerIs,
        ),
    ];
    for (marks, place) in marks {
        let last = marks.iter().filter_map(|mark| lower.rfind(mark).map(|at| (at + mark.len(), at))).max();
        if let Some((end, _)) = last
            && let Some(statement) = statement(text.get(end..).unwrap_or_default())
        {
            return Some((statement, place));
        }
    }
    None
}

/// The answer at the beginning of `text`: its formula, the words up to the end of the sentence, or the number in them.
fn statement(text: &str) -> Option<String> {
    let text = text.trim_start_matches([':', '*', ' ', '\n', '\t', '=', '_']).trim_start();
    let text = text.strip_prefix("is ").or_else(|| text.strip_prefix("therefore ")).unwrap_or(text);
    let line = line_with_formula(text);
    let sentence = sentence(line);
    if let Some(value) = after_verb(sentence) {
        return joined_formulas(value).or_else(|| plain_statement(value));
    }
    joined_formulas(line).or_else(|| plain_statement(sentence))
}

/// What follows the last "is", "are" or "equals" of a sentence, when there is a number or a formula in it.
fn after_verb(sentence: &str) -> Option<&str> {
    let verbs = [" is ", " are ", " equals "];
    let inside = |at: usize| formulas(sentence).iter().any(|(start, end, _)| (*start..*end).contains(&at));
    let end = verbs.iter().filter_map(|verb| sentence.rfind(verb).map(|at| (at, at + verb.len()))).max()?;
    let value = sentence.get(end.1..)?;
    (!inside(end.0) && value.chars().any(|next| next.is_ascii_digit() || next == '$' || next == '\\')).then_some(value)
}

fn plain_statement(sentence: &str) -> Option<String> {
    let prose =
        matches!(reader::read(sentence), Ok(reader::Reading { answer: crate::tree::Answer::Words(_), .. }) | Err(_));
    if prose
        && sentence.chars().any(|next| next.is_ascii_digit())
        && let Some(expression) = last_expression(sentence)
    {
        return Some(expression);
    }
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

/// The first line, longer when a display formula begins in it.
fn line_with_formula(text: &str) -> &str {
    for (open, close) in [("\\[", "\\]"), ("$$", "$$")] {
        if text.starts_with(open)
            && let Some(end) = text[open.len()..].find(close)
        {
            return &text[..open.len() + end + close.len()];
        }
    }
    first_line(text)
}

/// The first formula of `line` with those joined to it, and a unit or percent sign right after.
fn joined_formulas(line: &str) -> Option<String> {
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
fn unescaped(text: &str, close: &str) -> Option<usize> {
    text.match_indices(close).map(|(at, _)| at).find(|at| !close.starts_with('$') || !text[..*at].ends_with('\\'))
}

/// Up to the end of the sentence, without marks of emphasis.
fn sentence(line: &str) -> &str {
    let mut end = line.len();
    for (at, character) in line.char_indices() {
        let after = line[at + character.len_utf8()..].chars().next();
        let ends = match character {
            '.' | '!' | '?' => {
                after.is_none_or(char::is_whitespace)
                    && !line[at + 1..].trim_start().starts_with(|next: char| next.is_ascii_digit())
            }
            '。' => true,
            _ => false,
        };
        let explains = line[at..].starts_with(" because")
            || line[at..].starts_with(", because")
            || line[at..].starts_with(", since")
            || line[at..].starts_with(" since ")
            || line[at..].starts_with(", which");
        if ends || explains {
            end = at;
            break;
        }
    }
    line[..end].trim_matches(['*', ' ', '_', '`', ':']).trim()
}

/// The last bold text that can be an answer.
fn bold(text: &str) -> Option<String> {
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
fn lone_answer(text: &str) -> Option<String> {
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
fn unmarked(text: &str) -> Option<Found> {
    let displayed = formulas(text);
    let last_formula = displayed.last();
    let tail_start = text.len() - text.lines().next_back().map_or(0, str::len);
    if let Some((_, end, content)) = last_formula {
        let after = &text[*end..];
        let plain_answer_after = states_number(after);
        let digits_after = after.chars().any(|next| next.is_ascii_digit());
        if !plain_answer_after && (*end >= tail_start || !digits_after) {
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
fn states_number(after: &str) -> bool {
    let Some(at) = after.find(|next: char| next.is_ascii_digit()) else { return false };
    let before = after[..at].trim_end();
    let verb = ["is", "are", "by", "equals", "="].iter().any(|verb| before.ends_with(verb));
    verb || before.contains(". ") || before.contains('\n')
}

/// The last formula with those that are joined to it.
fn trailing_formulas(text: &str, formulas: &[(usize, usize, &str)]) -> String {
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

/// What a line concludes, where it draws a conclusion: `x = 5` of `2x = 10, so x = 5`.
fn conclusion(line: &str) -> &str {
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
fn plain_line(line: &str) -> &str {
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
fn is_mathematical(line: &str) -> bool {
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
fn last_expression(line: &str) -> Option<String> {
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

fn with_percent(mut text: String, next: Option<&&str>) -> String {
    if next.is_some_and(|word| follows_percent(word)) {
        text.push('%');
    }
    text
}
