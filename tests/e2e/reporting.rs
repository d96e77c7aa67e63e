//! The report of a run: its figures against the rows, and its page against hostile text.

use serde_json::{Value, json};

use crate::{
    endpoint::Scripted,
    support::{Bench, rows},
};

const HOSTILE: &str = "</script></pre><script>alert(1)</script><img src=x onerror=\"alert(2)\"> & 'quoted' \u{202e}";

/// A run of four rows: one that the model repairs, one that it does not, one that passes, one that cannot be graded.
fn refined(bench: &Bench) {
    let endpoint = Scripted::saying(&format!("```python\ndef f(n):\n    return n + 1\n```\n{HOSTILE}"));
    let row = |id: Value, response: &str, outputs: [u32; 2]| {
        json!({"id": id, "query": format!("Write f, {id}. {HOSTILE}"), "response": format!("```python\ndef f(n):\n    return {response}\n```"),
               "tests": {"fn_name": "f", "inputs": [[1], [2]], "outputs": outputs}})
    };
    let mut broken = row(json!("broken"), "0", [2, 3]);
    broken["tests"] = json!({"fn_name": 7});
    let all = [row(json!(HOSTILE), "0", [2, 3]), row(json!(2), "0", [2, 9]), row(json!(3), "n + 1", [2, 3]), broken];
    bench.write_rows("rows.jsonl", &all);
    let arguments = ["refine", "rows.jsonl", "-g", "code-execution", "-g", "syntax", "--model", "m", "--base-url"];
    bench
        .run(&[&arguments[..], &[&endpoint.url, "--rounds", "1", "--run", "run", "--no-cache"]].concat())
        .expect_status(1);
}

fn figures(bench: &Bench, of: &str) -> Value {
    serde_json::from_str(&bench.run(&["report", of, "--json"]).expect_status(0).stdout).expect("one JSON object")
}

#[test]
fn the_figures_of_a_report_are_those_of_the_rows() {
    let bench = Bench::new();
    refined(&bench);
    let rows = bench.read_rows("run/results.jsonl");
    let report = figures(&bench, "run");
    let passing = |row: &&Value| row["assessment"]["pass"] == json!(true);
    assert_eq!(report["rows"], json!(rows.len()));
    assert_eq!(report["passing"]["after"]["count"], json!(rows.iter().filter(passing).count()));
    assert_eq!(report["passing"]["before"]["count"], json!(1));
    assert_eq!((&report["passing"]["gained"], &report["passing"]["lost"]), (&json!(1), &json!(0)));
    let scores: Vec<f64> = rows.iter().filter_map(|row| row["grades"]["code-execution"]["score"].as_f64()).collect();
    let execution = &report["graders"]["code-execution"];
    assert_eq!(execution["score"]["after"]["count"], json!(scores.len()));
    let mean: f64 = scores.iter().sum::<f64>() / f64::from(u32::try_from(scores.len()).unwrap());
    assert!((execution["score"]["after"]["mean"].as_f64().unwrap() - mean).abs() < 1e-9, "{execution}");
    // The row that could not be graded is an error, and in no mean.
    assert_eq!((&report["faulty"], &report["errors"][0]["id"]), (&json!(1), &json!("broken")));
    let calls: u64 = rows.iter().filter_map(|row| row["refinement"]["usage"]["calls"].as_u64()).sum();
    assert_eq!(report["writer"]["calls"], json!(calls));
    assert_eq!(report["writer"]["prompt_tokens"], json!(10 * calls));
    assert_eq!(report["writer"]["cost"], Value::Null, "no prices are known");
    assert!(report["writer"]["seconds"].as_f64() > Some(0.0) && report["seconds"].as_f64() > Some(0.0), "{report}");
    assert_eq!(report["slowest"].as_array().map(Vec::len), Some(rows.len()));
    // A file of rows has the same figures, but for the times.
    let of_file = figures(&bench, "run/results.jsonl");
    assert_eq!((&of_file["score"], &of_file["passing"]), (&report["score"], &report["passing"]));
    assert_eq!(of_file["seconds"], Value::Null);
    let text = bench.run(&["report", "run"]).expect_status(0).stdout;
    assert!(text.contains("passing   2 of 4") && text.contains("1 gained, 0 lost"), "{text}");
}

#[test]
fn rows_that_were_only_graded_have_a_report_without_a_before() {
    let bench = Bench::new();
    bench.grade(
        &[json!({"response": "2x = 20", "reference": "4"}), json!({"response": "x = 4", "reference": "4"})],
        &["-g", "math"],
    );
    let report = figures(&bench, "graded.jsonl");
    assert_eq!((&report["passing"]["before"], &report["refinement"]), (&Value::Null, &Value::Null));
    assert_eq!((&report["passing"]["after"]["count"], &report["passing"]["after"]["of"]), (&json!(1), &json!(2)));
    bench.write_rows("plain.jsonl", &[json!({"query": "q"})]);
    bench.run(&["report", "plain.jsonl"]).expect_status(2).expect_stderr(&["have no grades", "gradebox grade"]);
}

#[test]
fn no_text_of_a_row_becomes_markup() {
    let bench = Bench::new();
    refined(&bench);
    let left = std::fs::read_to_string(bench.path("run/report.html")).expect("the run leaves a report");
    bench.run(&["report", "run", "--html", "page.html"]).expect_status(0);
    let page = std::fs::read_to_string(bench.path("page.html")).unwrap();
    assert_eq!(left, page);
    assert!(page.contains("&lt;/script&gt;&lt;/pre&gt;&lt;script&gt;alert(1)"), "the text is shown");
    let elements = well_formed(&page);
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert_eq!((count("script"), count("img"), count("details")), (1, 0, 4));
    let attributes = elements.iter().flat_map(|(_, attributes)| attributes);
    let loading = attributes.filter(|(name, value)| {
        name.starts_with("on") || name == "src" || (name == "href" && !value.starts_with("#row-"))
    });
    assert_eq!(loading.count(), 0, "nothing runs and nothing is loaded");
    assert!(!page.contains('\u{202e}'));
}

/// The elements of a page with their attributes. Fails where tags do not match.
fn well_formed(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let (mut elements, mut open) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!doctype html>").expect("a document");
    while let Some(start) = rest.find('<') {
        let inner = &rest[start + 1..];
        let end = end_of_tag(inner);
        let tag = &inner[..end];
        rest = &inner[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "a closing tag before: {}", &rest[..rest.len().min(80)]);
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default().to_owned();
        assert!(name.chars().all(|character| character.is_ascii_alphanumeric()), "<{tag}>");
        elements.push((name.clone(), attributes(&tag[name.len()..])));
        let is_void = matches!(name.as_str(), "meta" | "input" | "br") || tag.ends_with('/');
        if matches!(name.as_str(), "script" | "style") {
            let close = format!("</{name}>");
            let end = rest.find(&close).expect("raw text ends");
            rest = &rest[end + close.len()..];
        } else if !is_void {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    elements
}

fn end_of_tag(tag: &str) -> usize {
    let mut is_quoted = false;
    for (at, character) in tag.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return at,
            _ => {}
        }
    }
    panic!("a tag that does not end: {}", &tag[..tag.len().min(80)]);
}

fn attributes(text: &str) -> Vec<(String, String)> {
    let pieces: Vec<&str> = text.split('"').collect();
    let pairs = pieces.chunks_exact(2).map(|pair| {
        let name = pair[0].trim().trim_end_matches('=');
        (name.rsplit(' ').next().unwrap_or_default().to_owned(), pair[1].to_owned())
    });
    pairs.collect()
}

#[test]
fn a_damaged_record_of_times_takes_nothing_from_the_report() {
    let bench = Bench::new();
    refined(&bench);
    bench
        .write("run/times.jsonl", "{\"row\": 1, \"seconds\": 1.5}\nnot json\n{\"row\": -1}\n\u{0}\n{\"row\": 2, \"sec");
    let report = figures(&bench, "run");
    assert_eq!(
        report["slowest"],
        json!([{"row": 1, "id": rows(&std::fs::read_to_string(bench.path("rows.jsonl")).unwrap())[0]["id"], "value": 1.5, "unit": "s"}])
    );
}
