//! What an assessment says, and how it stands in a row.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::{
    scripted::{component, judge, panel, ranker, sample},
    *,
};
use crate::{
    grader::{Graded, Kind},
    sample::Columns,
    score::{Ranking, Score},
};

async fn assess(members: impl IntoIterator<Item = Member>, response: &str) -> Assessment {
    panel(members).assess(&sample(response)).await
}

async fn summary(members: impl IntoIterator<Item = Member>, response: &str) -> Value {
    assess(members, response).await.to_json()
}

#[tokio::test]
async fn each_outcome_of_a_required_grader_counts_as_the_table_says() {
    for (said, expected) in [
        ("a=1", json!({"score": 1.0, "pass": true, "coverage": 1.0})),
        ("a=0.5", json!({"score": 0.75, "pass": false, "coverage": 1.0})),
        ("", json!({"score": 1.0, "pass": true, "coverage": 1.0})),
        ("a=undecided", json!({"score": 1.0, "pass": false, "coverage": 0.5})),
        ("a=worker-died", json!({"score": 1.0, "pass": false, "coverage": 0.5})),
    ] {
        let response = format!("{said} b=1");
        assert_eq!(summary([component("a"), component("b")], &response).await, expected, "{said}");
    }
}

#[tokio::test]
async fn an_optional_grader_never_blocks() {
    for said in ["a=0", "a=undecided", "a=worker-died", ""] {
        let assessment = assess([component("a").optional(), component("b")], &format!("{said} b=1")).await;
        assert_eq!(assessment.pass, Some(true), "{said}");
    }
}

#[tokio::test]
async fn a_row_that_could_not_be_graded_has_no_score() {
    assert_eq!(summary([component("a")], "a=undecided").await, json!({"pass": false, "coverage": 0.0}));
}

#[tokio::test]
async fn a_row_that_concerns_no_grader_neither_passes_nor_fails() {
    assert_eq!(summary([component("a"), component("b")], "text").await, json!({}));
    assert_eq!(summary([component("a").optional()], "a=undecided").await, json!({"coverage": 0.0}));
}

#[tokio::test]
async fn scores_are_weighted_and_coverage_too() {
    let members = || [component("a").weighing(2.0), component("b"), component("c")];
    assert_eq!(summary(members(), "a=0.5 b=1 c=0").await, json!({"score": 0.5, "pass": false, "coverage": 1.0}));
    assert_eq!(
        summary(members(), "a=0.5 b=1 c=undecided").await,
        json!({"score": 0.666_666_666_667, "pass": false, "coverage": 0.75})
    );
    let weightless = [component("a").weighing(0.0)];
    assert_eq!(summary(weightless, "a=1").await, json!({"pass": true}));
}

#[tokio::test]
async fn binary_fractions_leave_no_trace_in_numbers_or_decisions() {
    let mean = assess([component("a").weighing(0.1), component("b").weighing(0.2)], "a=0.3 b=0.3").await;
    assert_eq!(mean.to_json()["score"].to_string(), "0.3");
    let at_threshold = assess([judge("a")], "a=0.6999999999999998").await;
    assert_eq!(at_threshold.pass, Some(true));
    let below = assess([judge("a")], "a=0.6999999").await;
    assert_eq!(below.pass, Some(false));
}

#[tokio::test]
async fn what_a_grader_may_not_answer_is_its_error() {
    for said in ["a=1.01", "a=-0.5", "a=NaN", "a=inf", "a=ranked"] {
        let assessment = assess([component("a")], said).await;
        assert_eq!(assessment.errors().map(|error| error.kind).collect::<Vec<_>>(), [ErrorKind::BadResult], "{said}");
        assert_eq!(assessment.score, None, "{said}");
    }
}

struct TwoRanks;

#[async_trait]
impl Grader for TwoRanks {
    fn mode(&self) -> Mode {
        Mode::Listwise
    }

    fn kind(&self) -> Kind {
        Kind::Judge
    }

    async fn grade(&self, _: &Sample) -> Graded {
        Outcome::Ranked(Ranking { ranks: vec![1, 2], reason: "r".to_owned(), votes: vec![] }).into()
    }
}

#[tokio::test]
async fn ranks_must_be_as_many_as_responses() {
    let panel = panel([Member { grader: Arc::new(TwoRanks), ..ranker("l") }]);
    let responses = |count| sample("").with_responses(vec![String::new(); count]);
    assert_eq!(panel.assess(&responses(2)).await.errors().count(), 0);
    assert_eq!(panel.assess(&responses(3)).await.errors().count(), 1);
}

#[tokio::test]
async fn a_ranking_covers_and_does_not_block() {
    let ranked = panel([ranker("l"), component("a")]);
    let sample = sample("a=1").with_responses(vec!["l=1".to_owned(), "l=2".to_owned()]);
    let assessment = ranked.assess(&sample).await;
    assert_eq!(assessment.to_json(), json!({"score": 1.0, "pass": true, "coverage": 1.0}));
    let usage = json!({"prompt_tokens": null, "completion_tokens": null, "calls": 1, "cost": null});
    let ranked = json!({"outcome": "ranked", "ranks": [2, 1], "reason": "l ordered 2", "usage": usage});
    assert_eq!(assessment.grades_json()["l"], ranked);
}

#[tokio::test]
async fn grades_stand_in_a_row_without_keys_that_mean_nothing() {
    let members = [component("a"), component("b"), component("c"), component("d")];
    let assessment = assess(members, "b=0.5 c=undecided d=judge-unparsable").await;
    let expected = r#"{
        "a": {"outcome": "not-applicable", "reason": "no a here"},
        "b": {"outcome": "scored", "score": 0.5, "value": 0.5, "pass": false, "reason": "b gives 0.5"},
        "c": {"outcome": "undecided", "reason": "c cannot tell"},
        "d": {"outcome": "error", "kind": "judge-unparsable", "reason": "d failed", "retryable": true}
    }"#;
    let expected: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(assessment.grades_json().to_string(), expected.to_string(), "in this order of keys");
    let Value::Object(details) = json!({"line": 3}) else { unreachable!() };
    let score = Score { score: 0.5, value: 3.0, reason: String::new(), details };
    let provenance = Provenance::of(&"math 0.1.0".into());
    let grade = Grade { outcome: Outcome::Scored(score), pass: Some(true), usage: Usage::default(), provenance };
    assert_eq!(grade.to_json()["details"], json!({"line": 3}));
    assert_eq!(grade.to_json()["grader"], "math 0.1.0");
}

/// Fails so often, retryably or not, and scores then.
struct Failing {
    times: u32,
    kind: ErrorKind,
    attempts: Mutex<Vec<u32>>,
}

#[async_trait]
impl Grader for Failing {
    fn mode(&self) -> Mode {
        Mode::Pointwise
    }

    fn kind(&self) -> Kind {
        Kind::Judge
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        self.grade_anew(sample, 0).await
    }

    async fn grade_anew(&self, _: &Sample, attempt: u32) -> Graded {
        self.attempts.lock().unwrap().push(attempt);
        let outcome = if attempt < self.times {
            Outcome::Error(GradeError::new(self.kind, "not yet"))
        } else {
            Outcome::Scored(Score { score: 1.0, value: 1.0, reason: String::new(), details: Columns::new() })
        };
        let usage = Usage { calls: 1, ..Usage::default() };
        Graded { outcome, usage, provenance: Provenance::default() }
    }
}

#[tokio::test]
async fn an_error_that_may_not_come_again_is_retried_so_often_and_every_try_is_counted() {
    for (times, kind, asked, score) in [
        (0, ErrorKind::JudgeUnparsable, vec![0], Some(1.0)),
        (2, ErrorKind::JudgeUnparsable, vec![0, 1, 2], Some(1.0)),
        (3, ErrorKind::ModelFailed, vec![0, 1, 2], None),
        (1, ErrorKind::InvalidSample, vec![0], None),
        (1, ErrorKind::Budget, vec![0], None),
    ] {
        let grader = Arc::new(Failing { times, kind, attempts: Mutex::default() });
        let member =
            Member { grader: Arc::clone(&grader) as Arc<dyn Grader>, ..judge("a").on_error(OnError::Retry(2)) };
        let assessment = panel([member]).assess(&sample("r")).await;
        assert_eq!(*grader.attempts.lock().unwrap(), asked, "{kind:?}");
        assert_eq!((assessment.score, assessment.usage.calls), (score, asked.len() as u64), "{kind:?}");
        assert_eq!(assessment.pass, Some(score.is_some()), "{kind:?}");
    }
}

#[tokio::test]
async fn a_policy_says_what_an_error_means_and_never_what_it_scores() {
    for (policy, pass, review) in [
        (OnError::Fail, Some(false), &[][..]),
        (OnError::Retry(1), Some(false), &[]),
        (OnError::Review, Some(false), &["b"]),
        (OnError::Skip, Some(true), &[]),
    ] {
        let members = [component("a"), component("b").on_error(policy)];
        let assessment = assess(members, "a=1 b=worker-died").await;
        assert_eq!(
            (assessment.pass, assessment.score, assessment.coverage),
            (pass, Some(1.0), Some(0.5)),
            "{policy:?}"
        );
        assert_eq!(assessment.review, review, "{policy:?}");
    }
    let nobody = assess([component("a").on_error(OnError::Skip)], "a=worker-died").await;
    assert_eq!((nobody.pass, nobody.coverage), (None, Some(0.0)), "a pass that nobody looked at");
    let low = assess([component("a").on_error(OnError::Skip)], "a=0.5").await;
    assert_eq!(low.pass, Some(false), "only errors are left out");
}

#[tokio::test]
async fn a_row_that_no_grader_can_be_shown_has_the_same_error_from_each() {
    let error = GradeError::new(ErrorKind::InvalidSample, "row 3: no column `q`");
    let assessment = panel([component("a"), judge("b")]).unassessed(&error);
    assert_eq!(assessment.to_json(), json!({"pass": false, "coverage": 0.0}));
    assert_eq!(assessment.errors().collect::<Vec<_>>(), [&error, &error]);
}

struct Together(Arc<Barrier>);

#[async_trait]
impl Grader for Together {
    fn mode(&self) -> Mode {
        Mode::Pointwise
    }

    fn kind(&self) -> Kind {
        Kind::Component
    }

    async fn grade(&self, _: &Sample) -> Graded {
        self.0.wait().await;
        Outcome::Undecided { reason: String::new() }.into()
    }
}

#[tokio::test]
async fn graders_work_side_by_side() {
    let barrier = Arc::new(Barrier::new(2));
    let waits = |name| Member { grader: Arc::new(Together(Arc::clone(&barrier))), ..component(name) };
    let panel = panel([waits("a"), waits("b")]);
    let assessment = tokio::time::timeout(Duration::from_mins(1), panel.assess(&sample("x"))).await.unwrap();
    assert_eq!(assessment.grades.len(), 2);
}
