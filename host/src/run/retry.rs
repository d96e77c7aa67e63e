//! Rows that are done anew because they ended in an error, among those that stay.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Take},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::appender::{AppendError, Appender};
use crate::sample::Columns;

/// Whether a row ended in an error that another try may not meet: of a worker, an endpoint, the budget, or of what a
/// model said. A malformed row and a broken grader stay what they are.
pub(super) fn is_worth_retrying(columns: &Columns) -> bool {
    let may_pass = |grade: &Value| {
        let is_error = grade.get("outcome").and_then(Value::as_str) == Some("error");
        let is_refusal = grade.get("kind").and_then(Value::as_str) == Some("model-refused");
        is_error && (is_refusal || grade.get("retryable") == Some(&Value::Bool(true)))
    };
    let any_may_pass =
        |grades: Option<&Value>| grades.and_then(Value::as_object).is_some_and(|grades| grades.values().any(may_pass));
    let refinement = columns.get("refinement");
    let attempts = || refinement.and_then(|refinement| refinement.get("attempts")?.as_array()).into_iter().flatten();
    any_may_pass(columns.get("grades"))
        || match refinement.and_then(|refinement| refinement.get("stop")?.as_str()) {
            Some("model-error" | "budget") => true,
            // With the grade that is missing, another attempt may be the best.
            Some("regraded") => attempts().any(|attempt| any_may_pass(attempt.get("grades"))),
            _ => false,
        }
}

/// The rows of the sessions before, read in their order.
#[derive(Debug)]
pub(super) struct Earlier {
    path: PathBuf,
    lines: BufReader<Take<File>>,
    /// Rows that were read.
    read: u64,
}

impl Earlier {
    /// Of the file, `length` bytes are whole rows.
    pub(super) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let lines = BufReader::with_capacity(1 << 20, File::open(path)?.take(length));
        Ok(Self { path: path.to_owned(), lines, read: 0 })
    }

    /// Copies the rows up to the one at `position`, 1-based, which is passed over.
    pub(super) async fn copy_before(&mut self, position: u64, to: &Appender) -> Result<(), AppendError> {
        while self.read < position {
            let mut line = Vec::new();
            let count = self.lines.read_until(b'\n', &mut line);
            if count.map_err(|error| AppendError::new(&self.path, &error))? == 0 {
                return Ok(());
            }
            self.read += 1;
            if self.read < position {
                to.add(line).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_errors_that_may_pass_are_worth_another_try() {
        let graded = |grade: Value| json!({"grades": {"a": {"outcome": "scored", "score": 0.0}, "b": grade}});
        let attempted = |stop: &str| {
            let failed = json!({"outcome": "error", "kind": "model-failed", "retryable": true});
            json!({"refinement": {"stop": stop, "attempts": [{"response": "r", "grades": {"a": failed}}]}})
        };
        for (row, expected) in [
            (graded(json!({"outcome": "scored", "score": 0.0})), false),
            (graded(json!({"outcome": "undecided"})), false),
            (graded(json!({"outcome": "error", "kind": "invalid-sample", "retryable": false})), false),
            (graded(json!({"outcome": "error", "kind": "judge-unparsable", "retryable": true})), true),
            (graded(json!({"outcome": "error", "kind": "model-refused", "retryable": false})), true),
            (json!({"refinement": {"stop": "model-error"}}), true),
            (json!({"refinement": {"stop": "rounds"}}), false),
            (attempted("rounds"), false),
            (attempted("regraded"), true),
            (json!({"grades": 3, "refinement": []}), false),
        ] {
            assert_eq!(is_worth_retrying(row.as_object().unwrap()), expected, "{row}");
        }
    }
}
