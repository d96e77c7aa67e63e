//! Worker processes: what they hold, and what becomes of the work when one is killed.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use gradebox::{
    fields::FieldMap,
    grader::Grader,
    sample::{Columns, Sample},
    sandbox::{Catalog, CompileCache, ComponentGrader, GradeLimits, Grants, Metering, Sandbox, SandboxSettings},
    score::{ErrorKind, Outcome},
};
use serde_json::{Value, json};

use crate::support::{Bench, Ran, grade, root};

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
    let deadline = Instant::now() + Duration::from_mins(1);
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
            let _ = Command::new("kill").args(["-9", &worker.to_string()]).status();
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

/// A worker that dies whenever a certain text comes to it, which no component can bring about: a stand-in for a defect
/// of the engine. Everything else goes on to a real worker.
fn mortal_worker(bench: &Bench) -> PathBuf {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().expect("python3");
    let interpreter = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let script = format!(
        "#!{interpreter}\nimport os, subprocess, sys\n\
         worker = subprocess.Popen([{binary:?}, *sys.argv[1:]], stdin=subprocess.PIPE)\n\
         while chunk := os.read(0, 1 << 16):\n    \
             if b'KILLER' in chunk:\n        worker.kill()\n        os._exit(9)\n    \
             worker.stdin.write(chunk)\n    worker.stdin.flush()\n\
         worker.stdin.close()\nsys.exit(worker.wait())\n",
        binary = env!("CARGO_BIN_EXE_gradebox")
    );
    bench.write_script("mortal-worker", script)
}

fn sample(id: usize, response: &str) -> Sample {
    Sample {
        id: json!(id),
        messages: vec![],
        response: Some(response.to_owned()),
        responses: vec![],
        reference: None,
        columns: Arc::new(Columns::new()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sample_that_kills_its_worker_is_reported() {
    let bench = Bench::new();
    let settings = SandboxSettings { jobs: 2, metering: Metering::Time, program: mortal_worker(&bench), on_log: None };
    let sandbox = Sandbox::start(settings);
    let cache = CompileCache::open(&root().join("target/test-cache"), Metering::Time).expect("a cache");
    let catalog = Catalog::open(&sandbox, &cache, &[root().join("target/graders")], &|_| {}).await.expect("graders");
    let syntax = catalog.find("syntax").expect("the syntax grader");
    let grader = ComponentGrader::new(
        sandbox.clone(),
        syntax,
        &Columns::new(),
        FieldMap::default(),
        Grants { programs: false, ..Grants::default() },
        GradeLimits::default(),
    );
    let samples: Vec<Sample> = (0..200)
        .map(|id| sample(id, if id == 77 { "```python\nx = 'KILLER'\n```" } else { "```python\nx = 1\n```" }))
        .collect();
    let answers = futures::future::join_all(samples.iter().map(|sample| grader.grade(sample))).await;
    for (id, answer) in answers.iter().enumerate() {
        match &answer.outcome {
            Outcome::Scored(score) => assert!(id != 77 && score.score.total_cmp(&1.0).is_eq(), "{id}: {score:?}"),
            Outcome::Error(error) => assert!(id == 77 && error.kind == ErrorKind::WorkerDied, "{id}: {error:?}"),
            other => panic!("{id}: {other:?}"),
        }
    }
    assert!(sandbox.statistics().replaced >= 3);
    sandbox.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_started_ahead_are_there_before_the_work_and_do_it() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_gradebox"));
    let sandbox = Sandbox::start(SandboxSettings { jobs: 2, metering: Metering::Time, program, on_log: None });
    let cache = CompileCache::open(&root().join("target/test-cache"), Metering::Time).expect("a cache");
    // Not more than there shall be.
    sandbox.start_ahead(5, &cache);
    let deadline = Instant::now() + Duration::from_mins(1);
    while sandbox.statistics().started < 2 {
        assert!(Instant::now() < deadline, "no worker started ahead of the work");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let catalog = Catalog::open(&sandbox, &cache, &[root().join("target/graders")], &|_| {}).await.expect("graders");
    let grader = ComponentGrader::new(
        sandbox.clone(),
        catalog.find("syntax").expect("the syntax grader"),
        &Columns::new(),
        FieldMap::default(),
        Grants { programs: false, ..Grants::default() },
        GradeLimits::default(),
    );
    let outcome = grader.grade(&sample(1, "```python\nx = 1\n```")).await.outcome;
    assert!(matches!(outcome, Outcome::Scored(_)), "{outcome:?}");
    assert_eq!((sandbox.statistics().started, sandbox.statistics().replaced), (2, 0));
    sandbox.close();
}

/// One row whose tests take long enough that an idle worker helps.
fn row_with_slow_tests(count: u64) -> Value {
    let response = "```python\ndef f(n):\n    return n + sum(0 for i in range(300000))\n```";
    json!({"id": 1, "query": "slow", "response": response,
           "tests": {"fn_name": "f", "inputs": (0..count).map(|n| [n]).collect::<Vec<_>>(),
                     "outputs": (0..count).collect::<Vec<_>>()}})
}

#[test]
fn the_tests_of_one_row_are_shared_by_the_workers() {
    let bench = Bench::new();
    bench.run(&["graders"]).expect_status(0);
    let mut row = row_with_slow_tests(30);
    row["tests"]["outputs"][17] = json!(-1);
    bench.write_rows("rows.jsonl", &[row]);
    let child = start(&bench);
    let deadline = Instant::now() + Duration::from_mins(1);
    while workers(child.id()).len() < 2 {
        assert!(Instant::now() < deadline, "no second worker came to help");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ran::from(child.wait_with_output().expect("the binary ends")).expect_status(0);
    let graded = bench.read_rows("graded.jsonl");
    let verdict = grade(&graded[0], "code-execution");
    // One test of thirty fails, and it is told which: results come in order, whoever had them.
    let reason = verdict["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("18 of 30") && reason.contains("returned 17, expected -1"), "{verdict}");
    assert_eq!(verdict["pass"], false, "{verdict}");
}

#[test]
fn what_a_killed_helper_had_begun_is_done_again() {
    let bench = Bench::new();
    bench.run(&["graders"]).expect_status(0);
    bench.write_rows("rows.jsonl", &[row_with_slow_tests(60)]);
    let child = start(&bench);
    let deadline = Instant::now() + Duration::from_mins(1);
    let mut killed = 0;
    while killed < 2 && Instant::now() < deadline {
        // The first worker has the row; whichever comes later only helps.
        let mut found = workers(child.id());
        found.sort_unstable();
        if let Some(helper) = found.get(1) {
            std::thread::sleep(Duration::from_millis(150));
            let _ = Command::new("kill").args(["-9", &helper.to_string()]).status();
            killed += 1;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = Ran::from(child.wait_with_output().expect("the binary ends")).expect_status(0);
    let graded = bench.read_rows("graded.jsonl");
    assert_eq!(grade(&graded[0], "code-execution")["score"].as_f64(), Some(1.0), "{graded:?}");
    assert!(ran.stderr.contains("replaced"), "{}", ran.stderr);
}
