//! Tables for terminals, and the numbers of a run in them.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use crate::{
    llm::{Concurrency, EndpointStatistics},
    model::Usage,
    run::{CallCounts, GraderSummary, RefinementSummary, Summary},
};

/// A plain table; the columns from `numbers` on are numbers.
pub(super) fn table(header: &[&str], numbers: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= numbers {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.to_string();
    lines.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// What a run came to: a table of its graders and a few lines.
pub(super) fn summary(summary: &Summary) -> String {
    let mut lines = match &summary.refinement {
        None => vec![grader_table(summary), String::new()],
        Some(refinement) => vec![before_and_after(summary, refinement), String::new()],
    };
    lines.push(totals(summary));
    if let Some(refinement) = &summary.refinement {
        lines.extend(refinement_lines(summary, refinement));
    }
    for (who, usage) in [("writer", summary.writer_usage), ("judges", summary.judge_usage)] {
        lines.extend(usage_line(who, usage));
    }
    lines.join("\n")
}

fn grader_table(summary: &Summary) -> String {
    let header = ["grader", "scored", "mean", "passed", "n/a", "undecided", "errors"];
    let rows = summary.graders.iter().map(|(name, grader)| {
        vec![
            name.clone(),
            (grader.scored + grader.ranked).to_string(),
            number(grader.mean()),
            passed(grader),
            grader.not_applicable.to_string(),
            grader.undecided.to_string(),
            grader.error_count().to_string(),
        ]
    });
    table(&header, 1, rows)
}

fn before_and_after(summary: &Summary, refinement: &RefinementSummary) -> String {
    let header = ["grader", "mean before", "after", "passed before", "after", "n/a", "undecided", "errors"];
    let none = GraderSummary::default();
    let rows = summary.graders.iter().map(|(name, after)| {
        let before = refinement.before.get(name).unwrap_or(&none);
        vec![
            name.clone(),
            number(before.mean()),
            number(after.mean()),
            passed(before),
            passed(after),
            after.not_applicable.to_string(),
            after.undecided.to_string(),
            after.error_count().to_string(),
        ]
    });
    table(&header, 1, rows)
}

fn totals(summary: &Summary) -> String {
    let mean = summary.mean_score().map(|mean| format!(", mean score {mean:.3}")).unwrap_or_default();
    let faulty = match summary.faulty {
        0 => String::new(),
        faulty => format!("; {} with errors", count(faulty, "row")),
    };
    format!(
        "{} in {}: {} passed, {} did not{mean}{faulty}",
        count(summary.rows, "row"),
        taken(summary.elapsed),
        summary.passed,
        summary.failed
    )
}

/// `12 ms`, `3.4 s`.
fn taken(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

fn refinement_lines(summary: &Summary, refinement: &RefinementSummary) -> Vec<String> {
    let stops = refinement.stops.iter().map(|(stop, rows)| format!("{rows} {}", stop.as_str())).collect::<Vec<_>>();
    let mut lines = vec![format!(
        "passed before {}, after {}; {} refined, {} improved, {} written anew",
        refinement.passed_before, summary.passed, refinement.refined, refinement.improved, refinement.written
    )];
    if !stops.is_empty() {
        lines.push(format!("refinements ended: {}", stops.join(", ")));
    }
    lines
}

fn usage_line(who: &str, usage: Usage) -> Option<String> {
    if usage.calls == 0 {
        return None;
    }
    let tokens = match (usage.prompt_tokens, usage.completion_tokens) {
        (Some(prompt), Some(completion)) => format!("{prompt} prompt and {completion} completion tokens"),
        _ => "tokens not told by the endpoint".to_owned(),
    };
    let cost = usage.cost.map(|cost| format!(", cost {cost:.4}")).unwrap_or_default();
    Some(format!("{who}: {}, {tokens}{cost}", count(usage.calls, "call")))
}

/// Where answers came from that no endpoint was asked for; nothing where there are none.
pub(super) fn calls(counts: CallCounts) -> Option<String> {
    let CallCounts { made, replayed, cached } = counts;
    (replayed + cached > 0).then(|| {
        format!("answers: {made} asked for now, {replayed} from the record of this run, {cached} from the cache")
    })
}

/// How the calls of a model were spread over its endpoints, where it has several, and which had too much to do.
pub(super) fn endpoints(model: &str, endpoints: &[EndpointStatistics]) -> Vec<String> {
    let is_one = endpoints.len() == 1;
    let lines = endpoints.iter().filter_map(|endpoint| {
        let Concurrency { limit, lowest, most, decreases } = endpoint.concurrency;
        let mut parts = Vec::new();
        if !is_one {
            parts.push(format!("{} answered, {} failed", count(endpoint.answered, "call"), endpoint.failed));
        }
        if decreases > 0 {
            let times = count(decreases, "time");
            parts.push(format!(
                "overloaded {times}: of {most} calls at the same time it was asked down to {lowest}, at last {limit}"
            ));
        }
        (!parts.is_empty()).then(|| format!("model `{model}` at {}: {}", endpoint.url, parts.join("; ")))
    });
    lines.collect()
}

fn passed(grader: &GraderSummary) -> String {
    if grader.scored == 0 { "-".to_owned() } else { format!("{}/{}", grader.passed, grader.scored) }
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.3}"))
}

/// A number of things: `1 row`, `2 rows`.
pub(super) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        panel::{Assessment, Grade, Panel},
        receipt::Provenance,
        run::RowResult,
        score::{ErrorKind, GradeError, Outcome, Score},
    };

    fn graded(outcome: Outcome, pass: Option<bool>) -> RowResult {
        let score = match &outcome {
            Outcome::Scored(score) => Some(score.score),
            _ => None,
        };
        let grade = Grade { outcome, pass, usage: Usage::default(), provenance: Provenance::default() };
        let grades = [("math".to_owned(), grade)].into_iter().collect();
        RowResult::Graded(Assessment { grades, score, pass, ..Assessment::default() })
    }

    fn scored(score: f64) -> Outcome {
        Outcome::Scored(Score { score, value: score, reason: String::new(), details: serde_json::Map::new() })
    }

    #[test]
    fn the_summary_counts_what_was_scored_and_what_was_not() {
        let mut numbers = Summary::new(&Panel::default());
        numbers.add(&graded(scored(1.0), Some(true)));
        numbers.add(&graded(scored(0.5), Some(false)));
        numbers.add(&graded(Outcome::Undecided { reason: String::new() }, None));
        let error = GradeError::new(ErrorKind::InvalidSample, "no column");
        numbers.add(&graded(Outcome::Error(error), None));
        let text = summary(&numbers);
        let math = text.lines().find(|line| line.starts_with("math")).unwrap();
        assert_eq!(math.split_whitespace().collect::<Vec<_>>(), ["math", "2", "0.750", "1/2", "0", "1", "1"]);
        assert!(text.contains("4 rows in 0 ms: 1 passed, 1 did not, mean score 0.750; 1 row with errors"), "{text}");
    }

    #[test]
    fn short_times_are_told_in_milliseconds() {
        assert_eq!(taken(Duration::from_millis(7)), "7 ms");
        assert_eq!(taken(Duration::from_micros(999_900)), "999 ms");
        assert_eq!(taken(Duration::from_millis(3456)), "3.5 s");
    }

    #[test]
    fn a_summary_without_scores_has_no_numbers_for_them() {
        let mut numbers = Summary::new(&Panel::default());
        numbers.add(&graded(Outcome::NotApplicable { reason: String::new() }, None));
        let text = summary(&numbers);
        let math = text.lines().find(|line| line.starts_with("math")).unwrap();
        assert_eq!(math.split_whitespace().collect::<Vec<_>>(), ["math", "0", "-", "-", "1", "0", "0"]);
        assert!(!text.contains("mean score"), "{text}");
    }
}
