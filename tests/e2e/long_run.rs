//! One long-lived sandbox that is given everything hostile there is, and grades correctly in between.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use gradebox::{
    fields::FieldMap,
    grader::Grader,
    sample::{Columns, Sample},
    sandbox::{
        Catalog, CompileCache, ComponentGrader, GradeLimits, Grants, Metering, Sandbox, SandboxSettings, inspect,
    },
    score::{ErrorKind, Outcome},
};
use serde_json::json;

use crate::{
    crafted::{self, Craft},
    malformed,
    misbehaviours::MISBEHAVIOURS,
    support::{Bench, hostile_graders, root},
};

/// A sandbox with the hostile component, whose counter must say 1 each time.
struct LongRun {
    bench: Bench,
    sandbox: Sandbox,
    cache: CompileCache,
    hostile: Catalog,
}

impl LongRun {
    async fn start(metering: Metering, program: &Path) -> Self {
        let bench = Bench::new();
        let directory = hostile_graders(&bench);
        let settings = SandboxSettings { jobs: 1, metering, program: program.to_owned(), on_log: None };
        let sandbox = Sandbox::start(settings);
        let cache = CompileCache::open(&bench.path("cache"), metering).expect("a cache");
        let hostile = Catalog::open(&sandbox, &cache, &[directory], &|_| {}).await.expect("a directory");
        Self { bench, sandbox, cache, hostile }
    }

    async fn start_here() -> Self {
        Self::start(Metering::Time, Path::new(env!("CARGO_BIN_EXE_gradebox"))).await
    }

    async fn inspect(&self, bytes: &[u8]) -> Result<Catalog, String> {
        let path = self.bench.write("crafted.wasm", bytes);
        inspect(&self.sandbox, &self.cache, &path, &|_| {}).await
    }

    async fn grade(&self, catalog: &Catalog, response: &str, limits: GradeLimits) -> Outcome {
        self.grade_granted(catalog, response, limits, Grants { programs: false, ..Grants::default() }).await
    }

    async fn grade_with_programs(&self, response: &str, limits: GradeLimits) -> Outcome {
        self.grade_granted(&self.hostile, response, limits, Grants::default()).await
    }

    async fn grade_granted(&self, catalog: &Catalog, response: &str, limits: GradeLimits, grants: Grants) -> Outcome {
        let entry = &catalog.graders()[0];
        let grader =
            ComponentGrader::new(self.sandbox.clone(), entry, &Columns::new(), FieldMap::default(), grants, limits);
        let sample = Sample {
            id: json!(1),
            messages: vec![],
            response: Some(response.to_owned()),
            responses: vec![],
            reference: None,
            columns: Arc::new(Columns::new()),
        };
        grader.grade(&sample).await.outcome
    }

    /// Whether grades are still right, and instances fresh.
    async fn check(&self, after: &str) {
        match self.grade(&self.hostile, "count", GradeLimits::default()).await {
            Outcome::Scored(score) => assert_eq!(score.reason, "grade number 1", "after {after}"),
            other => panic!("after {after}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unusable_component_is_rejected_by_name_and_grading_goes_on() {
    let run = LongRun::start_here().await;
    let mut wrong = Vec::new();
    for malformed in malformed::all() {
        let reason = match run.inspect(&malformed.bytes).await {
            Ok(_) => "used".to_owned(),
            Err(reason) => reason,
        };
        if !reason.contains(malformed.reason) || reason.contains(['\u{1b}', '\0']) {
            wrong.push(format!("{}: {reason:?}", malformed.what));
        }
        run.check(&malformed.what).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let statistics = run.sandbox.statistics();
    assert_eq!((statistics.started, statistics.replaced), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_components_are_rejected_or_do_no_harm() {
    let run = LongRun::start_here().await;
    let good = Craft::default().component();
    let places = malformed::noise(3, 64);
    for (round, place) in places.chunks(2).enumerate() {
        let mut bytes = good.clone();
        let at = usize::from(u16::from_le_bytes([place[0], place[1]])) % bytes.len();
        bytes[at] ^= 1 << (round % 8);
        if let Ok(catalog) = run.inspect(&bytes).await
            && !catalog.graders().is_empty()
        {
            let limits = GradeLimits { cpu: Duration::from_millis(200), ..GradeLimits::default() };
            run.grade(&catalog, "anything", limits).await;
        }
        run.check(&format!("a flipped bit at {at}")).await;
    }
    assert_eq!(run.sandbox.statistics().replaced, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_misbehaviour_of_a_crafted_grader_is_typed_and_grading_goes_on() {
    let run = LongRun::start_here().await;
    let limits = GradeLimits { cpu: Duration::from_millis(300), ..GradeLimits::default() };
    let mut wrong = Vec::new();
    for (what, change, kind, reason) in MISBEHAVIOURS {
        let mut craft = Craft::default();
        change(&mut craft);
        let catalog = match run.inspect(&craft.component()).await {
            Ok(catalog) => catalog,
            Err(reason) => {
                wrong.push(format!("{what}: rejected: {reason}"));
                continue;
            }
        };
        let outcome = run.grade(&catalog, "a response", limits).await;
        let is_right = match &outcome {
            Outcome::Scored(_) => kind.is_none(),
            Outcome::Error(error) => Some(error.kind) == *kind && error.reason.contains(reason),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{what}: {outcome:?}"));
        }
        run.check(what).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let statistics = run.sandbox.statistics();
    assert_eq!((statistics.started, statistics.replaced), (1, 0));
}

/// Limits of all the programs of a grade together.
#[tokio::test(flavor = "multi_thread")]
async fn programs_without_end_end_their_grade() {
    let bench = Bench::new();
    let program = Path::new(env!("CARGO_BIN_EXE_gradebox")).to_owned();
    let sandbox = Sandbox::start(SandboxSettings { jobs: 1, metering: Metering::Time, program, on_log: None });
    let cache = CompileCache::open(&root().join("target/test-cache"), Metering::Time).expect("a cache");
    let directories = [hostile_graders(&bench), root().join("target/graders")];
    let hostile = Catalog::open(&sandbox, &cache, &directories, &|_| {}).await.expect("the directories");
    let run = LongRun { bench, sandbox, cache, hostile };
    let time = GradeLimits { programs: Duration::from_millis(500), ..GradeLimits::default() };
    let memory = GradeLimits { memory: 16 << 20, ..GradeLimits::default() };
    for (how, limits, expected) in [
        ("run loops for ever", time, "the programs of one grade may take"),
        ("print too much", memory, "larger than the grader's memory of 16 MiB"),
    ] {
        match run.grade_with_programs(how, limits).await {
            Outcome::Error(error) => {
                assert_eq!(error.kind, ErrorKind::GraderLimit, "{error:?}");
                assert!(error.reason.contains(expected), "{error:?}");
            }
            other => panic!("{how}: {other:?}"),
        }
        run.check(how).await;
    }
    assert_eq!(run.sandbox.statistics().replaced, 0);
}

/// What a grader leaves in its memory as its result, at random: most of it near what would be valid.
#[tokio::test(flavor = "multi_thread")]
async fn results_of_any_bytes_are_scores_on_the_scale_or_typed_errors() {
    let run = LongRun::start_here().await;
    let echo = run.inspect(&crafted::echo().component()).await.expect("a grader");
    let noise = malformed::noise(4, 40 * 500);
    let (mut scored, mut errors) = (0, 0);
    for bytes in noise.chunks(40) {
        let mut result = bytes.to_vec();
        result[0] %= 3;
        result[8] %= 4;
        if bytes[1] < 200 {
            // A value between 0 and 2, and strings that lie where there is memory.
            result[16..24].copy_from_slice(&(f64::from(bytes[16]) / 128.0).to_le_bytes());
            for at in [24, 28, 32, 36] {
                result[at + 2..at + 4].fill(0);
            }
        }
        match run.grade(&echo, &crafted::letters(&result), GradeLimits::default()).await {
            Outcome::Scored(score) => {
                scored += 1;
                assert!((0.0..=1.0).contains(&score.score), "{score:?}");
            }
            Outcome::NotApplicable { .. } | Outcome::Undecided { .. } => {}
            Outcome::Error(error) => {
                errors += 1;
                let kinds = [
                    ErrorKind::BadResult,
                    ErrorKind::GraderFailed,
                    ErrorKind::GraderLimit,
                    ErrorKind::InvalidSample,
                    ErrorKind::InvalidParams,
                ];
                assert!(kinds.contains(&error.kind), "{error:?}");
            }
            Outcome::Ranked(ranking) => panic!("{ranking:?}"),
        }
    }
    // Unless asked for, details are not JSON.
    let asked = [&[0; 16][..], &0.5_f64.to_le_bytes(), &[0; 8], &0x2000_u32.to_le_bytes(), &[0; 4]].concat();
    match run.grade(&echo, &crafted::letters(&asked), GradeLimits::default()).await {
        Outcome::Error(error) => assert_eq!(error.kind, ErrorKind::BadResult),
        other => panic!("{other:?}"),
    }
    assert!(0 < errors, "{scored} scores, {errors} errors");
    run.check("five hundred results").await;
    assert_eq!(run.sandbox.statistics().replaced, 0);
}

/// The binary by way of a script, for what a test wants to change on the way.
fn by_script(bench: &Bench, lines: &str) -> PathBuf {
    let script = format!("#!/bin/sh\n{lines}\nexec {:?} \"$@\"\n", env!("CARGO_BIN_EXE_gradebox"));
    bench.write_script("gradebox", script)
}

#[tokio::test(flavor = "multi_thread")]
async fn components_that_explode_in_the_compiler_are_given_up_and_grading_goes_on() {
    let bench = Bench::new();
    // One second of processor time, and 700 MB of memory, are ample for the hostile component.
    let program = by_script(&bench, r#"[ "$2" = compile ] && set -- worker compile "$3" "$4" 1 700000000"#);
    let run = LongRun::start(Metering::Time, &program).await;
    for (what, bomb) in [
        ("instances that double", malformed::doubling_component(30)),
        ("values across branches", malformed::tangled_component(3_000, 60)),
    ] {
        let reason = run.inspect(&bomb).await.err().unwrap_or_else(|| panic!("{what}: used"));
        assert!(reason.contains("the compiler gave up on it"), "{what}: {reason}");
        run.check(what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_clock_backstop_is_an_error_of_the_machine() {
    // Instructions count, and there are many: nothing but the wall clock ends the loop.
    let run = LongRun::start(Metering::Fuel, Path::new(env!("CARGO_BIN_EXE_gradebox"))).await;
    let limits = GradeLimits { cpu: Duration::from_hours(1), wall: Duration::from_secs(2), ..GradeLimits::default() };
    match run.grade(&run.hostile, "loop", limits).await {
        Outcome::Error(error) => {
            assert_eq!(error.kind, ErrorKind::WorkerDied);
            assert!(error.reason.contains("wall-clock backstop"), "{}", error.reason);
        }
        other => panic!("{other:?}"),
    }
    run.check("the backstop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_hangs_is_replaced_and_the_grade_is_done_again() {
    let bench = Bench::new();
    let run = LongRun::start(Metering::Time, &by_script(&bench, "")).await;
    // The next worker hangs, and leaves word that it did; the first one has ended with its sandbox.
    run.sandbox.close();
    let mark = bench.path("hung");
    let lines = format!("[ \"$2\" = time ] && [ ! -e {mark:?} ] && : > {mark:?} && exec sleep 3600");
    let settings =
        SandboxSettings { jobs: 1, metering: Metering::Time, program: by_script(&bench, &lines), on_log: None };
    let sandbox = Sandbox::start(settings);
    let hostile =
        Catalog::open(&sandbox, &run.cache, &[run.bench.path("hostile")], &|_| {}).await.expect("a directory");
    let run = LongRun { sandbox, hostile, ..run };
    let limits = GradeLimits { wall: Duration::from_millis(300), ..GradeLimits::default() };
    match run.grade(&run.hostile, "count", limits).await {
        Outcome::Scored(score) => assert_eq!(score.reason, "grade number 1"),
        other => panic!("{other:?}"),
    }
    assert!(mark.exists(), "no worker hung");
    assert_eq!(run.sandbox.statistics().replaced, 1);
}
