//! What a verification found, for people and as JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde_json::{Value, json};

use super::{
    again::{Difference, Examined, NotRun},
    claims::{Claim, Kind},
};
use crate::cli::table::count;

/// Findings that are shown to people; all are in the JSON.
const SHOWN: usize = 20;

/// The longest value that is shown to people, in characters.
const LONGEST: usize = 80;

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) rows: u64,
    pub(super) rows_with_receipts: u64,
    /// Rows that were graded again.
    pub(super) rows_examined: u64,
    pub(super) receipts: u64,
    /// Where a sample was chosen.
    pub(super) seed: Option<u64>,
    same: u64,
    differ: Vec<Finding>,
    /// Grades without a receipt, by their graders.
    without: BTreeMap<String, Without>,
    with_receipts: BTreeSet<String>,
    models: u64,
    /// What was not at hand, and for how many grades.
    lacking: BTreeMap<String, u64>,
    failed: Vec<Finding>,
}

#[derive(Default)]
struct Without {
    judge: u64,
    second_opinion: u64,
    missing: u64,
    /// The first row among them that should have one.
    first: Option<(u64, Value)>,
    first_judge: Option<(u64, Value)>,
}

/// Grades of a grader that should have receipts.
struct Missing<'a> {
    grader: &'a String,
    grades: u64,
    /// Number and id of the first row.
    first: &'a (u64, Value),
}

struct Finding {
    row: u64,
    id: Value,
    grader: String,
    attempt: Option<usize>,
    differences: Vec<Difference>,
    reason: Option<String>,
}

impl Findings {
    pub(super) fn note_receipt(&mut self, grader: &str) {
        if !self.with_receipts.contains(grader) {
            self.with_receipts.insert(grader.to_owned());
        }
    }

    pub(super) fn note_without(&mut self, grader: &str, kind: Kind, row: u64, id: &Value) {
        if kind == Kind::NotGraded {
            return;
        }
        let without = self.without.entry(grader.to_owned()).or_default();
        let here = || Some((row, id.clone()));
        match kind {
            Kind::Judge => {
                without.judge += 1;
                without.first_judge = without.first_judge.take().or_else(here);
            }
            Kind::SecondOpinion => without.second_opinion += 1,
            Kind::Missing => {
                without.missing += 1;
                without.first = without.first.take().or_else(here);
            }
            Kind::NotGraded => {}
        }
    }

    pub(super) fn add(&mut self, row: u64, id: Value, claim: Claim, examined: Examined) {
        let Claim { grader, attempt, .. } = claim;
        let finding = Finding { row, id, grader, attempt, differences: Vec::new(), reason: None };
        match examined {
            Examined::Same => self.same += 1,
            Examined::Differs(differences) => self.differ.push(Finding { differences, ..finding }),
            Examined::NotRun(NotRun::Models) => self.models += 1,
            Examined::NotRun(NotRun::Lacking(what)) => *self.lacking.entry(what).or_default() += 1,
            Examined::NotRun(NotRun::Failed(reason)) => {
                self.failed.push(Finding { reason: Some(reason), ..finding });
            }
        }
    }

    /// Puts what was found in the order of the rows.
    pub(super) fn sort(&mut self) {
        for findings in [&mut self.differ, &mut self.failed] {
            findings.sort_by(|a, b| (a.row, a.attempt, &a.grader).cmp(&(b.row, b.attempt, &b.grader)));
        }
    }

    /// Whether nothing differs, nothing is missing, and nothing was in the way.
    pub(super) fn all_same(&self) -> bool {
        self.differ.is_empty() && self.lacking.is_empty() && self.failed.is_empty() && self.missing().is_empty()
    }

    /// Grades that should have receipts: a component has one for each grade, whoever is said to have given it.
    fn missing(&self) -> Vec<Missing<'_>> {
        let of_grader = |(grader, without)| {
            let Without { judge, missing, first, first_judge, .. }: &Without = without;
            let grades = missing + if self.with_receipts.contains(grader) { *judge } else { 0 };
            let first = first.as_ref().or(first_judge.as_ref())?;
            (grades > 0).then_some(Missing { grader, grades, first })
        };
        self.without.iter().filter_map(of_grader).collect()
    }

    fn judges(&self) -> Vec<(&str, u64)> {
        let judges = self.without.iter().filter(|(name, _)| !self.with_receipts.contains(*name));
        judges.map(|(name, without)| (name.as_str(), without.judge)).filter(|(_, count)| *count > 0).collect()
    }

    fn second_opinions(&self) -> u64 {
        self.without.values().map(|without| without.second_opinion).sum()
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = format!(
            "{} of {} with receipts graded again: {} came out the same, {} not\n",
            self.rows_examined,
            count(self.rows_with_receipts, "row"),
            count(self.same, "grade"),
            self.differ.len()
        );
        // Writing to a string does not fail.
        let mut line = |words: String| {
            let _ = writeln!(text, "{words}");
        };
        for finding in self.differ.iter().take(SHOWN) {
            line(finding.title());
            finding.differences.iter().for_each(|difference| line(format!("  {}", difference.to_text())));
        }
        if SHOWN < self.differ.len() {
            line(format!("and {} more; --json has them all", self.differ.len() - SHOWN));
        }
        for Missing { grader, grades, first: (row, id) } in self.missing() {
            let grades = count(grades, "grade");
            line(format!("without a receipt that can be read: {grades} of `{grader}`, first in row {row} (id {id})"));
        }
        for (what, grades) in &self.lacking {
            line(format!("not graded again: {}, for want of {what}", count(*grades, "grade")));
        }
        if self.lacking.keys().any(|what| what.contains(crate::receipt::SHA256)) {
            line("  --graders names a directory that has it".to_owned());
        }
        for finding in self.failed.iter().take(SHOWN) {
            line(format!("{}: not graded again: {}", finding.title(), finding.reason.as_deref().unwrap_or_default()));
        }
        let judges = self.judges().iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        for (grades, why) in [
            (
                self.judges().iter().map(|(_, count)| count).sum(),
                format!("of judges ({judges}): a judge may say otherwise"),
            ),
            (self.second_opinions(), "with a second opinion".to_owned()),
            (self.models, "that went by answers of models".to_owned()),
        ] {
            if grades > 0 {
                line(format!("not graded again: {} {why}", count(grades, "grade")));
            }
        }
        if let Some(seed) = self.seed.filter(|_| self.rows_examined < self.rows_with_receipts) {
            line(format!("--seed {seed} chooses the same rows again, --all every row"));
        }
        text
    }

    pub(super) fn to_json(&self) -> Value {
        let missing = self.missing().into_iter().map(
            |Missing { grader, grades, first: (row, _) }| json!({"grader": grader, "grades": grades, "first_row": row}),
        );
        let judges: serde_json::Map<String, Value> =
            self.judges().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
        json!({
            "rows": self.rows,
            "rows_with_receipts": self.rows_with_receipts,
            "rows_examined": self.rows_examined,
            "receipts": self.receipts,
            "seed": self.seed,
            "same": self.same,
            "differ": self.differ.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "without_receipt": missing.collect::<Vec<_>>(),
            "lacking": self.lacking,
            "failed": self.failed.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "not_graded_again": {
                "judges": judges,
                "second_opinions": self.second_opinions(),
                "models": self.models,
            },
        })
    }
}

impl Finding {
    fn title(&self) -> String {
        let attempt = self.attempt.map_or_else(String::new, |attempt| format!(", attempt {attempt}"));
        format!("row {} (id {}){attempt}, grader `{}`", self.row, self.id, self.grader)
    }

    fn to_json(&self) -> Value {
        let differs = self.differences.iter().map(|difference| {
            let Difference { what, stated, again } = difference;
            json!({"what": what, "row": stated, "again": again})
        });
        let mut json = json!({"row": self.row, "id": self.id, "grader": self.grader});
        if let Some(members) = json.as_object_mut() {
            if let Some(attempt) = self.attempt {
                members.insert("attempt".to_owned(), attempt.into());
            }
            match &self.reason {
                Some(reason) => members.insert("reason".to_owned(), reason.clone().into()),
                None => members.insert("differs".to_owned(), differs.collect()),
            };
        }
        json
    }
}

impl Difference {
    fn to_text(&self) -> String {
        match self.what.as_str() {
            "sample" => "the response, or something else that the grader reads of the row, is not what was graded (as \
                         text, CSV keeps no numbers and lists)"
                .to_owned(),
            "receipt.outcome" => "its receipt is of another outcome".to_owned(),
            what => {
                format!("{what} is {} in the row, and {} when graded again", shown(&self.stated), shown(&self.again))
            }
        }
    }
}

fn shown(value: &Value) -> String {
    if value.is_null() {
        return "not there".to_owned();
    }
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain("…".chars()).collect()
}
