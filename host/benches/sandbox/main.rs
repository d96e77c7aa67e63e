//! Measures fresh sandboxes and prints the samples as one JSON object; `benchmarks.py` sets them against their
//! baselines.
//!
//! `sandbox programs CACHE COUNT` runs `print(1+1)` in Python; `sandbox grades CACHE COUNT ROUNDS` takes turns between
//! trivial grades through a worker and the same component on Wasmtime alone; `sandbox rows CACHE GRADER FILE ROUNDS`
//! grades the rows of a JSONL file, each alone and then in a stream, and `sandbox stream` in a stream only; `sandbox
//! throughput CACHE COUNT JOBS` keeps as many workers busy with `print(1+1)`; `sandbox scripts CACHE FILE ROUNDS
//! [LANGUAGE]` runs each program of a JSON array of sources that many times; `sandbox idle COUNT` holds that many
//! instances of the Python runtime at once.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    unreachable_pub,
    missing_docs,
    reason = "a benchmark fails by panicking, prints its figures, and belongs to no library"
)]

mod floor;
mod idle;
mod rows;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use gradebox::{
    fields::FieldMap,
    grader::Grader,
    sample::{Columns, Sample},
    sandbox::{
        Action, Catalog, CompileCache, ComponentGrader, GradeLimits, Grants, Metering, ProgramLimits, ProgramRequest,
        Sandbox, SandboxSettings,
    },
    score::Outcome,
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Grades under way at once: enough that the worker never waits for the host.
const UNDER_WAY: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let figures = match arguments.as_slice() {
        ["programs", cache, count] => runtime.block_on(programs(Path::new(cache), number(count))),
        ["scripts", cache, file, rounds] => {
            runtime.block_on(scripts(Path::new(cache), Path::new(file), number(rounds), "python"))
        }
        ["scripts", cache, file, rounds, language] => {
            runtime.block_on(scripts(Path::new(cache), Path::new(file), number(rounds), language))
        }
        ["grades", cache, count, rounds] => runtime.block_on(grades(Path::new(cache), number(count), number(rounds))),
        ["throughput", cache, count, jobs] => {
            runtime.block_on(throughput(Path::new(cache), number(count), number(jobs)))
        }
        ["idle", count] => idle::idle(&root().join("target/graders/runtimes/python.wasm"), number(count)),
        ["rows", cache, grader, file, rounds] => {
            runtime.block_on(rows::rows(Path::new(cache), grader, Path::new(file), number(rounds)))
        }
        ["stream", cache, grader, file, rounds] => {
            runtime.block_on(rows::stream(Path::new(cache), grader, Path::new(file), number(rounds)))
        }
        _ => panic!(
            "usage: sandbox programs CACHE COUNT | grades CACHE COUNT ROUNDS | rows CACHE GRADER FILE ROUNDS | \
             stream CACHE GRADER FILE ROUNDS | scripts CACHE FILE ROUNDS [LANGUAGE] | throughput CACHE COUNT JOBS | \
             idle COUNT; see `make bench`"
        ),
    };
    println!("{figures}");
}

/// `print(1+1)` in a fresh interpreter each time: processor and wall time of each, in microseconds.
async fn programs(cache: &Path, count: usize) -> Value {
    let (sandbox, catalog) = open(cache, &root().join("target/graders")).await;
    let python = catalog.language("python").expect("the Python runtime: run `make graders`");
    let (mut cpu, mut wall) = (vec![], vec![]);
    for turn in 0..count + 20 {
        let execution = sandbox.exec(python, script("print(1+1)")).await.expect("an execution");
        assert_eq!(execution.stdout, b"2\n");
        if turn >= 20 {
            cpu.push(microseconds(execution.cpu, 1));
            wall.push(microseconds(execution.wall, 1));
        }
    }
    sandbox.close();
    json!({ "cpu_us": cpu, "wall_us": wall })
}

/// Each script in a fresh interpreter, all in turn, a number of times: the median processor time of each in
/// microseconds, and the worker's memory, open files and threads after the first round and after the last.
async fn scripts(cache: &Path, file: &Path, rounds: usize, language: &str) -> Value {
    let (sandbox, catalog) = open(cache, &root().join("target/graders")).await;
    let runtime = catalog.language(language).expect("the runtime of the language: run `make graders`");
    let sources: Vec<String> = serde_json::from_slice(&fs::read(file).expect("the scripts")).expect("a JSON array");
    let mut times = vec![vec![]; sources.len()];
    let mut endings = BTreeMap::new();
    let mut first = Value::Null;
    for round in 0..=rounds {
        for (source, times) in sources.iter().zip(&mut times) {
            let request = ProgramRequest { language: language.to_owned(), ..script(source) };
            let execution = sandbox.exec(runtime, request).await.expect("an execution");
            // The first round fills caches.
            if round > 0 {
                times.push(microseconds(execution.cpu, 1));
                *endings.entry(execution.ending.name()).or_insert(0) += 1;
            }
        }
        if round == 0 {
            first = worker_holds();
        }
    }
    let last = worker_holds();
    sandbox.close();
    json!({ "cpu_us": times.into_iter().map(median).collect::<Vec<_>>(), "endings": endings, "first": first, "last": last })
}

/// `print(1+1)` in a fresh interpreter each time, as many at once as there are workers to do: microseconds of wall time
/// for each program.
async fn throughput(cache: &Path, count: usize, jobs: usize) -> Value {
    let (sandbox, catalog) = open_with(cache, &root().join("target/graders"), jobs).await;
    let python = catalog.language("python").expect("the Python runtime: run `make graders`");
    let run = async |count| {
        let programs = futures::stream::iter(0..count).map(|_| sandbox.exec(python, script("print(1+1)")));
        programs
            .buffer_unordered(UNDER_WAY)
            .for_each(async |execution| assert_eq!(execution.expect("an execution").stdout, b"2\n"))
            .await;
    };
    // Starts the workers.
    run(count / 10 + UNDER_WAY).await;
    let started = Instant::now();
    run(count).await;
    let wall = microseconds(started.elapsed(), count);
    sandbox.close();
    json!({ "wall_us": wall })
}

fn script(source: &str) -> ProgramRequest {
    ProgramRequest {
        language: "python".to_owned(),
        source: source.to_owned(),
        action: Action::Script,
        stdin: vec![],
        limits: ProgramLimits::default(),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Memory in KiB, and the numbers of open files and threads, of this process's first child.
fn worker_holds() -> Value {
    let worker = children().into_iter().next().expect("a worker runs");
    let status = fs::read_to_string(worker.join("status")).expect("the worker's status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let memory: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    let entries = |folder: &str| fs::read_dir(worker.join(folder)).expect("the worker's folder").count();
    json!({ "rss_kib": memory, "files": entries("fd"), "threads": entries("task") })
}

/// Trivial grades in one worker, and the floor, in turns: microseconds of processor time per grade, one figure a round.
async fn grades(cache: &Path, count: usize, rounds: usize) -> Value {
    let folder = root().join("target/hostile");
    let floor = floor::Floor::new(&fs::read(folder.join("hostile.wasm")).expect("the component: run `make graders`"));
    let (sandbox, catalog) = open(cache, &folder).await;
    let grader = Arc::new(ComponentGrader::new(
        sandbox.clone(),
        catalog.find("hostile").expect("the component `hostile`"),
        &Columns::new(),
        FieldMap::default(),
        Grants::default(),
        GradeLimits::default(),
    ));
    let (mut bare, mut worker, mut host, mut wall) = (vec![], vec![], vec![], vec![]);
    for round in 0..=rounds {
        let before = thread_time();
        floor.run(count);
        let floor_time = thread_time().saturating_sub(before);
        let (started, host_before, worker_before) = (Instant::now(), process_time(), workers_time());
        grade_many(&grader, count).await;
        let host_time = process_time().saturating_sub(host_before);
        let worker_time = workers_time().saturating_sub(worker_before);
        // The first round starts the worker and fills caches.
        if round > 0 {
            bare.push(microseconds(floor_time, count));
            worker.push(microseconds(worker_time, count));
            host.push(microseconds(host_time, count));
            wall.push(microseconds(started.elapsed(), count));
        }
    }
    sandbox.close();
    json!({ "floor_us": bare, "worker_us": worker, "host_us": host, "wall_us": wall })
}

async fn grade_many(grader: &Arc<ComponentGrader>, count: usize) {
    let mut under_way = JoinSet::new();
    for _ in 0..count {
        if under_way.len() == UNDER_WAY {
            under_way.join_next().await.expect("a grade is under way").expect("the grade ends");
        }
        let grader = Arc::clone(grader);
        under_way.spawn(async move {
            let outcome = grader.grade(&sample()).await.outcome;
            assert!(matches!(outcome, Outcome::Scored(_)), "{outcome:?}");
        });
    }
    under_way.join_all().await;
}

fn sample() -> Sample {
    Sample {
        id: json!(1),
        messages: vec![],
        response: Some(floor::RESPONSE.to_owned()),
        responses: vec![],
        reference: None,
        columns: Arc::new(Columns::new()),
    }
}

/// One worker, and the components of a directory.
async fn open(cache: &Path, directory: &Path) -> (Sandbox, Catalog) {
    open_with(cache, directory, 1).await
}

async fn open_with(cache: &Path, directory: &Path, jobs: usize) -> (Sandbox, Catalog) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_gradebox"));
    let sandbox = Sandbox::start(SandboxSettings { jobs, metering: Metering::Time, program, on_log: None });
    let cache = CompileCache::open(cache, Metering::Time).expect("the compile cache");
    let catalog = Catalog::open(&sandbox, &cache, &[directory.to_owned()], &|_| ()).await.expect("the components");
    (sandbox, catalog)
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host crate stands in the repository").to_owned()
}

/// Processor time of all threads of this process's children that still run. The kernel's own counter of nanoseconds:
/// the usual ones are too coarse, and tell of children only once they have ended.
fn workers_time() -> Duration {
    children()
        .into_iter()
        .flat_map(|child| threads(&child).collect::<Vec<_>>())
        .filter_map(|thread| {
            let text = fs::read_to_string(thread.join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        })
        .sum()
}

fn children() -> Vec<PathBuf> {
    threads(Path::new("/proc/self"))
        .filter_map(|thread| fs::read_to_string(thread.join("children")).ok())
        .flat_map(|ids| ids.split_whitespace().map(|id| Path::new("/proc").join(id)).collect::<Vec<_>>())
        .collect()
}

fn threads(process: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(process.join("task")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn process_time() -> Duration {
    time_of(ClockId::ProcessCPUTime)
}

fn thread_time() -> Duration {
    time_of(ClockId::ThreadCPUTime)
}

fn time_of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).expect("a time since the start");
    Duration::new(seconds, u32::try_from(time.tv_nsec).expect("less than a second"))
}

fn microseconds(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}
