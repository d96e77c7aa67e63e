//! Recorded attempts that are graded anew: which is chosen, and what is kept of the record.

use serde_json::json;

use super::*;
use crate::{
    panel::scripted::{component, judge, panel, ranker, sample},
    refine::{RefineSettings, Refiner, refine, scripted::Scripted},
};

fn recorded(responses: &[&str]) -> Recorded {
    let attempts = responses.iter().enumerate().map(|(index, response)| {
        let model = if index == 0 { json!(null) } else { json!("m-1") };
        json!({"response": response, "model": model, "grades": {"old": {"outcome": "scored"}}})
    });
    Recorded::read(&json!({"attempts": attempts.collect::<Vec<_>>(), "rounds": 2})).unwrap()
}

/// The chosen response and why it ended there.
async fn chosen(members: impl IntoIterator<Item = Member>, responses: &[&str]) -> (String, Stop) {
    let refinement = regrade(&sample("unused"), &panel(members), recorded(responses), None).await;
    (refinement.chosen().unwrap().response.clone(), refinement.stop)
}

#[tokio::test]
async fn the_best_is_chosen_anew_and_never_one_below_the_original() {
    for (responses, best) in [
        (&["a=0.2", "a=0.5", "a=0.9", "a=0.4"][..], "a=0.9"),
        (&["a=0.6", "a=0.5"], "a=0.6"),
        (&["a=0.6 b=1", "a=1"], "a=0.6 b=1"),
        (&["a=1", "a=1 too"], "a=1"),
        (&["a=judge-unparsable", "a=0.1"], "a=0.1"),
    ] {
        let (response, stop) = chosen([component("a"), component("b").optional()], responses).await;
        assert_eq!((response.as_str(), stop), (best, Stop::Regraded), "{responses:?}");
    }
}

#[tokio::test]
async fn the_choice_is_that_of_a_refinement_with_the_same_attempts() {
    for answers in [["a=0.5 r=1", "a=0.7 r=3"], ["a=0.1 r=9", "a=0.4 r=2"], ["a=0.69 r=1", "a=0.65 r=5"]] {
        let members = || panel([judge("a"), ranker("r")]);
        let settings = RefineSettings { rounds: 1, candidates: 2, ..RefineSettings::default() };
        let writer = Scripted::saying(&answers);
        let refiner = Refiner { writer: &writer, final_judge: None, settings: &settings };
        let first = refine(&sample("a=0.4 r=2"), &members(), refiner).await;
        let record = Recorded::read(&first.to_json()).unwrap();
        let again = regrade(&sample("unused"), &members(), record, None).await;
        assert_eq!((again.chosen, again.rounds), (first.chosen, first.rounds), "{answers:?}");
        assert_eq!(again.writer_usage, first.writer_usage);
        let costs =
            |refinement: &Refinement| refinement.attempts.iter().map(|attempt| attempt.usage).collect::<Vec<_>>();
        assert_eq!(costs(&again), costs(&first));
    }
}

#[tokio::test]
async fn the_notes_are_of_the_original_and_by_the_graders_of_now() {
    let refinement = regrade(&sample("unused"), &panel([component("a")]), recorded(&["a=0", "a=1"]), None).await;
    assert_eq!(refinement.notes_json(), Some(json!({"a": {"score": 0.0, "reason": "a gives 0"}})));
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_the_reason() {
    assert_eq!(chosen([judge("a")], &["a=0.5", "a=budget"]).await, ("a=0.5".to_owned(), Stop::Budget));
}

#[tokio::test]
async fn the_original_and_the_response_of_now_are_attempts() {
    let own = |original, current| {
        let recorded = recorded(&["a", "b"]).with_own(original, current);
        recorded.attempts.into_iter().map(|attempt| attempt.response).collect::<Vec<_>>()
    };
    assert_eq!(own(None, Some("b")), ["a", "b"]);
    assert_eq!(own(Some(" a\n"), Some("b")), ["a", "b"]);
    assert_eq!(own(Some("first"), Some("edited")), ["first", "a", "b", "edited"]);
}

#[tokio::test]
async fn a_row_at_which_nothing_was_tried_has_no_grade() {
    let record = Recorded { rounds: 1, ..Recorded::default() };
    let refinement = regrade(&sample(""), &panel([component("a")]), record, None).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Ungradable, None, 1));
    let assessment = refinement.assessment().unwrap();
    assert_eq!((assessment.score, assessment.errors().count()), (None, 1));
}

#[test]
fn what_is_no_record_is_refused_with_the_place() {
    for (value, problem) in [
        (json!([]), "is not the record"),
        (json!({"stop": "passed"}), "no list of `attempts`"),
        (json!({"attempts": [{"response": "a"}, {"grades": {}}]}), "an attempt 1 without the text"),
    ] {
        let found = Recorded::read(&value).unwrap_err();
        assert!(found.contains(problem), "{found}");
    }
}
