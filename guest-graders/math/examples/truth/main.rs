//! Measures the math grader on labelled pairs and prints a table: `truth DATA_DIR [-v SET]`.
//!
//! The directory holds JSON lines: `math_verify_suite.jsonl` and `collected.jsonl` with `gold`, `pred` and `expected`,
//! `gold_answers.jsonl` with `answer`. Sets whose file is absent are left out. With `-v SET` the wrong rows of that set
//! follow the table.
#![allow(clippy::print_stdout, reason = "it prints a table")]

mod latex;
mod mutants;
mod pairs;
mod rewrite;
mod tally;

use std::path::PathBuf;

use serde_json::Value;
use tally::Tally;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(directory) = arguments.first().map(PathBuf::from).filter(|path| path.is_dir()) else {
        println!("skipped: give the directory of the data, as in `truth DATA_DIR`");
        return;
    };
    let shown = arguments.iter().position(|one| one == "-v").and_then(|at| arguments.get(at + 1)).cloned();
    let suite = rows(&directory.join("math_verify_suite.jsonl"));
    let collected = rows(&directory.join("collected.jsonl"));
    let golds = rows(&directory.join("gold_answers.jsonl"));
    let mut tallies = Vec::new();
    if !suite.is_empty() {
        tallies.push(pairs::measure("suite, math-verify preset", &suite, pairs::preset));
        tallies.push(pairs::measure("suite, defaults", &suite, pairs::defaults));
    }
    if !collected.is_empty() {
        let (excused, counted): (Vec<_>, Vec<_>) = collected.into_iter().partition(pairs::is_excused);
        tallies.push(pairs::measure("collected", &counted, pairs::defaults));
        tallies.push(pairs::measure("collected, opinion or policy", &excused, pairs::defaults));
    }
    if !golds.is_empty() {
        tallies.extend(mutants::measure(&golds));
    }
    println!("{}", Tally::HEADING);
    for tally in &tallies {
        println!("{}", tally.line());
    }
    for tally in tallies.iter().filter(|tally| shown.as_ref().is_some_and(|shown| tally.name.contains(shown))) {
        println!("\n{}\nslowest: {}", tally.name, tally.slowest());
        tally.failures.iter().for_each(|failure| println!("{failure}"));
    }
}

fn rows(path: &PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
