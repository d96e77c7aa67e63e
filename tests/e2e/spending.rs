//! What a person is told while a run spends money, and when it is stopped.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, Ran},
};

/// A judge that takes its time and finds the same each time; its first request is one too many.
fn judge(delay: Duration, has_limit: bool) -> Scripted {
    let asked = AtomicUsize::new(0);
    Scripted::start(move |_| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first && has_limit {
            return (429, json!({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}));
        }
        std::thread::sleep(delay);
        (200, completion(&json!({"reason": "so", "score": 5}).to_string()))
    })
}

fn rows(bench: &Bench, count: usize) {
    let rows: Vec<Value> =
        (0..count).map(|id| json!({"id": id, "query": format!("q{id}"), "response": format!("r{id}")})).collect();
    bench.write_rows("rows.jsonl", &rows);
}

fn config(bench: &Bench, url: &str, model: &str) {
    let text = format!("[models.m]\nbase_url = \"{url}\"\nmax_concurrency = 8\n{model}[graders.helpfulness]\n");
    bench.write("gradebox.toml", text);
}

#[test]
fn a_log_is_told_of_rows_calls_tokens_and_cost() {
    let (bench, endpoint) = (Bench::new(), judge(Duration::from_millis(400), true));
    rows(&bench, 48);
    config(&bench, &endpoint.url, "prices = { prompt = 1000.0, completion = 2000.0 }\n");
    let ran = bench.run(&["grade", "rows.jsonl", "--no-cache", "-o", "graded.jsonl"]).expect_status(0);
    let line = ran.stderr.lines().find(|line| line.contains(" of 48 rows after ")).unwrap_or_default();
    for part in [" passed (100 %)", " rows/s, ", " s left; ", " in flight, ", " answered, ", " tokens, cost 0."] {
        assert!(line.contains(part), "no `{part}` in `{line}`:\n{}", ran.stderr);
    }
    assert!(line.ends_with("429 (too many requests) once, 1 retry"), "{line}");
}

#[test]
fn a_model_without_prices_has_an_unknown_cost_and_no_zero() {
    let (bench, endpoint) = (Bench::new(), judge(Duration::from_millis(400), false));
    rows(&bench, 48);
    config(&bench, &endpoint.url, "");
    let ran = bench.run(&["grade", "rows.jsonl", "--no-cache", "-o", "graded.jsonl"]).expect_status(0);
    let line = ran.stderr.lines().find(|line| line.contains(" of 48 rows after ")).unwrap_or_default();
    assert!(line.contains(" tokens, cost unknown") && !line.contains("429"), "{line}");
}

/// Starts a run and waits until the endpoint has been asked so often.
fn started(bench: &Bench, endpoint: &Scripted, arguments: &[&str], requests: usize) -> Child {
    let child = bench.command(arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    while endpoint.requests() < requests {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

fn ended(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn a_run_that_is_interrupted_names_the_command_that_goes_on() {
    let (bench, endpoint) = (Bench::new(), judge(Duration::from_millis(200), false));
    rows(&bench, 40);
    config(&bench, &endpoint.url, "");
    let arguments = ["grade", "rows.jsonl", "--no-cache", "--run", "my run", "-o", "graded.jsonl"];
    let child = started(&bench, &endpoint, &arguments, 10);
    interrupt(&child);
    let ran = ended(child).expect_status(1);
    let ran = ran.expect_stderr(&["stopping: no further row is begun; ", "once more stops at once", "to go on:\n  "]);
    assert!(ran.stderr.contains(" model calls in flight") || ran.stderr.contains("1 model call in flight"));
    let command = ran.stderr.lines().find(|line| line.starts_with("  ") && line.ends_with(" --resume")).unwrap();
    assert!(command.contains("--run 'my run'"), "{command}");
    let (before, environment) = (endpoint.requests(), bench.command(&[]));
    assert!(before < 40);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).current_dir(bench.path("")).env_clear();
    shell.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let resumed = Ran::from(shell.output().unwrap()).expect_status(0);
    resumed.expect_stderr(&["continuing the run in my run: ", " calls"]);
    assert_eq!((endpoint.requests(), bench.read_rows("graded.jsonl").len()), (40, 40));
}

#[test]
fn the_rows_of_a_table_that_were_done_stand_in_its_part() {
    let (bench, endpoint) = (Bench::new(), judge(Duration::from_millis(200), false));
    rows(&bench, 40);
    config(&bench, &endpoint.url, "");
    let child = started(&bench, &endpoint, &["grade", "rows.jsonl", "--no-cache", "-o", "graded.parquet"], 17);
    interrupt(&child);
    ended(child).expect_status(1).expect_stderr(&["the rows that were done stand in graded.parquet.partial"]);
    std::fs::rename(bench.path("graded.parquet.partial"), bench.path("part.parquet")).unwrap();
    let again = bench.run(&["grade", "part.parquet", "-g", "syntax", "-c", "/dev/null"]).expect_status(0);
    assert!((8..40).contains(&again.stdout.lines().count()), "{}", again.stdout);
}

#[test]
fn a_second_interrupt_stops_at_once_and_says_what_is_kept() {
    let (bench, endpoint) = (Bench::new(), judge(Duration::from_mins(1), false));
    rows(&bench, 20);
    config(&bench, &endpoint.url, "");
    let mut child = started(&bench, &endpoint, &["grade", "rows.jsonl", "-o", "graded.jsonl"], 8);
    interrupt(&child);
    let mut stderr = child.stderr.take().unwrap();
    let (mut said, mut piece) = (String::new(), [0; 4096]);
    while !said.contains("in the cache") {
        let count = stderr.read(&mut piece).unwrap();
        assert!(count > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    interrupt(&child);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    for part in ["8 rows under way, with 8 model calls in flight", "graded.jsonl.partial", "--run DIR keeps a run"] {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }
}

#[test]
fn a_price_is_the_users_own_or_one_that_the_provider_published_and_says_so() {
    let bench = Bench::new();
    rows(&bench, 3);
    let shown = |model: &str| {
        bench.write("gradebox.toml", format!("{model}\n[graders.helpfulness]\n"));
        bench.run(&["grade", "rows.jsonl", "--print-config"]).expect_status(0).stdout
    };
    let at_home = "[models.m]\nbase_url = \"https://api.openai.com/v1\"\nmodel = \"gpt-4.1-mini\"";
    let text = shown(at_home);
    let line = text.lines().find(|line| line.starts_with("prices = ")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("prompt = 0.4, completion = 1.6, cached_prompt = 0.1 }  # US dollars, published by OpenAI"));
    let text = shown(&format!("{at_home}\nprices = {{ prompt = 7.0, completion = 8.0 }}"));
    assert!(text.contains("prices = { prompt = 7.0, completion = 8.0 }  # gradebox.toml"), "{text}");
    let text = shown("[models.m]\nbase_url = \"http://127.0.0.1:1/v1\"\nmodel = \"gpt-4.1-mini\"");
    assert!(text.contains("# prices are not known") && !text.contains("prices = "), "{text}");
    bench.write("gradebox.toml", "[models.m]\nprices = { prompt = -1.0, completion = 8.0 }\n[graders.helpfulness]\n");
    let refused = bench.run(&["grade", "rows.jsonl", "--base-url", "http://127.0.0.1:1/v1"]).expect_status(2);
    refused.expect_stderr(&["`prices` in [models.m] has -1"]);
}

#[test]
fn a_budget_in_cost_without_prices_is_refused_before_any_call_also_a_components_own() {
    let bench = Bench::new();
    let endpoint = judge(Duration::ZERO, false);
    rows(&bench, 3);
    let model = format!("[models.m]\nbase_url = \"{}\"\n", endpoint.url);
    let granted = "[graders.hostile]\nroles = { judge = \"m\" }\n";
    for (config, place) in [
        ("[graders.helpfulness]\n[refine]\nmax_tokens = 9\nbudget = { cost = 1.0 }\n".to_owned(), "[refine]"),
        (format!("{granted}budget = {{ cost = 1.0 }}\n"), "`budget` in [graders.hostile]"),
        (format!("{granted}budget_per_grade = {{ cost = 1.0 }}\n"), "`budget_per_grade` in [graders.hostile]"),
    ] {
        bench.write("gradebox.toml", format!("{model}{config}"));
        let graders = crate::support::hostile_graders(&bench);
        let ran = bench.run(&["grade", "rows.jsonl", "--graders", graders.to_str().unwrap()]).expect_status(2);
        ran.expect_stderr(&[place, "has a cost, and the model `m` no prices", "to [models.m]"]);
    }
    assert_eq!(endpoint.requests(), 0);
}

#[test]
fn prompt_tokens_that_the_endpoint_had_in_its_cache_cost_what_such_tokens_cost() {
    let endpoint = Scripted::start(|_| {
        let mut reply = completion(&json!({"reason": "so", "score": 5}).to_string());
        reply["usage"] = json!({"prompt_tokens": 1000, "completion_tokens": 10,
            "prompt_tokens_details": {"cached_tokens": 900}});
        (200, reply)
    });
    let bench = Bench::new();
    rows(&bench, 1);
    config(&bench, &endpoint.url, "prices = { prompt = 1000.0, cached_prompt = 100.0, completion = 10000.0 }\n");
    bench.run(&["grade", "rows.jsonl", "--no-cache", "-o", "graded.jsonl"]).expect_status(0);
    let cost = bench.read_rows("graded.jsonl")[0]["grades"]["helpfulness"]["usage"]["cost"].as_f64().unwrap();
    assert!((cost - (0.1 + 0.09 + 0.1)).abs() < 1e-9, "{cost}");
}
