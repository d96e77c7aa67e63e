//! The tables of the page.

use super::{
    figures::cost,
    markup::{Escaped, concat, difference, duration, grouped, mean, number, row_link, section, share, table},
    plots::{dumbbell, stacked},
};
use crate::report::{Comparison, Effort, GraderReport, Report, RowMeasure};

/// Each grader before and after.
pub(super) fn graders(report: &Report) -> String {
    let name = |name: &str, effort: Option<&GraderReport>| {
        let outcomes = effort.map(outcomes).unwrap_or_default();
        format!("<b>{}</b>{outcomes}", Escaped(name))
    };
    let all = (report.graders.len() > 1).then(|| {
        let passing = &report.passing;
        (name("all together", None), &report.score, passing)
    });
    let each = report.graders.iter().map(|(own, grader)| (name(own, Some(grader)), &grader.score, &grader.passing));
    let lines = all.into_iter().chain(each);
    let body = if report.is_refined() {
        let header = [
            "grader",
            "mean score",
            "before",
            "after",
            "difference",
            "passed before",
            "pass now",
            "better · same · worse",
        ];
        let rows = lines.map(|(name, score, passing)| {
            vec![
                name,
                dumbbell(score.before, score.after),
                mean(score.before),
                mean(score.after),
                difference(score.difference),
                share(passing.before),
                share(passing.after),
                verdicts(score),
            ]
        });
        table(&header, &[1], rows)
    } else {
        let rows = lines.map(|(name, score, passing)| {
            vec![name, dumbbell(None, score.after), mean(score.after), share(passing.after)]
        });
        table(&["grader", "mean score", "mean", "passing"], &[1], rows)
    };
    let lead = if report.is_refined() {
        "Differences are taken row by row, where both scores are known; “all together” is the weighted mean of each row."
    } else {
        ""
    };
    section("graders", "Graders", lead, &body)
}

/// Rows whose score rose, stayed and fell.
fn verdicts(score: &Comparison) -> String {
    let Comparison { better, same, worse, .. } = score;
    let class = if *worse > 0 { "down" } else { "" };
    format!("{} · {} · <span class=\"{class}\">{}</span>", grouped(*better), grouped(*same), grouped(*worse))
}

/// What a grader answered other than scores that pass or do not.
fn outcomes(grader: &GraderReport) -> String {
    let scored = grader.outcomes.get("scored").copied().unwrap_or(0);
    let passed = grader.passing.after.map_or(0, |after| after.count);
    let mut parts = vec![("pass", passed, "pass"), ("fail", scored.saturating_sub(passed), "do not pass")];
    for (outcome, count) in &grader.outcomes {
        match outcome.as_str() {
            "scored" => {}
            "ranked" => parts.push(("pass", *count, "ranked")),
            "not-applicable" => parts.push(("none", *count, "not applicable")),
            "undecided" => parts.push(("undecided", *count, "undecided")),
            kind => parts.push(("error", *count, kind)),
        }
    }
    let others = parts.iter().skip(2).map(|(_, count, words)| format!("{} {}", grouped(*count), Escaped(words)));
    let others = others.collect::<Vec<_>>().join(", ");
    let others = if others.is_empty() { others } else { format!("<br><small>{others}</small>") };
    format!("{}{others}", stacked(&parts))
}

/// Calls, tokens, cost and time by who made them.
pub(super) fn effort(report: &Report) -> String {
    let row = |name: String, Effort { usage, seconds }: Effort| {
        let count = |count: Option<u64>| match count {
            _ if usage.calls == 0 => "–".to_owned(),
            None => "–".to_owned(),
            Some(count) => grouped(count),
        };
        vec![
            name,
            if usage.calls == 0 { "–".to_owned() } else { grouped(usage.calls) },
            count(usage.prompt_tokens),
            count(usage.completion_tokens),
            cost(usage),
            duration(seconds),
        ]
    };
    let mut rows = Vec::new();
    if report.is_refined() {
        rows.push(row("writer".to_owned(), report.writer));
    }
    if report.judges.usage.calls > 0 {
        rows.push(row("all judges".to_owned(), report.judges));
    }
    for (name, grader) in &report.graders {
        rows.push(row(format!("<span class=\"inner\">{}</span>", Escaped(name)), grader.effort));
    }
    let votes = report.graders.iter().filter_map(|(name, grader)| Some((name, grader.votes?)));
    let votes = concat(votes.map(|(name, votes)| {
        format!(
            "<p><b>{}</b>: {} of {} grades unanimous; the votes deviate by {:.2} on the judge’s own scale.</p>",
            Escaped(name),
            grouped(votes.unanimous),
            grouped(votes.grades),
            votes.deviation
        )
    }));
    let lead = "What all answers cost when they were made, those from a cache included. Times are summed over rows that \
                are worked on side by side; they are kept with <code>--run</code>.";
    let header = ["who", "calls", "prompt tokens", "completion tokens", "cost", "time"];
    section("effort", "Effort", lead, &format!("{}{votes}", table(&header, &[], rows)))
}

/// Errors by grader and kind.
pub(super) fn errors(report: &Report) -> String {
    if report.errors.is_empty() {
        return String::new();
    }
    let rows = report.errors.iter().map(|error| {
        vec![
            Escaped(&error.grader).to_string(),
            format!("<span class=\"pill error\">{}</span>", Escaped(&error.kind)),
            grouped(error.rows),
            row_link(error.row, &error.id),
            format!("<div class=\"reason\">{}</div>", Escaped(&error.reason)),
        ]
    });
    let table = table(&["grader", "kind", "rows", "first row", "its reason"], &[1, 3, 4], rows);
    section("errors", "Errors", "They are in no score and in no mean.", &table)
}

/// Rows where a grader's score fell.
pub(super) fn falls(report: &Report) -> String {
    if !report.is_refined() {
        return String::new();
    }
    if report.fell.count == 0 {
        return section("falls", "Rows where a grader fell", "None.", "");
    }
    let rows = report.fell.rows.iter().map(|fall| {
        vec![
            row_link(fall.row, &fall.id),
            Escaped(&fall.grader).to_string(),
            format!("{:.3}", fall.before),
            format!("<span class=\"down\">{:.3}</span>", fall.after),
            format!("<div class=\"reason\">{}</div>", Escaped(&fall.reason)),
        ]
    });
    let table = table(&["row", "grader", "before", "after", "why"], &[1, 4], rows);
    let lead = match report.fell.rows.len() as u64 {
        listed if listed < report.fell.count => {
            format!("{} scores fell; the {listed} that fell most:", grouped(report.fell.count))
        }
        _ => "The row as a whole is never worse than its original; a single grader can be.".to_owned(),
    };
    section("falls", "Rows where a grader fell", &lead, &table)
}

/// Slow, expensive and disputed rows.
pub(super) fn remarkable(report: &Report) -> String {
    let list = |heading: &str, rows: &[RowMeasure]| {
        if rows.is_empty() {
            return String::new();
        }
        let rows = rows.iter().map(|row| vec![row_link(row.row, &row.id), measure(row)]);
        format!("<figure><figcaption>{heading}</figcaption>{}</figure>", table(&["row", ""], &[], rows))
    };
    let lists = [
        list("slowest", &report.slowest),
        list("most expensive", &report.most_expensive),
        list("votes furthest apart", &report.disagreements),
    ];
    if lists.iter().all(String::is_empty) {
        return String::new();
    }
    section("remarkable", "Remarkable rows", "", &format!("<div class=\"grid\">{}</div>", lists.concat()))
}

fn measure(row: &RowMeasure) -> String {
    match row.unit {
        "s" => duration(Some(row.value)),
        "cost" => format!("{:.5}", row.value),
        "tokens" => format!("{:.0} tokens", row.value),
        _ => format!("{} apart", number(Some(row.value)).trim_end_matches('0').trim_end_matches('.')),
    }
}
