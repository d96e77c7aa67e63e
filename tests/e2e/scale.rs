//! Long runs in bounded memory. Ignored by default: `cargo test --release --test e2e -- --ignored scale` takes minutes.

use std::{
    fmt::Write,
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    endpoint::{Scripted, completion},
    support::Bench,
};

/// Rows of a long run; `GRADEBOX_ROWS` takes fewer.
fn rows(most: usize) -> usize {
    std::env::var("GRADEBOX_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(most)
}

/// Runs a command to its end; the resident memory of the host process in KiB, as it was looked at on the way.
fn watched(bench: &Bench, arguments: &[&str]) -> Vec<u64> {
    let stderr = fs::File::create(bench.path("stderr")).unwrap();
    let mut child = bench.command(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let started = Instant::now();
    let mut seen = Vec::new();
    loop {
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{}", fs::read_to_string(bench.path("stderr")).unwrap());
            eprintln!("{:.1} s, peak {} KiB", started.elapsed().as_secs_f64(), seen.iter().max().unwrap());
            return seen;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let resident =
            text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        seen.extend(resident.filter(|kib: &u64| *kib > 0));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The peak of the second half of the run against that of the first.
fn growth(seen: &[u64]) -> (u64, u64) {
    let (first, second) = seen.split_at(seen.len() / 2);
    (first.iter().copied().max().unwrap_or(0), second.iter().copied().max().unwrap_or(0))
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_thousand_rows_are_refined_in_flat_memory() {
    let bench = Bench::new();
    let endpoint = Scripted::start(|body| {
        let is_judge = body.get("response_format").is_some();
        let answer =
            if is_judge { json!({"reason": "so so", "score": 3}).to_string() } else { "A better one.".repeat(20) };
        (200, completion(&answer))
    });
    let mut text = String::new();
    for id in 0..rows(100_000) {
        writeln!(text, "{}", json!({"id": id, "query": format!("Question {id}?"), "response": "No. ".repeat(50)}))
            .unwrap();
    }
    bench.write("rows.jsonl", text);
    let url = endpoint.url.clone();
    let seen = watched(
        &bench,
        &[
            "refine",
            "rows.jsonl",
            "-g",
            "helpfulness",
            "--model",
            "m",
            "--base-url",
            &url,
            "--rounds",
            "1",
            "--run",
            "run",
            "-o",
            "refined.jsonl",
        ],
    );
    eprintln!("{} calls", endpoint.requests());
    let (first, second) = growth(&seen);
    assert!(second <= 250 << 10, "{second} KiB");
    assert!(second <= first + first / 4 + (16 << 10), "from {first} to {second} KiB");
}

#[test]
#[ignore = "takes minutes"]
fn a_million_rows_are_graded_in_bounded_memory() {
    let bench = Bench::new();
    let mut text = String::new();
    for id in 0..rows(1_000_000) {
        writeln!(text, "{}", json!({"id": id, "response": format!("```python\nx = {id}\n```")})).unwrap();
    }
    bench.write("rows.jsonl", text);
    let seen = watched(&bench, &["grade", "rows.jsonl", "-g", "syntax", "-o", "graded.jsonl"]);
    let peak = seen.iter().copied().max().unwrap_or(0);
    assert!(peak <= 250 << 10, "{peak} KiB");
    // The same rows in other formats, in and out.
    for format in ["jsonl.zst", "parquet", "csv.gz"] {
        let (before, after) = (format!("rows.{format}"), format!("graded.{format}"));
        bench.run(&["grade", "rows.jsonl", "-g", "syntax", "-o", &before]).expect_status(0);
        eprint!("{format}: ");
        let seen = watched(&bench, &["grade", &before, "-g", "syntax", "-o", &after]);
        let peak = seen.iter().copied().max().unwrap_or(0);
        assert!(peak <= 350 << 10, "{format}: {peak} KiB");
    }
}
