//! The conversation that asks the writer for a better response. Decides the words; calls nobody.

use super::Attempt;
use crate::{
    panel::{Grade, Member, Panel},
    sample::{Message, Sample},
    score::{ErrorKind, Outcome},
};

/// The longest reason that the writer is shown, in characters.
const LONGEST_REASON: usize = 2000;

/// The longest response that the writer is shown of an earlier attempt, in characters.
const LONGEST_EARLIER: usize = 4000;

/// An attempt that the writer is shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) attempt: &'a Attempt,
    /// Its place among the attempts, from zero.
    pub(super) number: usize,
}

/// The sample's conversation, with the best attempt and what the graders have against it beside the query: small models
/// answer one message better than three. `earlier` attempts stand before it.
pub(super) fn ask_for_better(sample: &Sample, best: Shown<'_>, earlier: &[Shown<'_>], panel: &Panel) -> Vec<Message> {
    let problems = problems(best, panel);
    let request = if problems.is_empty() {
        "Write a better answer, the whole of it, and nothing else.".to_owned()
    } else {
        format!(
            "Problems found by graders:\n\n{problems}\n\nWrite the whole answer again, corrected, and nothing else."
        )
    };
    let history = told(earlier, panel);
    let (response, title) = (&best.attempt.response, if history.is_empty() { "Previous" } else { "Best" });
    let mut messages = sample.messages.clone();
    let is_plain_query = |turn: &mut Message| turn.role == "user" && turn.extra.is_empty();
    match messages.pop_if(is_plain_query) {
        Some(query) => messages.push(Message::user(format!(
            "{}\n\n{history}{title} answer:\n\n{response}\n\n{request}",
            query.content.trim()
        ))),
        None if messages.is_empty() => {
            messages.push(Message::user(format!("{history}Answer:\n\n{response}\n\n{request}")));
        }
        None => messages.extend([Message::assistant(response.clone()), Message::user(format!("{history}{request}"))]),
    }
    messages
}

/// Earlier attempts with what the graders have against them; ends with an empty line where there are any.
fn told(earlier: &[Shown<'_>], panel: &Panel) -> String {
    let one = |(number, shown): (usize, &Shown<'_>)| {
        let response = cut(shown.attempt.response.trim(), LONGEST_EARLIER);
        let problems = problems(*shown, panel);
        let problems =
            if problems.is_empty() { String::new() } else { format!("Problems of answer {number}:\n\n{problems}\n\n") };
        format!("Earlier answer {number}, which was not good enough:\n\n{response}\n\n{problems}")
    };
    (1..).zip(earlier).map(one).collect()
}

/// What the graders have against an attempt, a line or more for each.
fn problems(shown: Shown<'_>, panel: &Panel) -> String {
    let grades = &shown.attempt.assessment.grades;
    let pairs = panel.members().iter().filter_map(|member| Some((member, grades.get(&member.name)?)));
    pairs.filter_map(|(member, grade)| problem(member, grade, shown.number)).collect::<Vec<_>>().join("\n")
}

/// What one grader has against the attempt with this number, in words that the writer can act on.
fn problem(member: &Member, grade: &Grade, number: usize) -> Option<String> {
    let name = &member.name;
    let reason = quoted(grade.reason());
    match &grade.outcome {
        Outcome::Scored(_) if grade.pass != Some(true) => Some(format!("- {name}: {reason}")),
        Outcome::Ranked(ranking) if ranking.ranks.len() > 1 => Some(format!(
            "- {name}, comparing {} answers of which this is number {}: {reason}",
            ranking.ranks.len(),
            number + 1
        )),
        Outcome::Undecided { .. } => Some(format!("- {name} cannot tell: {reason}")),
        Outcome::Error(_) if member.skips(grade) || member.wants_review(grade) => None,
        Outcome::Error(error) if error.kind == ErrorKind::GraderLimit => Some(format!("- {name}: {reason}")),
        _ => None,
    }
}

/// A reason as the writer is shown it: without control characters, indented under its grader, and not too long.
fn quoted(reason: &str) -> String {
    let is_readable = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    let text: String = reason.trim().chars().filter(is_readable).collect();
    cut(&text, LONGEST_REASON).replace('\n', "\n  ")
}

/// The text, or its beginning with a mark where it is too long.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{} [cut]", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
