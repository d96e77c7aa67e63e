//! Takes the rows of a run in, one by one, and makes the report of them.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{
    Effort, ErrorReport, Fall, GraderReport, Listed, Passing, RefinementReport, Report, RowMeasure, Votes,
    bootstrap::{Share, Values, float},
    chosen::{Largest, Shelves},
    comparison::Scores,
    row::{GradeFacts, Graded, RefinementFacts, RowFacts},
};
use crate::{
    model::Usage,
    run::Times,
    sample::{Columns, Sample},
};

/// Rows that are kept to be looked at, of each class and together.
const SHOWN: usize = 240;

/// Falls that are listed.
const FALLS: usize = 100;

/// Rows that are listed for being slow, expensive or disputed.
const REMARKABLE: usize = 10;

/// Makes a report of rows that come one by one.
#[derive(Debug)]
pub struct ReportBuilder {
    times: Times,
    rows: u64,
    passing: Passes,
    scores: Scores,
    coverage: Values,
    fully_covered: u64,
    faulty: u64,
    graders: IndexMap<String, Grader>,
    refinement: Option<RefinementReport>,
    writer: Usage,
    judges: Usage,
    falls: (u64, Largest<Fall>),
    errors: IndexMap<(String, String), ErrorReport>,
    slowest: Largest<RowMeasure>,
    dearest: Largest<RowMeasure>,
    most_tokens: Largest<RowMeasure>,
    disputed: Largest<RowMeasure>,
    shown: Shelves<Class, RowFacts>,
}

#[derive(Debug, Default)]
struct Grader {
    passing: Passes,
    scores: Scores,
    outcomes: BTreeMap<String, u64>,
    usage: Usage,
    /// Grades with several votes, unanimous ones, and the sum of the variances.
    votes: (u64, u64, f64),
}

#[derive(Debug, Default)]
struct Passes {
    before: (u64, u64),
    after: (u64, u64),
    gained: u64,
    lost: u64,
}

/// Why a row is worth looking at; the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Fell,
    Error,
    Improved,
    Undecided,
    Failing,
    Passing,
}

impl ReportBuilder {
    /// Begins a report; `times` are those that a run directory holds.
    pub fn new(times: Times) -> Self {
        Self {
            times,
            rows: 0,
            passing: Passes::default(),
            scores: Scores::default(),
            coverage: Values::default(),
            fully_covered: 0,
            faulty: 0,
            graders: IndexMap::new(),
            refinement: None,
            writer: Usage::default(),
            judges: Usage::default(),
            falls: (0, Largest::new(FALLS)),
            errors: IndexMap::new(),
            slowest: Largest::new(REMARKABLE),
            dearest: Largest::new(REMARKABLE),
            most_tokens: Largest::new(REMARKABLE),
            disputed: Largest::new(REMARKABLE),
            shown: Shelves::new(SHOWN),
        }
    }

    /// Takes a row in. `number` is its place in the dataset, 1-based.
    pub fn add(&mut self, number: u64, sample: &Sample, columns: &Columns) {
        let row = RowFacts::read(number, sample, columns);
        self.rows += 1;
        let before = row.before.as_ref();
        self.passing.add(before.and_then(|before| before.pass), row.after.pass);
        self.scores.add(before.and_then(|before| before.score), row.after.score);
        if let Some(coverage) = row.after.coverage {
            self.coverage.add(coverage);
            self.fully_covered += u64::from(coverage >= 1.0);
        }
        for (name, grade) in &row.after.grades {
            self.add_grade(&row, name, grade);
        }
        for (name, usage) in &row.by_grader {
            let sum = &mut self.graders.entry(name.clone()).or_default().usage;
            *sum = sum.plus(*usage);
        }
        self.judges = self.judges.plus(row.judges);
        if let Some(refinement) = &row.refinement {
            self.add_refinement(&row, refinement);
        }
        self.faulty += u64::from(row.is_faulty());
        self.add_measures(&row);
        self.shown.offer(Class::of(&row), || row);
    }

    fn add_grade(&mut self, row: &RowFacts, name: &str, grade: &GradeFacts) {
        let before = row.before.as_ref().and_then(|before| before.grades.get(name));
        let grader = self.graders.entry(name.to_owned()).or_default();
        grader.add(before, grade);
        if let Some(spread) = spread(&grade.votes) {
            self.disputed.offer(spread, || row.measured(spread, "between votes"));
        }
        if grade.is_error() {
            self.add_error(row, name, grade.kind.as_deref().unwrap_or("error"), &grade.reason.text);
        }
        if let (Some(before), Some(after)) = (before.and_then(|before| before.score), grade.score)
            && after < before
        {
            self.falls.0 += 1;
            self.falls.1.offer(before - after, || Fall {
                row: row.number,
                id: row.id.clone(),
                grader: name.to_owned(),
                before,
                after,
                reason: grade.reason.text.clone(),
            });
        }
    }

    fn add_error(&mut self, row: &RowFacts, grader: &str, kind: &str, reason: &str) {
        let error = self.errors.entry((grader.to_owned(), kind.to_owned())).or_insert_with(|| ErrorReport {
            grader: grader.to_owned(),
            kind: kind.to_owned(),
            rows: 0,
            row: row.number,
            id: row.id.clone(),
            reason: reason.to_owned(),
        });
        error.rows += 1;
    }

    fn add_refinement(&mut self, row: &RowFacts, refinement: &RefinementFacts) {
        let report = self.refinement.get_or_insert_default();
        *report.stops.entry(refinement.stop.clone()).or_insert(0) += 1;
        *report.rounds.entry(refinement.rounds).or_insert(0) += 1;
        report.attempts += refinement.attempts;
        report.rewritten += u64::from(refinement.is_rewritten);
        self.writer = self.writer.plus(refinement.writer);
        if let Some(error) = &refinement.error {
            self.add_error(row, "writer", &refinement.stop, error);
        }
    }

    fn add_measures(&mut self, row: &RowFacts) {
        if let Some(seconds) = self.times.of_row(row.number) {
            self.slowest.offer(seconds, || row.measured(seconds, "s"));
        }
        let usage = row.usage();
        if let Some(cost) = usage.cost.filter(|cost| *cost > 0.0) {
            self.dearest.offer(cost, || row.measured(cost, "cost"));
        }
        if let (Some(prompt), Some(completion)) = (usage.prompt_tokens, usage.completion_tokens) {
            let tokens = float(prompt + completion);
            self.most_tokens.offer(tokens, || row.measured(tokens, "tokens"));
        }
    }

    /// The report of all the rows.
    pub fn finish(self, name: impl Into<String>) -> Report {
        let times = self.times;
        let report_grader = |(name, grader): (String, Grader)| {
            let seconds = times.of_grader(&name);
            (name, grader.report(seconds))
        };
        let graders: IndexMap<_, _> = self.graders.into_iter().map(report_grader).collect();
        let judge_seconds = graders.values().filter(|grader| grader.effort.usage.calls > 0);
        let judge_seconds: Option<f64> = judge_seconds.map(|grader| grader.effort.seconds).sum();
        let dearest: Vec<RowMeasure> = self.dearest.into_items().collect();
        let mut shown = self.shown.into_items(SHOWN);
        shown.sort_by_key(|row| row.number);
        let row_seconds = shown.iter().filter_map(|row| Some((row.number, times.of_row(row.number)?))).collect();
        Report {
            name: name.into(),
            rows: self.rows,
            passing: self.passing.report(),
            score: self.scores.compare(),
            coverage: self.coverage.mean().map(|mean| mean.mean),
            fully_covered: self.fully_covered,
            faulty: self.faulty,
            graders,
            refinement: self.refinement,
            writer: Effort { usage: self.writer, seconds: times.of_writer() },
            judges: Effort { usage: self.judges, seconds: judge_seconds.filter(|seconds| *seconds > 0.0) },
            seconds: times.elapsed(),
            fell: Listed { count: self.falls.0, rows: self.falls.1.into_items().collect() },
            errors: self.errors.into_values().collect(),
            slowest: self.slowest.into_items().collect(),
            most_expensive: if dearest.is_empty() { self.most_tokens.into_items().collect() } else { dearest },
            disagreements: self.disputed.into_items().collect(),
            shown,
            row_seconds,
        }
    }
}

impl Grader {
    fn add(&mut self, before: Option<&GradeFacts>, after: &GradeFacts) {
        self.passing.add(before.and_then(|before| before.pass), after.pass);
        self.scores.add(before.and_then(|before| before.score), after.score);
        let outcome = match &after.kind {
            Some(kind) if after.is_error() => kind.clone(),
            _ => after.outcome.clone(),
        };
        *self.outcomes.entry(outcome).or_insert(0) += 1;
        if let Some(spread) = spread(&after.votes) {
            let (grades, unanimous, variances) = &mut self.votes;
            *grades += 1;
            *unanimous += u64::from(spread <= 0.0);
            *variances += variance(&after.votes);
        }
    }

    fn report(self, seconds: Option<f64>) -> GraderReport {
        let (grades, unanimous, variances) = self.votes;
        let deviation = (variances / float(grades.max(1))).sqrt();
        GraderReport {
            passing: self.passing.report(),
            score: self.scores.compare(),
            outcomes: self.outcomes,
            effort: Effort { usage: self.usage, seconds },
            votes: (grades > 0).then_some(Votes { grades, unanimous, deviation }),
        }
    }
}

impl Passes {
    fn add(&mut self, before: Option<bool>, after: Option<bool>) {
        for ((count, of), pass) in [(&mut self.before, before), (&mut self.after, after)] {
            *of += u64::from(pass.is_some());
            *count += u64::from(pass == Some(true));
        }
        self.gained += u64::from(before == Some(false) && after == Some(true));
        self.lost += u64::from(before == Some(true) && after != Some(true));
    }

    fn report(&self) -> Passing {
        let share = |(count, of)| Share::new(count, of);
        Passing { before: share(self.before), after: share(self.after), gained: self.gained, lost: self.lost }
    }
}

impl Class {
    fn of(row: &RowFacts) -> Self {
        let any = |outcome: &str| row.after.grades.values().any(|grade| grade.outcome == outcome);
        if row.before.as_ref().is_some_and(|before| fell(before, &row.after)) {
            Self::Fell
        } else if row.is_faulty() {
            Self::Error
        } else if row.refinement.as_ref().is_some_and(|refinement| refinement.is_rewritten) {
            Self::Improved
        } else if any("undecided") {
            Self::Undecided
        } else if row.after.pass == Some(true) {
            Self::Passing
        } else {
            Self::Failing
        }
    }
}

/// Whether any grader's score fell.
pub(super) fn fell(before: &Graded, after: &Graded) -> bool {
    before.grades.keys().any(|name| {
        let scores = before.score_of(name).zip(after.score_of(name));
        scores.is_some_and(|(before, after)| after < before)
    })
}

impl RowFacts {
    fn measured(&self, value: f64, unit: &'static str) -> RowMeasure {
        RowMeasure { row: self.number, id: self.id.clone(), value, unit }
    }
}

/// How far several votes lie apart.
fn spread(votes: &[f64]) -> Option<f64> {
    let most = votes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = votes.iter().copied().fold(f64::INFINITY, f64::min);
    (votes.len() > 1).then_some(most - least)
}

/// The unbiased variance of several votes.
fn variance(votes: &[f64]) -> f64 {
    let count = float(votes.len() as u64);
    let mean = votes.iter().sum::<f64>() / count;
    votes.iter().map(|vote| (vote - mean).powi(2)).sum::<f64>() / (count - 1.0)
}
