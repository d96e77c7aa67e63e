//! Answers that words announce: "the answer is", "final answer".

use super::Place;
use super::formulas::{formulas, joined_formulas, line_with_formula};
use super::unmarked::last_expression;
use crate::reader;

/// What follows the last "final answer" or "answer is".
pub(super) fn announced(text: &str) -> Option<(String, Place)> {
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
pub(super) fn statement(text: &str) -> Option<String> {
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
pub(super) fn after_verb(sentence: &str) -> Option<&str> {
    let verbs = [" is ", " are ", " equals "];
    let inside = |at: usize| formulas(sentence).iter().any(|(start, end, _)| (*start..*end).contains(&at));
    let end = verbs.iter().filter_map(|verb| sentence.rfind(verb).map(|at| (at, at + verb.len()))).max()?;
    let value = sentence.get(end.1..)?;
    (!inside(end.0) && value.chars().any(|next| next.is_ascii_digit() || next == '$' || next == '\\')).then_some(value)
}

pub(super) fn plain_statement(sentence: &str) -> Option<String> {
    let prose =
        matches!(reader::read(sentence), Ok(reader::Reading { answer: crate::tree::Answer::Words(_), .. }) | Err(_));
    if prose && let Some(piece) = priced(sentence).or_else(|| between_ideographs(sentence)) {
        return Some(piece);
    }
    if prose
        && sentence.chars().any(|next| next.is_ascii_digit())
        && let Some(expression) = last_expression(sentence)
    {
        return Some(expression);
    }
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

/// The one number of a sentence that stands beside a currency sign, when it holds several numbers.
fn priced(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let number = |word: &str| {
        let bare = word.trim_matches(|next: char| !next.is_ascii_digit());
        (!bare.is_empty()).then(|| bare.to_owned())
    };
    let numbers = words.iter().filter(|word| number(word).is_some()).count();
    let sign = |word: &str| word.contains(['$', '€', '£', '¥']);
    let mut priced = words.iter().enumerate().filter_map(|(at, word)| {
        let beside = sign(word) || words.get(at + 1).is_some_and(|next| sign(next) && number(next).is_none());
        number(word).filter(|_| beside)
    });
    let only = priced.next()?;
    (priced.next().is_none() && numbers > 1).then_some(only)
}

/// The last formula that stands without dollar signs between words of a script without spaces.
fn between_ideographs(sentence: &str) -> Option<String> {
    let ideograph = |next: char| next >= '\u{2e80}' && next.is_alphabetic();
    if !sentence.contains('\\') || !sentence.contains(ideograph) {
        return None;
    }
    let pieces = sentence.split(|next: char| ideograph(next) || matches!(next, '，' | '。'));
    let mathematical = |piece: &&str| {
        piece.contains(|next: char| next.is_ascii_digit())
            && !matches!(
                reader::read(piece),
                Ok(reader::Reading { answer: crate::tree::Answer::Words(_), .. }) | Err(_)
            )
    };
    pieces.map(str::trim).rfind(mathematical).map(str::to_owned)
}

/// Up to the end of the sentence, without marks of emphasis.
pub(super) fn sentence(line: &str) -> &str {
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
