//! Words against words and against mathematics.

use super::{Comparer, Decision};
use crate::intervals;
use crate::lexer::is_greek;
use crate::tree::{Answer, Expression};

impl Comparer<'_> {
    /// Words against mathematics: letters that were read as a product, the empty set, all real numbers.
    pub(super) fn words_against(&mut self, words: &str, other: &Answer) -> Decision {
        let spelled = match other {
            Answer::Value(value) => letters(value),
            Answer::Named { value, .. } => return self.words_against(words, &value.clone()),
            _ => None,
        };
        if let Some(spelled) = spelled {
            return if spelled == words.replace(' ', "") { Decision::Equal } else { Decision::different() };
        }
        let empty = |answer: &Answer| {
            matches!(answer, Answer::Set(items) if items.is_empty())
                || matches!(answer, Answer::Value(Expression::Symbol(name)) if name == "emptyset" || name == "varnothing")
        };
        if is_no_solution(words) && empty(other) {
            return Decision::Equal;
        }
        let as_words = Answer::Words(words.to_owned());
        if let (Some(left), Some(right)) =
            (intervals::real_set(&as_words, self.work), intervals::real_set(other, self.work))
        {
            return intervals::compare(&left, &right, self.policy, self.work);
        }
        if word_count(words) <= 3 {
            Decision::Different("one is words, the other mathematics".to_owned())
        } else {
            Decision::Undecided("prose cannot be compared with mathematics".to_owned())
        }
    }
}

pub(super) fn words(left: &str, right: &str) -> Decision {
    let plain = |words: &str| {
        words
            .split(|next: char| {
                !next.is_alphanumeric() && !matches!(next, '-' | '+' | '*' | '/' | '=' | '<' | '>' | '^')
            })
            .filter(|word| !word.is_empty() && !matches!(*word, "the" | "a" | "an"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    // Brackets tell intervals apart; elsewhere they only set words off.
    let squares = |words: &str| words.chars().filter(|next| matches!(next, '[' | ']')).collect::<String>();
    let same_brackets = squares(left) == squares(right);
    let (left, right) = (plain(left), plain(right));
    let same_words = left.replace(' ', "") == right.replace(' ', "");
    if same_words && same_brackets || is_no_solution(&left) && is_no_solution(&right) {
        return Decision::Equal;
    }
    if same_words {
        return Decision::Undecided("the words are the same, but the brackets between them differ".to_owned());
    }
    if word_count(&left).max(word_count(&right)) <= 3 {
        return Decision::Different("the words differ".to_owned());
    }
    Decision::Undecided("the words differ, and their sense cannot be judged".to_owned())
}

pub(super) fn is_no_solution(words: &str) -> bool {
    matches!(
        words,
        "no solution"
            | "no solutions"
            | "no real solution"
            | "no real solutions"
            | "there is no solution"
            | "there are no solutions"
            | "none"
            | "empty set"
    )
}

/// The letters of a product of one-letter symbols, in the order they were written.
pub(super) fn letters(value: &Expression) -> Option<String> {
    let letter = |part: &Expression| match part {
        Expression::Symbol(name) if name.chars().all(char::is_alphabetic) && !is_greek(name) => {
            Some(name.to_lowercase())
        }
        Expression::Euler => Some("e".to_owned()),
        Expression::Imaginary => Some("i".to_owned()),
        _ => None,
    };
    match value {
        Expression::Product(parts) => parts.iter().map(letter).collect::<Option<Vec<_>>>().map(|parts| parts.concat()),
        other => letter(other),
    }
}

fn word_count(words: &str) -> usize {
    words.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count()
}
