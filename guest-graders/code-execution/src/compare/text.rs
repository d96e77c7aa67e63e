//! Printed output.

use std::collections::HashMap;

use super::Policy;
use crate::params::{Order, OutputComparison};

/// How printed output stands to the expected output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    Same,
    /// All of the expected output, which is not empty, and more behind it.
    Longer,
    /// It stops early, or says something else.
    Different,
}

/// Compares output as the policy says.
pub(crate) fn compare_text(expected: &str, found: &str, policy: Policy) -> Likeness {
    match (policy.output, policy.order) {
        (OutputComparison::Exact, _) => {
            if policy.same_text(expected, found) {
                Likeness::Same
            } else if found.starts_with(expected) && !expected.is_empty() {
                Likeness::Longer
            } else {
                Likeness::Different
            }
        }
        (OutputComparison::Text, Order::Matters) => relate(lines(expected), lines(found), policy),
        (OutputComparison::Words | OutputComparison::Numbers, Order::Matters) => {
            relate(expected.split_whitespace(), found.split_whitespace(), policy)
        }
        (_, order) => {
            if same_lines_in_any_order(expected, found, order, policy) {
                Likeness::Same
            } else {
                Likeness::Different
            }
        }
    }
}

/// The first line, counted from 1, in which two outputs differ: what it is in each, absent beyond the end.
pub(crate) fn first_different_line<'a>(
    expected: &'a str,
    found: &'a str,
    policy: Policy,
) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let (mut expected, mut found) = (lines(expected), lines(found));
    for line in 1.. {
        match (expected.next(), found.next()) {
            (None, None) => return None,
            (Some(left), Some(right)) if same_line(left, right, policy) => {}
            (left, right) => return Some((line, left, right)),
        }
    }
    None
}

fn relate<'a>(
    mut expected: impl Iterator<Item = &'a str>,
    mut found: impl Iterator<Item = &'a str>,
    policy: Policy,
) -> Likeness {
    let mut any = false;
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Likeness::Same,
            (None, Some(_)) if any => return Likeness::Longer,
            (Some(left), Some(right)) if same_unit(left, right, policy) => any |= !left.is_empty(),
            _ => return Likeness::Different,
        }
    }
}

/// A line as the policy compares text, else a word.
fn same_unit(expected: &str, found: &str, policy: Policy) -> bool {
    policy.same_text(expected, found)
        || (policy.output == OutputComparison::Numbers && close_numbers(expected, found, policy))
}

fn same_line(expected: &str, found: &str, policy: Policy) -> bool {
    match policy.output {
        OutputComparison::Exact | OutputComparison::Text => policy.same_text(expected, found),
        OutputComparison::Words | OutputComparison::Numbers => {
            relate(expected.split_whitespace(), found.split_whitespace(), policy) == Likeness::Same
        }
    }
}

/// Without spaces at the ends of lines and newlines at the end.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end().split('\n').map(str::trim_end)
}

fn close_numbers(expected: &str, found: &str, policy: Policy) -> bool {
    match (number(expected), number(found)) {
        (Some(expected), Some(found)) => policy.tolerance.allows(expected, found),
        _ => false,
    }
}

/// `1e3` and `-.5`, but neither `inf`inity nor `nan` in words: those are compared as text.
fn number(word: &str) -> Option<f64> {
    word.contains(|character: char| character.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

/// Each line has one of its own among the found ones. Numbers with a tolerance find theirs by their order.
fn same_lines_in_any_order(expected: &str, found: &str, order: Order, policy: Policy) -> bool {
    let mut count: HashMap<String, usize> = HashMap::new();
    for line in lines(found) {
        *count.entry(key(line, order, policy)).or_default() += 1;
    }
    let mut unmatched: Vec<String> = Vec::new();
    for line in lines(expected).map(|line| key(line, order, policy)) {
        match count.get_mut(&line) {
            Some(left) if *left > 0 => *left -= 1,
            _ => unmatched.push(line),
        }
    }
    let mut left: Vec<String> = count.into_iter().flat_map(|(line, times)| std::iter::repeat_n(line, times)).collect();
    unmatched.sort_by(|left, right| by_words(left, right));
    left.sort_by(|left, right| by_words(left, right));
    unmatched.len() == left.len()
        && unmatched.iter().zip(&left).all(|(expected, found)| same_line(expected, found, policy))
}

/// What two lines share that count as the same, numbers apart.
fn key(line: &str, order: Order, policy: Policy) -> String {
    let line = if policy.ignore_case { line.to_lowercase() } else { line.to_owned() };
    if policy.output == OutputComparison::Text && order != Order::Ignored {
        return line;
    }
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if order == Order::Ignored {
        words.sort_by(|left, right| by_number(left, right));
    }
    words.join(" ")
}

fn by_words(left: &str, right: &str) -> std::cmp::Ordering {
    let (mut left_words, mut right_words) = (left.split_whitespace(), right.split_whitespace());
    loop {
        match (left_words.next(), right_words.next()) {
            (Some(left), Some(right)) if by_number(left, right).is_eq() => {}
            (Some(left), Some(right)) => return by_number(left, right),
            (left, right) => return left.is_some().cmp(&right.is_some()),
        }
    }
}

/// Numbers before other words, by size.
fn by_number(left: &str, right: &str) -> std::cmp::Ordering {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        (None, None) => left.cmp(right),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
    }
}
