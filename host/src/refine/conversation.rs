//! The conversation that asks the writer for a better response. Decides the words; calls nobody.

use super::Attempt;
use crate::{
    panel::{Grade, Member, Panel},
    sample::{Message, Sample},
    score::{ErrorKind, Outcome},
};

/// The longest reason that the writer is shown, in characters.
const LONGEST_REASON: usize = 2000;

/// The sample's conversation, with the best attempt, which is number `index`, and what the graders have against it
/// beside the query: small models answer one message better than three.
pub(super) fn ask_for_better(sample: &Sample, best: &Attempt, index: usize, panel: &Panel) -> Vec<Message> {
    let graded = panel.members().iter().filter_map(|member| Some((member, best.assessment.grades.get(&member.name)?)));
    let problems: Vec<String> = graded.filter_map(|(member, grade)| problem(member, grade, index)).collect();
    let request = if problems.is_empty() {
        "Write a better answer, the whole of it, and nothing else.".to_owned()
    } else {
        let problems = problems.join("\n");
        format!(
            "Problems found by graders:\n\n{problems}\n\nWrite the whole answer again, corrected, and nothing else."
        )
    };
    let mut messages = sample.messages.clone();
    let is_plain_query = |turn: &mut Message| turn.role == "user" && turn.extra.is_empty();
    match messages.pop_if(is_plain_query) {
        Some(query) => messages.push(Message::user(format!(
            "{}\n\nPrevious answer:\n\n{}\n\n{request}",
            query.content.trim(),
            best.response
        ))),
        None if messages.is_empty() => {
            messages.push(Message::user(format!("Answer:\n\n{}\n\n{request}", best.response)));
        }
        None => messages.extend([Message::assistant(best.response.clone()), Message::user(request)]),
    }
    messages
}

/// What one grader has against the best attempt, in words that the writer can act on.
fn problem(member: &Member, grade: &Grade, index: usize) -> Option<String> {
    let name = &member.name;
    let reason = quoted(grade.reason());
    match &grade.outcome {
        Outcome::Scored(_) if grade.pass != Some(true) => Some(format!("- {name}: {reason}")),
        Outcome::Ranked(ranking) if ranking.ranks.len() > 1 => Some(format!(
            "- {name}, comparing {} answers of which this is number {}: {reason}",
            ranking.ranks.len(),
            index + 1
        )),
        Outcome::Undecided { .. } => Some(format!("- {name} cannot tell: {reason}")),
        Outcome::Error(error) if error.kind == ErrorKind::GraderLimit => Some(format!("- {name}: {reason}")),
        _ => None,
    }
}

/// A reason as the writer is shown it: without control characters, indented under its grader, and not too long.
fn quoted(reason: &str) -> String {
    let is_readable = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    let mut text: String = reason.trim().chars().filter(is_readable).take(LONGEST_REASON + 1).collect();
    if text.chars().count() > LONGEST_REASON {
        text = text.chars().take(LONGEST_REASON).chain(" [cut]".chars()).collect();
    }
    text.replace('\n', "\n  ")
}
