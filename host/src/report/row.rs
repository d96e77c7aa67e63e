//! What one graded or refined row says, read from its columns. Decides; does no I/O.

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    model::Usage,
    sample::{Columns, Sample},
};

/// The longest query, response and reason that a report keeps, in characters.
const LONGEST_QUERY: usize = 2000;
const LONGEST_RESPONSE: usize = 6000;
const LONGEST_REASON: usize = 1000;

/// The beginning of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// Characters that are not in here.
    pub(super) left_out: usize,
}

impl Excerpt {
    fn of(text: &str, longest: usize) -> Self {
        match text.char_indices().nth(longest) {
            None => Self { text: text.to_owned(), left_out: 0 },
            Some((end, _)) => {
                let (kept, rest) = text.split_at(end);
                Self { text: kept.to_owned(), left_out: rest.chars().count() }
            }
        }
    }
}

/// One row, before and after.
#[derive(Debug, Clone)]
pub(super) struct RowFacts {
    /// 1-based.
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) query: Excerpt,
    /// The response that a refined row had; `None` for a row that was only graded, or that had none.
    pub(super) before: Option<Graded>,
    pub(super) after: Graded,
    pub(super) refinement: Option<RefinementFacts>,
    /// Calls of the judges.
    pub(super) judges: Usage,
    /// Calls by the graders' names, over all attempts.
    pub(super) by_grader: IndexMap<String, Usage>,
}

/// A response with its grades.
#[derive(Debug, Clone, Default)]
pub(super) struct Graded {
    pub(super) response: Option<Excerpt>,
    pub(super) grades: IndexMap<String, GradeFacts>,
    pub(super) score: Option<f64>,
    pub(super) pass: Option<bool>,
    pub(super) coverage: Option<f64>,
}

/// One grade.
#[derive(Debug, Clone, Default)]
pub(super) struct GradeFacts {
    /// As it stands in the row: `scored`, `undecided`, `error`, ….
    pub(super) outcome: String,
    /// Of an error.
    pub(super) kind: Option<String>,
    pub(super) score: Option<f64>,
    pub(super) pass: Option<bool>,
    pub(super) reason: Excerpt,
    /// On the judge's own scale.
    pub(super) votes: Vec<f64>,
}

/// How a row was refined.
#[derive(Debug, Clone, Default)]
pub(super) struct RefinementFacts {
    pub(super) stop: String,
    pub(super) error: Option<String>,
    pub(super) rounds: u64,
    pub(super) attempts: u64,
    /// Whether a response of the writer is kept.
    pub(super) is_rewritten: bool,
    pub(super) writer: Usage,
}

impl RowFacts {
    pub(super) fn read(number: u64, sample: &Sample, columns: &Columns) -> Self {
        let mut after = Graded::read(columns, sample.response.as_deref().map(response));
        let Some(refinement) = columns.get("refinement").filter(|refinement| refinement.is_object()) else {
            let grades = columns.get("grades").and_then(Value::as_object).into_iter().flatten();
            let by_grader = grades.map(|(name, grade)| (name.clone(), usage(grade.get("usage"))));
            let by_grader: IndexMap<_, _> = by_grader.filter(|(_, usage)| usage.calls > 0).collect();
            return Self {
                number,
                id: sample.id_text(),
                query: Excerpt::of(sample.query(), LONGEST_QUERY),
                before: None,
                judges: sum(&by_grader),
                after,
                refinement: None,
                by_grader,
            };
        };
        let attempts = refinement.get("attempts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let chosen = refinement.get("chosen").and_then(Value::as_u64).and_then(|chosen| usize::try_from(chosen).ok());
        let attempt = |index: usize| attempts.get(index).and_then(Value::as_object);
        let is_written = |attempt: &Columns| attempt.contains_key("model");
        let given = attempt(0).filter(|attempt| !is_written(attempt));
        if let Some(kept) = chosen.and_then(attempt) {
            after.response = response_of(kept).or(after.response);
        }
        let of_graders = refinement.get("usage").and_then(|usage| usage.get("graders")?.as_object());
        let by_grader = of_graders.into_iter().flatten().map(|(name, value)| (name.clone(), usage(Some(value))));
        let by_grader: IndexMap<_, _> = by_grader.collect();
        Self {
            number,
            id: sample.id_text(),
            query: Excerpt::of(sample.query(), LONGEST_QUERY),
            before: given.map(|given| Graded::read(given, response_of(given))),
            refinement: Some(RefinementFacts {
                stop: refinement.get("stop").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
                error: refinement.get("error").and_then(Value::as_str).map(str::to_owned),
                rounds: refinement.get("rounds").and_then(Value::as_u64).unwrap_or(0),
                attempts: attempts.len() as u64,
                is_rewritten: chosen.and_then(attempt).is_some_and(is_written),
                writer: usage(refinement.get("usage").and_then(|usage| usage.get("writer"))),
            }),
            judges: sum(&by_grader),
            by_grader,
            after,
        }
    }

    /// Whether a grader's error is among the grades, or the refinement ended on a model.
    pub(super) fn is_faulty(&self) -> bool {
        let has_error = self.refinement.as_ref().is_some_and(|refinement| refinement.error.is_some());
        has_error || self.after.grades.values().any(GradeFacts::is_error)
    }

    /// Every call for the row.
    pub(super) fn usage(&self) -> Usage {
        self.refinement.as_ref().map_or(Usage::default(), |refinement| refinement.writer).plus(self.judges)
    }
}

impl Graded {
    fn read(columns: &Columns, response: Option<Excerpt>) -> Self {
        let grades = columns.get("grades").and_then(Value::as_object).into_iter().flatten();
        let assessment = columns.get("assessment");
        let number = |key: &str| assessment?.get(key)?.as_f64();
        Self {
            response,
            grades: grades.map(|(name, grade)| (name.clone(), GradeFacts::read(grade))).collect(),
            score: number("score"),
            pass: assessment.and_then(|assessment| assessment.get("pass")?.as_bool()),
            coverage: number("coverage"),
        }
    }

    pub(super) fn score_of(&self, grader: &str) -> Option<f64> {
        self.grades.get(grader)?.score
    }
}

impl GradeFacts {
    fn read(grade: &Value) -> Self {
        let text = |key: &str| grade.get(key).and_then(Value::as_str).map(str::to_owned);
        let votes = grade.get("details").and_then(|details| details.get("votes")?.as_array());
        Self {
            outcome: text("outcome").unwrap_or_else(|| "unknown".to_owned()),
            kind: text("kind"),
            score: grade.get("score").and_then(Value::as_f64).filter(|score| (0.0..=1.0).contains(score)),
            pass: grade.get("pass").and_then(Value::as_bool),
            reason: Excerpt::of(grade.get("reason").and_then(Value::as_str).unwrap_or_default(), LONGEST_REASON),
            votes: votes.into_iter().flatten().filter_map(Value::as_f64).collect(),
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.outcome == "error"
    }
}

fn sum(by_grader: &IndexMap<String, Usage>) -> Usage {
    by_grader.values().fold(Usage::default(), |sum, usage| sum.plus(*usage))
}

fn usage(value: Option<&Value>) -> Usage {
    let Some(value) = value else { return Usage::default() };
    let count = |key: &str| value.get(key).and_then(Value::as_u64);
    Usage {
        calls: count("calls").unwrap_or(0),
        prompt_tokens: count("prompt_tokens"),
        completion_tokens: count("completion_tokens"),
        cost: value.get("cost").and_then(Value::as_f64),
    }
}

fn response(text: &str) -> Excerpt {
    Excerpt::of(text, LONGEST_RESPONSE)
}

fn response_of(attempt: &Columns) -> Option<Excerpt> {
    attempt.get("response")?.as_str().map(response)
}
