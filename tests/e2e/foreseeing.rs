//! `--dry-run`: what a run would ask, foretold without asking, and held against what runs then do.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, Ran},
};

/// A writer whose programs never parse, and no two of them are the same; it keeps the prompts of first rounds.
fn hopeless_writer() -> (Scripted, Arc<Mutex<Vec<usize>>>) {
    let prompts: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (kept, asked) = (Arc::clone(&prompts), AtomicUsize::new(0));
    let endpoint = Scripted::start(move |body| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let messages = body["messages"].as_array().unwrap();
        let text: String = messages.iter().map(|message| message["content"].as_str().unwrap()).collect();
        if text.contains("original") {
            kept.lock().unwrap().push(text.len());
        }
        (200, completion(&format!("```python\nx{number} = (\n```")))
    });
    (endpoint, prompts)
}

fn foretold(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

fn whole(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no count at {pointer} in {value}"))
}

fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {pointer} in {value}"))
}

#[test]
fn a_dry_run_asks_nothing_writes_nothing_and_foretells_the_worst_and_the_prompts() {
    let (endpoint, prompts) = hopeless_writer();
    let bench = Bench::new();
    let rows: Vec<Value> = (0..10)
        .map(|id| json!({"id": id, "query": format!("q{id}"), "response": format!("```python\noriginal{id} = (\n```")}))
        .collect();
    bench.write_rows("rows.jsonl", &rows);
    bench.write(
        "gradebox.toml",
        format!(
            "[models.m]\nbase_url = \"{}\"\nprices = {{ prompt = 10.0, completion = 40.0 }}\n[graders.syntax]\n\
             [refine]\nrounds = 3\npatience = 3\nmax_tokens = 100\nbudget = {{ calls = 20 }}\n",
            endpoint.url
        ),
    );
    let before = fs::read_dir(bench.path("")).unwrap().count();
    let dry = ["refine", "rows.jsonl", "--no-cache", "--run", "run", "-o", "refined.jsonl", "--dry-run"];
    let text = bench.run(&dry).expect_status(0);
    for part in ["10 rows to refine; 10 looked at: 0 pass, 10 do not", "at worst", "calls = 20 is enough for"] {
        assert!(text.stdout.contains(part), "no `{part}` in:\n{}", text.stdout);
    }
    let told = foretold(&bench.run(&[&dry[..], &["--json"]].concat()).expect_status(0));
    assert_eq!(endpoint.requests(), 0);
    assert_eq!(fs::read_dir(bench.path("")).unwrap().count(), before, "something was written");
    assert_eq!(told["calls"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!((told["calls"][0]["role"].as_str(), whole(&told, "/worst/calls")), (Some("writer"), 30));
    assert_eq!(whole(&told, "/worst/completion_tokens"), 3000);
    // Half of the rows that are left pass with each of three rounds.
    assert_eq!(whole(&told, "/expected/calls"), 18);
    let cost = number(&told, "/worst/prompt_tokens") * 10e-6 + 3000.0 * 40e-6;
    assert!((number(&told, "/worst/cost") - cost).abs() < 1e-4, "{told}");

    // The budget is in the way of the worst case, as it was said to be.
    bench.run(&["refine", "rows.jsonl", "--no-cache", "--run", "run", "-o", "refined.jsonl"]).expect_status(1);
    assert_eq!(endpoint.requests(), 20);
    let config = fs::read_to_string(bench.path("gradebox.toml")).unwrap().replace("calls = 20", "calls = 30");
    bench.write("gradebox.toml", config);
    let resumed = ["refine", "rows.jsonl", "--no-cache", "--run", "run", "--resume", "-o", "refined.jsonl"];
    bench.run(&resumed).expect_status(0);
    assert_eq!(endpoint.requests(), 30);
    let prompts = prompts.lock().unwrap();
    assert_eq!(prompts.len(), 30, "each round is shown the original");
    // Thirty prompts as long as those of the first round, a token for every four bytes.
    let first = prompts.iter().take(10).sum::<usize>() as u64 * 3 / 4;
    assert!(whole(&told, "/worst/prompt_tokens").abs_diff(first) < 30, "{first}: {told}");
}

/// A judge of three votes that all say the same.
fn judged(bench: &Bench) -> Scripted {
    let endpoint = Scripted::saying(&json!({"reason": "so", "score": 5}).to_string());
    let rows: Vec<Value> = (0..8).map(|id| json!({"id": id, "query": format!("q{id}"), "response": "r"})).collect();
    bench.write_rows("rows.jsonl", &rows);
    let config = "[models.m]\n[graders.helpfulness]\nmodel = \"m\"\nvotes = 3\nmax_tokens = 50\n";
    bench.write("gradebox.toml", config.replace("[models.m]", &format!("[models.m]\nbase_url = \"{}\"", endpoint.url)));
    endpoint
}

#[test]
fn the_cache_tells_what_it_would_answer_and_how_long_prompts_and_replies_are() {
    let bench = Bench::new();
    let endpoint = judged(&bench);
    let dry = ["grade", "rows.jsonl", "--dry-run", "--json"];
    let fresh = foretold(&bench.run(&dry).expect_status(0));
    assert_eq!((fresh["cache"]["answered"].as_u64(), endpoint.requests()), (Some(0), 0));
    assert_eq!((whole(&fresh, "/worst/calls"), fresh["expected"]["cost"].clone()), (48, Value::Null));
    bench.run(&["grade", "rows.jsonl", "--limit", "4", "-o", "graded.jsonl"]).expect_status(0);
    assert_eq!(endpoint.requests(), 8, "two votes that agree settle it");
    let told = foretold(&bench.run(&dry).expect_status(0));
    // Two votes each, of which those of four rows have answers.
    assert_eq!(told["cache"], json!({"first_requests": 16, "answered": 8}), "{told}");
    assert_eq!(endpoint.requests(), 8);
    // Ten prompt tokens and five of the reply, as the endpoint says of each.
    let calls = number(&told, "/expected/calls");
    assert!((number(&told, "/expected/completion_tokens") / calls - 5.0).abs() < 0.1, "{told}");
    assert!((number(&told, "/expected/prompt_tokens") / calls - 10.0).abs() < 0.5, "{told}");
    assert!(told["method"].to_string().contains("by its answers in the cache"), "{told}");
}

#[test]
fn what_a_run_would_refuse_a_dry_run_refuses_and_a_resumed_one_counts_the_rest() {
    let bench = Bench::new();
    let endpoint = judged(&bench);
    let run = ["grade", "rows.jsonl", "--no-cache", "--run", "run"];
    bench.run(&[&run[..], &["-o", "graded.jsonl"]].concat()).expect_status(0);
    let asked = endpoint.requests();
    bench.run(&[&run[..], &["--dry-run"]].concat()).expect_status(2).expect_stderr(&["run holds a run already"]);
    let before = fs::read(bench.path("run/journal")).unwrap();
    let text = fs::read_to_string(bench.path("run/results.jsonl")).unwrap();
    bench.write("run/results.jsonl", text.split_inclusive('\n').take(5).collect::<String>());
    let told = foretold(&bench.run(&[&run[..], &["--resume", "--dry-run", "--json"]].concat()).expect_status(0));
    assert_eq!((told["rows"].as_u64(), told["budget"]["spent"]["calls"].as_u64()), (Some(3), Some(asked as u64)));
    assert_eq!(fs::read(bench.path("run/journal")).unwrap(), before);
    assert_eq!(endpoint.requests(), asked);
    for arguments in [
        ["grade", "rows.jsonl", "--map", "query=nothing", "--dry-run"],
        ["grade", "rows.jsonl", "-o", "missing/out.jsonl", "--dry-run"],
        ["grade", "rows.jsonl", "-g", "nobody", "--dry-run"],
    ] {
        bench.run(&arguments).expect_status(2);
    }
    bench.run(&["grade", "rows.jsonl", "--json"]).expect_status(2).expect_stderr(&["--dry-run"]);
}
