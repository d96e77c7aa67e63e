//! Worker processes: what they hold, and what becomes of the work when one is killed.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Bench, Ran, grade};

/// A dataset that keeps two workers busy for some seconds.
fn slow_rows(count: usize) -> Vec<Value> {
    let response = "```python\ndef f(n):\n    return sum(i * i for i in range(n))\n```";
    (0..count)
        .map(|id| {
            json!({"id": id, "query": "sum of squares", "response": response,
                   "tests": ["assert f(400000) == 21333253333400000"]})
        })
        .collect()
}

/// The worker processes of a running gradebox.
fn workers(parent: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return vec![] };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after_name = stat.rsplit(") ").next().unwrap_or_default();
            after_name.split(' ').nth(1) == Some(parent.to_string().as_str())
        })
        .collect()
}

fn wait_for_workers(parent: u32) -> Vec<u32> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = workers(parent);
        if !found.is_empty() {
            return found;
        }
        assert!(Instant::now() < deadline, "no worker appeared");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start(bench: &Bench) -> std::process::Child {
    bench
        .command(&["grade", "rows.jsonl", "-g", "code-execution", "-o", "graded.jsonl", "--jobs", "2"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

#[test]
fn killed_workers_are_replaced_and_no_grade_is_lost() {
    let bench = Bench::new();
    bench.run(&["graders"]).expect_status(0);
    bench.write_rows("rows.jsonl", &slow_rows(40));
    let child = start(&bench);
    for _ in 0..2 {
        for worker in wait_for_workers(child.id()) {
            std::thread::sleep(Duration::from_millis(150));
            let _ = std::process::Command::new("kill").args(["-9", &worker.to_string()]).status();
        }
    }
    let ran = Ran::from(child.wait_with_output().expect("the binary ends")).expect_status(0);
    let graded = bench.read_rows("graded.jsonl");
    assert_eq!(graded.len(), 40);
    assert!(graded.iter().all(|row| grade(row, "code-execution")["score"].as_f64() == Some(1.0)), "{graded:?}");
    assert!(ran.stderr.contains("replaced"), "{}", ran.stderr);
}

#[test]
fn a_worker_has_no_environment_and_may_not_open_sockets() {
    let bench = Bench::new().with("OPENAI_API_KEY", "sk-secret");
    bench.run(&["graders"]).expect_status(0);
    bench.write_rows("rows.jsonl", &slow_rows(20));
    let mut child = start(&bench);
    let worker = wait_for_workers(child.id())[0];
    // The process image is replaced by exec just after it appears.
    std::thread::sleep(Duration::from_millis(100));
    let environment = fs::read(format!("/proc/{worker}/environ")).expect("a worker's environment");
    assert_eq!(String::from_utf8_lossy(&environment), "");
    let status = fs::read_to_string(format!("/proc/{worker}/status")).expect("a worker's status");
    assert!(status.contains("Seccomp:\t2"), "{status}");
    child.kill().expect("the run can be stopped");
    child.wait().expect("the run ends");
}

#[test]
fn workers_end_with_the_host() {
    let bench = Bench::new();
    bench.run(&["graders"]).expect_status(0);
    bench.write_rows("rows.jsonl", &slow_rows(40));
    let mut child = start(&bench);
    let found = wait_for_workers(child.id());
    child.kill().expect("the run can be killed");
    child.wait().expect("the run ends");
    let deadline = Instant::now() + Duration::from_secs(30);
    while found.iter().any(|worker| fs::metadata(format!("/proc/{worker}")).is_ok_and(|_| !is_zombie(*worker))) {
        assert!(Instant::now() < deadline, "a worker outlived the host");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z"))
}
