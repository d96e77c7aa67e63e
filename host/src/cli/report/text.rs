//! A report as text for terminals.

use crate::{
    cli::table::{count, table},
    model::Usage,
    report::{Comparison, Effort, Mean, Passing, Report, RowMeasure, Share},
};

/// Rows of a list.
const LISTED: usize = 8;

/// The report in tables and a few lines.
pub(super) fn render(report: &Report) -> String {
    let parts = [
        headline(report),
        graders(report),
        outcomes(report),
        refinements(report),
        effort(report),
        votes(report),
        errors(report),
        falls(report),
        remarkable(report),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

fn headline(report: &Report) -> String {
    let mut lines = vec![format!("{}: {}", report.name, count(report.rows, "row"))];
    if let Some(after) = report.passing.after {
        let before = report.passing.before.map_or(String::new(), |before| {
            format!(
                " (before: {} of {}; {} gained, {} lost)",
                before.count, before.of, report.passing.gained, report.passing.lost
            )
        });
        lines.push(format!("passing   {}{before}", share(Some(after))));
    }
    lines.push(format!("score     {}", mean(report.score.after)));
    if let Some(difference) = report.score.difference {
        let Comparison { better, same, worse, .. } = report.score;
        lines.push(format!(
            "change    {:+.3} [{:+.3}, {:+.3}] row by row: {better} better, {same} the same, {worse} worse",
            difference.mean, difference.low, difference.high
        ));
    }
    if let Some(coverage) = report.coverage {
        lines.push(format!(
            "coverage  {:.1} %; {} of {} wholly graded",
            100.0 * coverage,
            report.fully_covered,
            count(report.rows, "row")
        ));
    }
    lines.join("\n")
}

fn graders(report: &Report) -> String {
    let all = (report.graders.len() > 1).then_some(("all together", &report.score, &report.passing));
    let each = report.graders.iter().map(|(name, grader)| (name.as_str(), &grader.score, &grader.passing));
    let lines = each.chain(all);
    if !report.is_refined() {
        let rows = lines.map(|(name, score, passing)| {
            vec![name.to_owned(), mean(score.after), share(passing.after), sparkline(score)]
        });
        return table(&["grader", "mean [95 %]", "passing [95 %]", "scores 0…1"], 1, rows);
    }
    let row = |(name, score, passing): (&str, &Comparison, &Passing)| {
        vec![
            name.to_owned(),
            plain(score.before),
            mean(score.after),
            score.difference.map_or("-".to_owned(), |change| {
                format!("{:+.3} [{:+.3}, {:+.3}]", change.mean, change.low, change.high)
            }),
            format!("{}/{}/{}", score.better, score.same, score.worse),
            fraction(passing.before),
            fraction(passing.after),
            sparkline(score),
        ]
    };
    let header =
        ["grader", "before", "after [95 %]", "change [95 %]", "better/same/worse", "passed", "passes", "scores 0…1"];
    table(&header, 1, lines.map(row))
}

/// Graders that gave something other than scores.
fn outcomes(report: &Report) -> String {
    let others = report.graders.iter().filter_map(|(name, grader)| {
        let others = grader.outcomes.iter().filter(|(outcome, _)| *outcome != "scored");
        let others: Vec<String> = others.map(|(outcome, rows)| format!("{rows} {outcome}")).collect();
        let scored = grader.outcomes.get("scored").copied().unwrap_or(0);
        (!others.is_empty()).then(|| format!("{name}: {scored} scored, {}", others.join(", ")))
    });
    others.collect::<Vec<_>>().join("\n")
}

fn refinements(report: &Report) -> String {
    let Some(refinement) = &report.refinement else { return String::new() };
    let stops = refinement.stops.iter().map(|(stop, rows)| format!("{rows} {stop}")).collect::<Vec<_>>();
    let rounds = refinement.rounds.iter().map(|(rounds, rows)| format!("{rounds}: {rows}")).collect::<Vec<_>>();
    format!(
        "ended     {}\nrounds    {} (rounds: rows)\nresponses {} graded; {} new",
        stops.join(", "),
        rounds.join(", "),
        refinement.attempts,
        count(refinement.rewritten, "row")
    )
}

fn effort(report: &Report) -> String {
    let mut rows = Vec::new();
    if report.writer.usage.calls > 0 {
        rows.push(effort_row("writer", report.writer));
    }
    if report.judges.usage.calls > 0 {
        rows.push(effort_row("judges", report.judges));
    }
    for (name, grader) in &report.graders {
        if grader.effort.usage.calls > 0 || grader.effort.seconds.is_some() {
            rows.push(effort_row(&format!("  {name}"), grader.effort));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let table = table(&["who", "calls", "prompt tokens", "completion tokens", "cost", "time"], 1, rows);
    match report.seconds {
        Some(seconds) => format!("{table}\n{seconds:.1} s on the wall; the times are summed over rows side by side"),
        None => table,
    }
}

fn effort_row(name: &str, Effort { usage, seconds }: Effort) -> Vec<String> {
    let Usage { calls, prompt_tokens, completion_tokens, cost } = usage;
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    vec![
        name.to_owned(),
        if calls == 0 { "-".to_owned() } else { calls.to_string() },
        number(prompt_tokens),
        number(completion_tokens),
        cost.map_or("-".to_owned(), |cost| format!("{cost:.4}")),
        seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.2} s")),
    ]
}

fn votes(report: &Report) -> String {
    let votes = report.graders.iter().filter_map(|(name, grader)| Some((name, grader.votes?)));
    let lines = votes.map(|(name, votes)| {
        format!(
            "votes of {name}: {} of {} unanimous; they deviate by {:.2} on its own scale",
            votes.unanimous,
            count(votes.grades, "grade"),
            votes.deviation
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn errors(report: &Report) -> String {
    if report.errors.is_empty() {
        return String::new();
    }
    let rows = report.errors.iter().map(|error| {
        let reason = error.reason.lines().next().unwrap_or_default().chars().take(70).collect();
        vec![error.grader.clone(), error.kind.clone(), error.id.clone(), reason, error.rows.to_string()]
    });
    format!("errors, in no score:\n{}", table(&["grader", "kind", "first row", "its reason", "rows"], 4, rows))
}

fn falls(report: &Report) -> String {
    if report.fell.count == 0 {
        return String::new();
    }
    let rows = report.fell.rows.iter().take(LISTED).map(|fall| {
        vec![fall.id.clone(), fall.grader.clone(), format!("{:.3}", fall.before), format!("{:.3}", fall.after)]
    });
    format!(
        "scores of single graders that fell: {}\n{}",
        report.fell.count,
        table(&["row", "grader", "before", "after"], 2, rows)
    )
}

fn remarkable(report: &Report) -> String {
    let line = |name: &str, rows: &[RowMeasure]| {
        let rows: Vec<String> = rows.iter().take(LISTED).map(|row| format!("{} ({})", row.id, measure(row))).collect();
        (!rows.is_empty()).then(|| format!("{name}{}", rows.join(", ")))
    };
    let lines = [
        line("slowest         ", &report.slowest),
        line("most expensive  ", &report.most_expensive),
        line("votes apart     ", &report.disagreements),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn measure(row: &RowMeasure) -> String {
    match row.unit {
        "s" => format!("{:.2} s", row.value),
        "cost" => format!("{:.5}", row.value),
        "tokens" => format!("{:.0} tokens", row.value),
        _ => format!("{:.2}", row.value),
    }
}

fn plain(mean: Option<Mean>) -> String {
    mean.map_or("-".to_owned(), |mean| format!("{:.3}", mean.mean))
}

fn mean(mean: Option<Mean>) -> String {
    mean.map_or("-".to_owned(), |mean| format!("{:.3} [{:.3}, {:.3}]", mean.mean, mean.low, mean.high))
}

fn share(share: Option<Share>) -> String {
    share.map_or("-".to_owned(), |share| {
        let [percent, low, high] = [share.share, share.low, share.high].map(|part| 100.0 * part);
        format!("{} of {}, {percent:.1} % [{low:.1}, {high:.1}]", share.count, share.of)
    })
}

fn fraction(share: Option<Share>) -> String {
    share.map_or("-".to_owned(), |share| format!("{}/{}", share.count, share.of))
}

/// The histogram in ten characters.
fn sparkline(comparison: &Comparison) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let pairs: Vec<u64> = comparison.histogram_after.chunks(2).map(|pair| pair.iter().sum()).collect();
    let most = pairs.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return "-".to_owned();
    }
    let block = |count: &u64| match usize::try_from((count * 7).div_ceil(most)).ok().and_then(|level| BLOCKS.get(level))
    {
        Some(block) if *count > 0 => *block,
        _ => '·',
    };
    pairs.iter().map(block).collect()
}
