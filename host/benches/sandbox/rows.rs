//! The rows of a file through one grader in one worker: what each costs alone, and all in a stream.

use std::{fs, path::Path, sync::Arc, time::Instant};

use gradebox::{
    fields::FieldMap,
    grader::Grader,
    sample::{Columns, Message, Sample},
    sandbox::{ComponentGrader, GradeLimits, Grants, Sandbox},
    score::Outcome,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{UNDER_WAY, microseconds, open, process_time, root, workers_time};

/// For each row its outcome and, alone and `rounds` times, processor time of the worker and wall time; for all rows
/// in a stream the processor time of worker and host per row, one figure a round. Microseconds.
pub async fn rows(cache: &Path, grader: &str, file: &Path, rounds: usize) -> Value {
    let samples = read(file);
    let (sandbox, grader) = start(cache, grader, &samples).await;
    let mut each = Vec::new();
    for sample in &samples {
        each.push(alone(&grader, sample, rounds).await);
    }
    let (worker, host) = streams(&grader, &samples, rounds).await;
    sandbox.close();
    json!({ "rows": each, "stream_worker_us": worker, "stream_host_us": host })
}

/// All rows in a stream, `rounds` times: the processor time of worker and host per row in microseconds, one figure a
/// round, and how many rows have the full score.
pub async fn stream(cache: &Path, grader: &str, file: &Path, rounds: usize) -> Value {
    let samples = read(file);
    let (sandbox, grader) = start(cache, grader, &samples).await;
    let (worker, host) = streams(&grader, &samples, rounds).await;
    let perfect = grade_all(&grader, &samples).await;
    sandbox.close();
    json!({ "worker_us": worker, "host_us": host, "perfect": perfect })
}

/// The first grades start the worker and map the component.
async fn start(cache: &Path, grader: &str, samples: &[Sample]) -> (Sandbox, Arc<ComponentGrader>) {
    let (sandbox, catalog) = open(cache, &root().join("target/graders")).await;
    let grader = Arc::new(ComponentGrader::new(
        sandbox.clone(),
        catalog.find(grader).expect("the grader: run `make graders`"),
        &Columns::new(),
        FieldMap::default(),
        Grants::default(),
        GradeLimits::default(),
    ));
    grade_all(&grader, &samples[..samples.len().min(100)]).await;
    (sandbox, grader)
}

async fn streams(grader: &Arc<ComponentGrader>, samples: &[Sample], rounds: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut worker, mut host) = (vec![], vec![]);
    for _ in 0..rounds {
        let (host_before, worker_before) = (process_time(), workers_time());
        grade_all(grader, samples).await;
        host.push(microseconds(process_time().saturating_sub(host_before), samples.len()));
        worker.push(microseconds(workers_time().saturating_sub(worker_before), samples.len()));
    }
    (worker, host)
}

async fn alone(grader: &ComponentGrader, sample: &Sample, rounds: usize) -> Value {
    let (mut cpu, mut wall) = (vec![], vec![]);
    let mut outcome = Value::Null;
    for _ in 0..rounds {
        let (started, before) = (Instant::now(), workers_time());
        let answer = grader.grade(sample).await;
        wall.push(microseconds(started.elapsed(), 1));
        cpu.push(microseconds(workers_time().saturating_sub(before), 1));
        outcome = match answer.outcome {
            Outcome::Scored(score) => json!(score.score),
            Outcome::Undecided { .. } => json!("undecided"),
            other => json!(format!("{other:?}")),
        };
    }
    json!({ "outcome": outcome, "cpu_us": cpu, "wall_us": wall })
}

/// How many of the rows have the full score.
async fn grade_all(grader: &Arc<ComponentGrader>, samples: &[Sample]) -> usize {
    let (mut under_way, mut perfect) = (JoinSet::new(), 0);
    for sample in samples {
        if under_way.len() == UNDER_WAY {
            let is_perfect = under_way.join_next().await.expect("a grade is under way").expect("the grade ends");
            perfect += usize::from(is_perfect);
        }
        let (grader, sample) = (Arc::clone(grader), sample.clone());
        under_way.spawn(async move {
            let outcome = grader.grade(&sample).await.outcome;
            matches!(outcome, Outcome::Scored(score) if score.score >= 1.0)
        });
    }
    perfect + under_way.join_all().await.into_iter().filter(|is_perfect| *is_perfect).count()
}

/// Rows of JSONL with `response` and `reference`.
fn read(file: &Path) -> Vec<Sample> {
    let text = fs::read_to_string(file).expect("the rows");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row of JSON"));
    rows.map(|row| Sample {
        id: json!(1),
        messages: vec![Message::user("Answer.")],
        response: row["response"].as_str().map(str::to_owned),
        responses: vec![],
        reference: row["reference"].as_str().map(str::to_owned),
        columns: Arc::new(Columns::new()),
    })
    .collect()
}
