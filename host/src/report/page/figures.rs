//! The headline, the tiles and the plots of the page.

use super::{
    markup::{Escaped, concat, duration, grouped, section},
    plots::{bars, histogram, stacked},
};
use crate::{
    model::Usage,
    report::{Comparison, Report},
};

/// How many pass, in the largest type.
pub(super) fn headline(report: &Report) -> String {
    let passing = &report.passing;
    let Some(after) = passing.after else {
        return section("headline", "No row passes or fails", "No grader scored any row.", "");
    };
    let percent = 100.0 * after.share;
    let (low, high) = (100.0 * after.low, 100.0 * after.high);
    let before = passing.before.map(|before| {
        format!("<span class=\"was\">{:.0}<small> %</small></span><span class=\"arrow\">→</span>", 100.0 * before.share)
    });
    let blocked = match report.faulty {
        0 => String::new(),
        faulty => format!(" · {} with errors, which are in no score", grouped(faulty)),
    };
    let words = match passing.before {
        Some(_) => format!(
            "{} of {} rows pass: {} more than before{}{blocked}",
            grouped(after.count),
            grouped(after.of),
            grouped(passing.gained),
            if passing.lost > 0 { format!(", {} no more", grouped(passing.lost)) } else { String::new() },
        ),
        None => format!("{} of {} rows pass{blocked}", grouped(after.count), grouped(after.of)),
    };
    let failing = after.of - after.count;
    let new = if passing.before.is_some() { after.count.saturating_sub(kept(report)) } else { 0 };
    let parts = [
        ("pass", after.count - new, "pass"),
        ("gained", new, "pass now"),
        ("fail", failing, "do not pass"),
        ("none", report.rows.saturating_sub(after.of), "concern no grader"),
    ];
    let legend = parts.iter().filter(|(_, count, _)| *count > 0);
    let legend = concat(
        legend.map(|(class, count, words)| format!("<li><i class=\"{class}\"></i>{} {words}</li>", grouped(*count))),
    );
    format!(
        "<section id=\"headline\"><p class=\"huge\">{}<b>{percent:.0}<small> %</small></b> <span>of rows pass</span></p>\
         <p class=\"muted\">{words} · interval {low:.0}…{high:.0} %</p>{}<ul class=\"legend\">{legend}</ul></section>\n",
        before.unwrap_or_default(),
        stacked(&parts),
    )
}

/// Rows that passed before and still do.
fn kept(report: &Report) -> u64 {
    let before = report.passing.before.map_or(0, |before| before.count);
    before.saturating_sub(report.passing.lost)
}

fn tile(label: &str, value: &str, note: &str) -> String {
    format!("<div class=\"tile\"><span>{label}</span><b>{value}</b><small>{note}</small></div>")
}

/// The figures that people ask for first.
pub(super) fn tiles(report: &Report) -> String {
    let mut tiles = Vec::new();
    if let Some(after) = report.score.after {
        let note = report
            .score
            .before
            .map_or_else(|| format!("{:.3}…{:.3}", after.low, after.high), |before| format!("was {:.3}", before.mean));
        tiles.push(tile("mean score", &format!("{:.3}", after.mean), &note));
    }
    if let Some(difference) = report.score.difference {
        let interval = format!("{:+.3}…{:+.3}, row by row", difference.low, difference.high);
        tiles.push(tile("difference", &format!("{:+.3}", difference.mean), &interval));
    }
    if report.is_refined() {
        let Comparison { better, same, worse, .. } = report.score;
        let value = format!("{} · {} · {}", grouped(better), grouped(same), grouped(worse));
        tiles.push(tile("better · same · worse", &value, "rows by score"));
    }
    if let Some(coverage) = report.coverage {
        let whole = format!("{} of {} rows wholly graded", grouped(report.fully_covered), grouped(report.rows));
        tiles.push(tile("coverage", &format!("{:.1} %", 100.0 * coverage), &whole));
    }
    let note = if report.faulty == 0 { "none" } else { "errors are in no score" };
    tiles.push(tile("rows with errors", &grouped(report.faulty), note));
    let usage = report.writer.usage.plus(report.judges.usage);
    if usage.calls > 0 {
        tiles.push(tile("calls", &grouped(usage.calls), "of writer and judges"));
        let tokens = usage.prompt_tokens.zip(usage.completion_tokens);
        let note = tokens.map_or("not told".to_owned(), |(prompt, completion)| {
            format!("{} prompt, {} completion", grouped(prompt), grouped(completion))
        });
        tiles.push(tile("tokens", &tokens.map_or("–".to_owned(), |(a, b)| grouped(a + b)), &note));
        tiles.push(tile("cost", &cost(usage), if usage.cost.is_none() { "no prices known" } else { "of all answers" }));
    }
    if let Some(seconds) = report.seconds {
        tiles.push(tile("time", &duration(Some(seconds)), "on the wall"));
    }
    format!("<section id=\"tiles\" class=\"tiles\">{}</section>\n", tiles.concat())
}

/// A cost; unknown is no number.
pub(super) fn cost(usage: Usage) -> String {
    usage.cost.map_or("–".to_owned(), |cost| format!("{cost:.4}"))
}

/// Histograms of the scores.
pub(super) fn spread(report: &Report) -> String {
    let figure = |name: &str, comparison: &Comparison| {
        comparison
            .after
            .or(comparison.before)
            .map(|_| format!("<figure><figcaption>{}</figcaption>{}</figure>", Escaped(name), histogram(comparison)))
    };
    let all = figure("all graders together", &report.score).filter(|_| report.graders.len() > 1);
    let each = report.graders.iter().filter_map(|(name, grader)| figure(name, &grader.score));
    let figures: String = all.into_iter().chain(each).collect();
    if figures.is_empty() {
        return String::new();
    }
    let legend =
        "<ul class=\"legend\"><li><i class=\"before\"></i>before</li><li><i class=\"after\"></i>after</li></ul>";
    let legend = if report.is_refined() { legend } else { "" };
    section(
        "spread",
        "How the scores are spread",
        "Rows by score, from 0 to 1.",
        &format!("{legend}<div class=\"grid\">{figures}</div>"),
    )
}

/// Why refinements ended, and after how many rounds.
pub(super) fn refinements(report: &Report) -> String {
    let Some(refinement) = &report.refinement else { return String::new() };
    let mut stops: Vec<_> = refinement.stops.iter().map(|(stop, rows)| (stop.clone(), *rows)).collect();
    stops.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let rounds = refinement.rounds.iter().map(|(rounds, rows)| match rounds {
        1 => ("1 round".to_owned(), *rows),
        rounds => (format!("{rounds} rounds"), *rows),
    });
    let body = format!(
        "<div class=\"grid\"><figure><figcaption>why they ended</figcaption>{}</figure>\
         <figure><figcaption>rounds</figcaption>{}</figure></div>",
        bars("after", stops),
        bars("before", rounds)
    );
    let lead = format!(
        "{} responses were graded; {} rows have a new one.",
        grouped(refinement.attempts),
        grouped(refinement.rewritten)
    );
    section("refinements", "How the refinements went", &lead, &body)
}
