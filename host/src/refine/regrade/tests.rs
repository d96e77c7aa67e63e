//! Recorded attempts that are graded anew: which is chosen, and what is kept of the record.

use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};
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

/// A response of which the graders `a`, `b` and `r` say something at random.
fn random_response(random: &mut StdRng) -> String {
    let mut entry = |name: &str, values: &[&str]| {
        let value = values.choose(random).unwrap();
        if value.is_empty() { String::new() } else { format!("{name}={value} ") }
    };
    let scores = ["0", "0.3", "0.34", "0.7", "1", "undecided", "judge-unparsable", ""];
    entry("a", &scores) + &entry("b", &scores) + &entry("r", &["1", "2", "3"])
}

#[tokio::test]
async fn the_choice_is_that_of_a_refinement_with_the_same_attempts() {
    let mut random = StdRng::seed_from_u64(11);
    for _ in 0..1000 {
        let [original, first, second, third] = [(); 4].map(|()| random_response(&mut random));
        let members = || panel([judge("a"), component("b").optional(), ranker("r")]);
        let settings = RefineSettings { rounds: 1, candidates: 3, ..RefineSettings::default() };
        let writer = Scripted::saying(&[&first, &second, &third]);
        let final_judge = ranker("r");
        let refiner = Refiner { writer: &writer, final_judge: Some(&final_judge), settings: &settings };
        let before = refine(&sample(&original), &members(), refiner).await;
        let record = Recorded::read(&before.to_json()).unwrap();
        let after = regrade(&sample("unused"), &members(), record, Some(&final_judge)).await;
        let told = format!("{original}| {first}| {second}| {third}");
        assert_eq!((after.chosen, after.rounds, after.stop), (before.chosen, before.rounds, Stop::Regraded), "{told}");
        assert_eq!(after.writer_usage.to_json(), before.writer_usage.to_json());
        let costs = |refinement: &Refinement| {
            refinement.attempts.iter().map(|attempt| attempt.usage.to_json()).collect::<Vec<_>>()
        };
        assert_eq!(costs(&after), costs(&before));
        let score = |index: usize| after.attempts[index].assessment.grades["b"].score();
        if let (Some(floor), None) = (score(0), after.attempts[0].assessment.grades["a"].score()) {
            assert!(score(after.chosen.unwrap()) >= Some(floor), "{told}");
        }
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
