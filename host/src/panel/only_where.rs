//! A grader that concerns only some rows of a mixed dataset.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    grader::{Graded, Grader, Kind, Mode},
    sample::{Columns, Sample, text_of},
    score::Outcome,
};

/// Which rows a grader concerns: those in which each of these columns holds one of its values. Without any column, all
/// rows. Values are compared as text, so that the 1 of a CSV file is the number 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Condition(Vec<(String, Vec<Value>)>);

impl Condition {
    pub fn new(columns: impl IntoIterator<Item = (String, Vec<Value>)>) -> Self {
        Self(columns.into_iter().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns with the values that are wanted of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.0.iter().map(|(column, values)| (column.as_str(), values.as_slice()))
    }

    /// Why a row of these columns is of no concern; `None` where it is.
    pub fn mismatch(&self, columns: &Columns) -> Option<String> {
        self.iter().find_map(|(column, wanted)| {
            let value = columns.get(column).filter(|value| !value.is_null());
            if value.is_some_and(|value| wanted.iter().any(|wanted| text_of(wanted) == text_of(value))) {
                return None;
            }
            let wanted = wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            let found = value.map_or("is not there".to_owned(), |value| format!("is {value}"));
            Some(format!("the grader is for rows whose `{column}` is {wanted}, and here it {found}"))
        })
    }
}

/// A grader that is asked only of the rows that it concerns, and not applicable to the others.
pub struct OnlyWhere {
    grader: Arc<dyn Grader>,
    condition: Condition,
}

impl OnlyWhere {
    pub fn new(grader: Arc<dyn Grader>, condition: Condition) -> Self {
        Self { grader, condition }
    }
}

#[async_trait]
impl Grader for OnlyWhere {
    fn mode(&self) -> Mode {
        self.grader.mode()
    }

    fn kind(&self) -> Kind {
        self.grader.kind()
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        self.grade_anew(sample, 0).await
    }

    async fn grade_anew(&self, sample: &Sample, attempt: u32) -> Graded {
        match self.condition.mismatch(&sample.columns) {
            Some(reason) => Outcome::NotApplicable { reason }.into(),
            None => self.grader.grade_anew(sample, attempt).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::panel::scripted::{component, panel, sample};

    #[tokio::test]
    async fn rows_that_do_not_match_are_of_no_concern() {
        let condition = || {
            Condition::new([
                ("kind".to_owned(), vec![json!("code"), json!("sql")]),
                ("level".to_owned(), vec![json!(1)]),
            ])
        };
        for (columns, reason) in [
            (json!({"kind": "code", "level": 1}), None),
            (json!({"kind": "sql", "level": "1"}), None),
            (
                json!({"kind": "prose", "level": 1}),
                Some("whose `kind` is \"code\" or \"sql\", and here it is \"prose\""),
            ),
            (json!({"kind": null, "level": 1}), Some("and here it is not there")),
            (json!({"kind": "code", "level": 2}), Some("whose `level` is 1, and here it is 2")),
        ] {
            let Value::Object(columns) = columns else { panic!("a row is an object") };
            let mut member = component("a");
            member.grader = Arc::new(OnlyWhere::new(member.grader, condition()));
            let sample = Sample { columns: Arc::new(columns), ..sample("a=0.5") };
            let assessment = panel([member]).assess(&sample).await;
            match (&assessment.grades["a"].outcome, reason) {
                (Outcome::Scored(_), None) => {}
                (Outcome::NotApplicable { reason }, Some(part)) => assert!(reason.contains(part), "{reason}"),
                (outcome, _) => panic!("{outcome:?}"),
            }
        }
    }
}
