//! Rows to look at: the original and the best response side by side, with the graders' reasons.

use super::{
    changes::marked,
    markup::{Escaped, duration, grouped, number, section},
    plots::meter,
};
use crate::report::{
    Report,
    builder::fell,
    row::{Excerpt, GradeFacts, Graded, RowFacts},
};

/// The rows that were kept.
pub(super) fn rows(report: &Report) -> String {
    let shown = report.shown.len() as u64;
    let lead = if shown < report.rows {
        format!(
            "{} of {} rows: some of each kind, chosen by chance (fixed seed), and the same each time.",
            grouped(shown),
            grouped(report.rows)
        )
    } else {
        "All of them.".to_owned()
    };
    let lead = format!("{lead} Long texts are cut, which they say.");
    let kinds = [
        ("", "all"),
        ("improved", "improved"),
        ("fell", "fell"),
        ("failing", "failing"),
        ("passing", "passing"),
        ("undecided", "undecided"),
        ("error", "errors"),
    ];
    let all: Vec<(Vec<&str>, &RowFacts)> = report.shown.iter().map(|row| (kinds_of(row), row)).collect();
    let chip = |(kind, words): &(&str, &str)| {
        let count = all.iter().filter(|(of, _)| kind.is_empty() || of.contains(kind)).count();
        let pressed = kind.is_empty();
        (count > 0).then(|| {
            format!("<button type=\"button\" data-kind=\"{kind}\" aria-pressed=\"{pressed}\">{words} <b>{count}</b></button>")
        })
    };
    let chips: String = kinds.iter().filter_map(chip).collect();
    let bodies: String = all.iter().map(|(kinds, row)| one(report, kinds, row)).collect();
    let body = format!(
        "<div class=\"filter\" hidden>{chips}<input type=\"search\" placeholder=\"search in the rows\" \
         aria-label=\"search in the rows\"></div><div class=\"rows\">{bodies}</div>\
         <p class=\"muted nothing\" hidden>No row is like that.</p>"
    );
    section("rows", "Rows", &lead, &body)
}

fn kinds_of(row: &RowFacts) -> Vec<&'static str> {
    let any = |outcome: &str| row.after.grades.values().any(|grade| grade.outcome == outcome);
    let kinds = [
        ("improved", row.refinement.as_ref().is_some_and(|refinement| refinement.is_rewritten)),
        ("fell", row.before.as_ref().is_some_and(|before| fell(before, &row.after))),
        ("failing", row.after.pass == Some(false)),
        ("passing", row.after.pass == Some(true)),
        ("undecided", any("undecided")),
        ("error", row.is_faulty()),
    ];
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind).collect()
}

fn one(report: &Report, kinds: &[&str], row: &RowFacts) -> String {
    let pill = match row.after.pass {
        Some(true) => "<span class=\"pill pass\">pass</span>",
        Some(false) => "<span class=\"pill fail\">fail</span>",
        None => "<span class=\"pill\">–</span>",
    };
    let error = if kinds.contains(&"error") { "<span class=\"pill error\">error</span>" } else { "" };
    let scores = match (row.before.as_ref().and_then(|before| before.score), row.after.score) {
        (Some(before), Some(after)) if before.total_cmp(&after).is_ne() => format!("{before:.2} → <b>{after:.2}</b>"),
        (_, after) => format!("<b>{}</b>", after.map_or("–".to_owned(), |after| format!("{after:.2}"))),
    };
    let head = row.query.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let head: String = head.chars().take(140).collect();
    format!(
        "<details class=\"row\" id=\"row-{number}\" data-kinds=\"{kinds}\"><summary><span class=\"id\">{id}</span>\
         <span class=\"query\">{head}</span><span class=\"scores\">{scores}</span>{meter}{error}{pill}</summary>\
         <div class=\"body\">{query}{responses}{grades}{end}</div></details>\n",
        number = row.number,
        kinds = kinds.join(" "),
        id = Escaped(&row.id.chars().take(60).collect::<String>()),
        head = Escaped(&head),
        meter = meter("after", row.after.score),
        query = if row.query.text.is_empty() { String::new() } else { panel("query", &row.query) },
        responses = responses(row),
        grades = grades(row),
        end = ending(report, row),
    )
}

/// A text under a heading.
fn panel(heading: &str, text: &Excerpt) -> String {
    panel_of(heading, text, &Escaped(&text.text).to_string())
}

/// A text under a heading, as HTML already.
fn panel_of(heading: &str, text: &Excerpt, html: &str) -> String {
    let cut = match text.left_out {
        0 => String::new(),
        left_out => format!("<p class=\"cut\">… {} more characters are left out</p>", grouped(left_out as u64)),
    };
    format!("<div class=\"panel\"><h4>{heading}</h4><pre>{html}</pre>{cut}</div>")
}

fn responses(row: &RowFacts) -> String {
    let before = row.before.as_ref().and_then(|before| before.response.as_ref());
    let after = row.after.response.as_ref();
    let is_rewritten = row.refinement.as_ref().is_some_and(|refinement| refinement.is_rewritten);
    let panels = match (before, after) {
        (Some(before), Some(after)) if is_rewritten => {
            let [old, new] = marked(&before.text, &after.text);
            panel_of("original", before, &old) + &panel_of("best", after, &new)
        }
        (Some(only), _) if row.refinement.is_some() => panel("original, kept", only),
        (_, Some(after)) => panel(if is_rewritten { "written" } else { "response" }, after),
        (Some(before), None) => panel("original", before),
        (None, None) => "<p class=\"muted\">No response.</p>".to_owned(),
    };
    format!("<div class=\"pair\">{panels}</div>")
}

/// What each grader said, before and after.
fn grades(row: &RowFacts) -> String {
    let is_changed = row.refinement.as_ref().is_some_and(|refinement| refinement.is_rewritten);
    let before = row.before.as_ref().filter(|_| is_changed);
    let names = row.after.grades.keys().chain(before.into_iter().flat_map(|before| before.grades.keys()));
    let mut seen: Vec<&str> = Vec::new();
    let mut body = Vec::new();
    for name in names {
        if seen.contains(&name.as_str()) {
            continue;
        }
        seen.push(name);
        let of = |graded: Option<&Graded>, words: &str| {
            graded.and_then(|graded| graded.grades.get(name)).map(|grade| said(words, grade)).unwrap_or_default()
        };
        body.push(format!(
            "<div class=\"grade\"><h4>{}</h4>{}{}</div>",
            Escaped(name),
            of(before, "before"),
            of(Some(&row.after), if before.is_some() { "after" } else { "" })
        ));
    }
    format!("<div class=\"grades\">{}</div>", body.concat())
}

fn said(words: &str, grade: &GradeFacts) -> String {
    let (class, value) = match (grade.score, grade.is_error()) {
        (Some(score), _) => (if grade.pass == Some(true) { "pass" } else { "fail" }, format!("{score:.3}")),
        (None, true) => ("error", grade.kind.clone().unwrap_or_else(|| "error".to_owned())),
        (None, false) => ("undecided", grade.outcome.clone()),
    };
    let votes =
        grade.votes.iter().map(|vote| number(Some(*vote)).trim_end_matches('0').trim_end_matches('.').to_owned());
    let votes = votes.collect::<Vec<_>>().join(", ");
    let votes = if votes.is_empty() { votes } else { format!(" <small>votes {votes}</small>") };
    let cut = if grade.reason.left_out > 0 { " …" } else { "" };
    format!(
        "<div class=\"said\"><small>{words}</small><span class=\"pill {class}\">{}</span>{votes}\
         <div class=\"reason\">{}{cut}</div></div>",
        Escaped(&value),
        Escaped(&grade.reason.text)
    )
}

/// How the row's refinement ended, and what it took.
fn ending(report: &Report, row: &RowFacts) -> String {
    let mut parts = Vec::new();
    if let Some(refinement) = &row.refinement {
        parts.push(format!("ended: <b>{}</b>", Escaped(&refinement.stop)));
        parts.push(format!("{} rounds, {} responses", refinement.rounds, refinement.attempts));
        if let Some(error) = &refinement.error {
            parts.push(Escaped(error).to_string());
        }
    }
    let usage = row.usage();
    if usage.calls > 0 {
        parts.push(format!("{} calls", grouped(usage.calls)));
        if let Some((prompt, completion)) = usage.prompt_tokens.zip(usage.completion_tokens) {
            parts.push(format!("{} tokens", grouped(prompt + completion)));
        }
        parts.extend(usage.cost.map(|cost| format!("cost {cost:.5}")));
    }
    parts.extend(report.row_seconds.get(&row.number).map(|seconds| duration(Some(*seconds))));
    if parts.is_empty() { String::new() } else { format!("<p class=\"muted ending\">{}</p>", parts.join(" · ")) }
}
