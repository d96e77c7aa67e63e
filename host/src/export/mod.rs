//! Rows for training and for reviewers, made of rows that were graded or refined. Decides; does no I/O.
//!
//! The shapes are those that TRL and `datasets` load: conversations of `role` and `content`.

mod review;

use serde_json::{Value, json};

pub use self::review::{Decisions, ReviewError, ReviewQueue, Thresholds};
use crate::{
    dataset::{
        ColumnType::{self, Boolean, Json, Number, Text, Texts, Turns},
        Schema,
    },
    panel::rounded,
    sample::{Columns, Message, Sample},
};

/// The columns of [`sft`] behind the id.
pub const SFT_COLUMNS: &[(&str, ColumnType)] = &[("messages", Turns)];
/// The columns of [`pairs`] behind the id.
pub const PAIR_COLUMNS: &[(&str, ColumnType)] = &[
    ("prompt", Turns),
    ("chosen", Turns),
    ("rejected", Turns),
    ("score_chosen", Number),
    ("score_rejected", Number),
    ("margin", Number),
];
/// The columns of [`rewards`] behind the id.
pub const REWARD_COLUMNS: &[(&str, ColumnType)] =
    &[("prompt", Turns), ("completion", Turns), ("reward", Number), ("label", Boolean)];
/// The columns of [`ReviewQueue`] behind the id.
pub const REVIEW_COLUMNS: &[(&str, ColumnType)] = &[
    ("why", Texts),
    ("query", Text),
    ("original_response", Text),
    ("response", Text),
    ("grades", Json),
    ("decision", Text),
    ("edited_response", Text),
    ("comment", Text),
];

/// The columns of exported rows: the id as it is in the dataset, where it has ids, and those given.
pub fn schema(dataset: &Schema, id_column: Option<&str>, columns: &[(&str, ColumnType)]) -> Schema {
    let mut schema = Schema::default();
    schema.set("id", ColumnType::Integer);
    if let Some(id_column) = id_column {
        schema.set_from("id", dataset, id_column);
    }
    for (name, column_type) in columns {
        schema.set(name, *column_type);
    }
    schema
}

/// A row for supervised fine-tuning: `messages`, the response as the last of them. `None` where the row does not pass,
/// unless `all` shall be taken, and where it has no response.
pub fn sft(sample: &Sample, columns: &Columns, all: bool) -> Option<Value> {
    let response = sample.response.as_ref()?;
    (all || assessment(columns)?.get("pass")?.as_bool()?).then_some(())?;
    let mut messages = turns(&sample.messages);
    messages.push(turn("assistant", response));
    Some(json!({"id": sample.id, "messages": messages}))
}

/// Which pairs of a row's attempts are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pairing {
    /// The least difference of the two scores, 0..1.
    pub margin: f64,
    /// Every pair that differs enough, not only the chosen attempt against the worst.
    pub all: bool,
}

/// Preference pairs for DPO and for Bradley–Terry reward models: `prompt`, `chosen`, `rejected`, `margin`.
pub fn pairs(sample: &Sample, columns: &Columns, pairing: Pairing) -> Vec<Value> {
    let attempts = attempts(columns);
    let pair = |chosen: &Attempt<'_>, rejected: &Attempt<'_>| {
        json!({
            "id": sample.id,
            "prompt": turns(&sample.messages),
            "chosen": [turn("assistant", chosen.response)],
            "rejected": [turn("assistant", rejected.response)],
            "score_chosen": chosen.score,
            "score_rejected": rejected.score,
            "margin": rounded(chosen.score - rejected.score),
        })
    };
    let differs = |chosen: &Attempt<'_>, rejected: &Attempt<'_>| {
        let difference = chosen.score - rejected.score;
        difference > 0.0 && difference >= pairing.margin && chosen.response != rejected.response
    };
    if pairing.all {
        let every = attempts.iter().flat_map(|chosen| attempts.iter().map(move |rejected| (chosen, rejected)));
        return every.filter(|(chosen, rejected)| differs(chosen, rejected)).map(|(a, b)| pair(a, b)).collect();
    }
    let chosen = attempts.iter().find(|attempt| attempt.is_chosen);
    let worst = attempts.iter().min_by(|a, b| a.score.total_cmp(&b.score));
    chosen.zip(worst).filter(|(chosen, worst)| differs(chosen, worst)).map(|(a, b)| pair(a, b)).into_iter().collect()
}

/// Pointwise rewards: `prompt`, `completion`, `reward` of 0..1, and `label`, whether it passes. One row for each attempt
/// that has a score, or for the response of a row that was not refined.
pub fn rewards(sample: &Sample, columns: &Columns) -> Vec<Value> {
    let reward = |response: &str, score: f64, pass: Option<bool>| {
        let mut row = json!({
            "id": sample.id,
            "prompt": turns(&sample.messages),
            "completion": [turn("assistant", response)],
            "reward": score,
        });
        if let (Some(pass), Some(row)) = (pass, row.as_object_mut()) {
            row.insert("label".to_owned(), pass.into());
        }
        row
    };
    let attempts = attempts(columns);
    if attempts.is_empty() && !columns.contains_key("refinement") {
        let graded = assessment(columns).and_then(|graded| Some((graded.get("score")?.as_f64()?, graded.get("pass"))));
        let own = sample.response.as_deref().zip(graded);
        let own = own.map(|(response, (score, pass))| reward(response, score, pass.and_then(Value::as_bool)));
        return own.into_iter().collect();
    }
    attempts.iter().map(|attempt| reward(attempt.response, attempt.score, attempt.pass)).collect()
}

/// An attempt that has a score.
struct Attempt<'a> {
    response: &'a str,
    score: f64,
    pass: Option<bool>,
    is_chosen: bool,
}

fn attempts<'a>(columns: &'a Columns) -> Vec<Attempt<'a>> {
    let refinement = columns.get("refinement");
    let chosen = refinement.and_then(|refinement| refinement.get("chosen")?.as_u64());
    let attempts = refinement.and_then(|refinement| refinement.get("attempts")?.as_array());
    let read = |(index, attempt): (u64, &'a Value)| {
        let assessment = attempt.get("assessment")?;
        Some(Attempt {
            response: attempt.get("response")?.as_str()?,
            score: assessment.get("score")?.as_f64()?,
            pass: assessment.get("pass").and_then(Value::as_bool),
            is_chosen: chosen == Some(index),
        })
    };
    (0..).zip(attempts.into_iter().flatten()).filter_map(read).collect()
}

fn assessment(columns: &Columns) -> Option<&Columns> {
    columns.get("assessment")?.as_object()
}

fn turns(messages: &[Message]) -> Vec<Value> {
    messages.iter().map(|message| turn(&message.role, &message.content)).collect()
}

fn turn(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

#[cfg(test)]
mod tests;
