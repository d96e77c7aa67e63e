//! The conversation that asks the writer for a better response. Decides the words; calls nobody.

use super::Attempt;
use crate::{
    panel::{Grade, Member, Panel},
    sample::{Message, Sample},
    score::{ErrorKind, Outcome},
};

/// The longest reason that the writer is shown, in characters.
const LONGEST_REASON: usize = 2000;

/// The sample's conversation, the best attempt, which is number `index`, and what the graders have against it.
pub(super) fn ask_for_better(sample: &Sample, best: &Attempt, index: usize, panel: &Panel) -> Vec<Message> {
    let graded = panel.members().iter().filter_map(|member| Some((member, best.assessment.grades.get(&member.name)?)));
    let points: Vec<String> = graded.filter_map(|(member, grade)| point(member, grade, index)).collect();
    let request = if points.is_empty() {
        "Write a better answer than this one.".to_owned()
    } else {
        format!("This answer is not good enough yet. Graders say:\n\n{}\n\nWrite a better answer.", points.join("\n"))
    };
    let request = format!("{request} Reply with the whole new answer and nothing else.");
    if sample.messages.is_empty() {
        return vec![Message::user(format!("{}\n\n{request}", best.response))];
    }
    let mut messages = sample.messages.clone();
    messages.push(Message::assistant(best.response.clone()));
    messages.push(Message::user(request));
    messages
}

/// What one grader has against the best attempt, in words that the writer can act on.
fn point(member: &Member, grade: &Grade, index: usize) -> Option<String> {
    let name = &member.name;
    let reason = quoted(grade.reason());
    match &grade.outcome {
        Outcome::Scored(score) if grade.pass != Some(true) => {
            Some(format!("- `{name}` scores it {:.2}, and {:.2} is needed: {reason}", score.score, member.threshold))
        }
        Outcome::Ranked(ranking) if ranking.ranks.len() > 1 => Some(format!(
            "- `{name}` compared {} answers, of which this is number {}: {reason}",
            ranking.ranks.len(),
            index + 1
        )),
        Outcome::Ranked(_) => Some(format!("- `{name}`: {reason}")),
        Outcome::Undecided { .. } => Some(format!("- `{name}` cannot tell: {reason}")),
        Outcome::Error(error) if error.kind == ErrorKind::GraderLimit => Some(format!("- `{name}`: {reason}")),
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
