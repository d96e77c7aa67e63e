//! Refinement from the outside: what is kept, what is asked for, why it stops.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::{conversation::Shown, scripted::Scripted, *};
use crate::panel::{
    Member, OnError,
    scripted::{component, judge, panel, ranker, sample},
};

const PATIENT: RefineSettings = RefineSettings {
    rounds: 5,
    candidates: 1,
    patience: 5,
    temperatures: Vec::new(),
    max_tokens: None,
    history: 0,
    seed: 0,
    deadline: None,
};

/// Without a final judge.
async fn refine(sample: &Sample, panel: &Panel, writer: &Scripted, settings: &RefineSettings) -> Refinement {
    super::refine(sample, panel, Refiner { writer, final_judge: None, settings }).await
}

async fn run(members: impl IntoIterator<Item = Member>, response: &str, writer: &Scripted) -> Refinement {
    refine(&sample(response), &panel(members), writer, &PATIENT).await
}

/// The chosen response and why it ended there.
async fn outcome(members: impl IntoIterator<Item = Member>, response: &str, answers: &[&str]) -> (String, Stop) {
    let settings = RefineSettings { rounds: u32::try_from(answers.len()).unwrap(), ..PATIENT };
    let refinement = refine(&sample(response), &panel(members), &Scripted::saying(answers), &settings).await;
    (refinement.chosen().unwrap().response.clone(), refinement.stop)
}

/// Whether the one answer replaces the response.
async fn replaces(members: impl IntoIterator<Item = Member>, response: &str, answer: &str) -> bool {
    outcome(members, response, &[answer]).await.0 == answer
}

#[tokio::test]
async fn a_response_that_passes_is_left_alone() {
    let writer = Scripted::saying(&["a=1"]);
    let refinement = run([component("a")], " a=1 ", &writer).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::AlreadyPassing, Some(0), 0));
    assert_eq!(refinement.attempts[0].response, " a=1 ");
    assert_eq!(writer.requests(), []);
    assert_eq!(refinement.notes_json(), None);
}

#[tokio::test]
async fn the_first_response_that_passes_ends_it() {
    let writer = Scripted::saying(&["a=0.2", " a=1\n", "a=1 better"]);
    let refinement = run([component("a")], "a=0.5", &writer).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Passed, Some(2), 2));
    assert_eq!(refinement.chosen().unwrap().response, "a=1", "without the space around it");
    assert_eq!(writer.requests().len(), 2);
}

#[tokio::test]
async fn the_best_is_kept_and_the_last_response_is_graded() {
    let refinement =
        run([component("a")], "a=0.5", &Scripted::saying(&["a=0.8", "a=0.2", "a=0.6", "a=0.1", "a=0.9"])).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Rounds, Some(5), 5));
    assert!(refinement.attempts.iter().all(|attempt| attempt.assessment.score.is_some()));
}

#[tokio::test]
async fn rounds_without_gain_end_on_a_plateau() {
    let settings = RefineSettings { patience: 2, ..PATIENT };
    let writer = Scripted::saying(&["a=0.6", "a=0.1", "a=0.6 again", "a=1"]);
    let refinement = refine(&sample("a=0.5"), &panel([component("a")]), &writer, &settings).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Plateau, Some(1), 3));
}

#[tokio::test]
async fn without_rounds_nothing_is_written() {
    let settings = RefineSettings { rounds: 0, ..PATIENT };
    let refinement = refine(&sample("a=0.5"), &panel([component("a")]), &Scripted::saying(&["a=1"]), &settings).await;
    assert_eq!((refinement.stop, refinement.chosen), (Stop::Rounds, Some(0)));
}

#[tokio::test]
async fn no_candidates_and_no_patience_count_as_one() {
    let settings = RefineSettings { candidates: 0, patience: 0, ..PATIENT };
    let writer = Scripted::saying(&["a=0.6", "a=0.1", "a=1"]);
    let refinement = refine(&sample("a=0.5"), &panel([component("a")]), &writer, &settings).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Plateau, Some(1), 2));
}

#[tokio::test]
async fn a_response_that_comes_again_is_not_graded_again() {
    let refinement =
        run([judge("a")], "a=0.5", &Scripted::saying(&["a=0.5\n", "a=0.4", "a=0.4", "a=0.5", "a=0.4"])).await;
    assert_eq!(refinement.attempts.len(), 2);
    assert_eq!((refinement.judge_usage().calls, refinement.writer_usage.calls), (2, 5));
    assert_eq!(refinement.stop, Stop::Rounds);
}

#[tokio::test]
async fn several_candidates_are_written_in_a_round_with_seeds_of_their_own() {
    let settings =
        RefineSettings { candidates: 3, rounds: 2, temperatures: vec![0.5, 0.9], max_tokens: Some(9), ..PATIENT };
    let writer = Scripted::saying(&["a=0.2", "a=0.9", "a=0.6", "a=0.1", "a=0.3", "a=0.4"]);
    let refinement = refine(&sample("a=0.5"), &panel([component("a")]), &writer, &settings).await;
    assert_eq!((refinement.chosen, refinement.rounds, refinement.attempts.len()), (Some(2), 2, 7));
    let requests = writer.requests();
    assert_eq!(requests.iter().filter_map(|request| request.seed).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    let temperatures: Vec<Option<f64>> = requests.iter().map(|request| request.temperature).collect();
    assert_eq!(temperatures, [[Some(0.5); 3], [Some(0.9); 3]].concat());
    assert!(requests.iter().all(|request| request.max_tokens == Some(9)));
}

#[tokio::test]
async fn the_last_temperature_holds_for_all_further_rounds_and_the_first_for_a_first_response() {
    let settings = RefineSettings { rounds: 3, temperatures: vec![0.0, 0.5], ..PATIENT };
    let writer = Scripted::saying(&["a=0.1", "a=0.2", "a=0.3", "a=0.4"]);
    refine(&sample(""), &panel([component("a")]), &writer, &settings).await;
    let temperatures: Vec<Option<f64>> = writer.requests().iter().map(|request| request.temperature).collect();
    assert_eq!(temperatures, [Some(0.0), Some(0.0), Some(0.5), Some(0.5)]);
}

#[tokio::test]
async fn the_writer_is_shown_earlier_attempts_with_what_was_wrong_with_them_where_that_is_wanted() {
    let settings = RefineSettings { rounds: 4, history: 2, ..PATIENT };
    let writer = Scripted::saying(&["a=0.1 first", "a=0.6 second", "a=0.2 third", "a=0.3"]);
    refine(&sample("a=0.5"), &panel([component("a"), component("b")]), &writer, &settings).await;
    let requests = writer.requests();
    let said = |index: usize| requests[index].messages.last().unwrap().content.clone();
    assert!(said(0).contains("Previous answer:\n\na=0.5") && !said(0).contains("Earlier"), "{}", said(0));
    let earlier =
        "Earlier answer 1, which was not good enough:\n\na=0.1 first\n\nProblems of answer 1:\n\n- a: a gives 0.1";
    assert!(said(1).contains(earlier), "{}", said(1));
    let last = said(3);
    let order = [
        "a=0.1 first",
        "answer 2, which",
        "a=0.2 third",
        "- a: a gives 0.2",
        "Best answer:\n\na=0.6 second",
        "- a: a gives 0.6",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|part| last.find(part)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?} {last}");
    assert!(!last.contains("a=0.5"), "only the latest two: {last}");
}

#[tokio::test]
async fn an_earlier_attempt_is_shown_cut_where_it_is_long() {
    let settings = RefineSettings { rounds: 2, history: 1, ..PATIENT };
    let long = format!("a=0.1 {}", "é".repeat(9000));
    let writer = Scripted::saying(&[&long, "a=0.2"]);
    refine(&sample("a=0.5"), &panel([component("a")]), &writer, &settings).await;
    let requests = writer.requests();
    let said = &requests[1].messages.last().unwrap().content;
    assert!(said.contains("é [cut]\n") && said.chars().count() < 4300, "{}", said.chars().count());
}

/// The refinement by five rounds of one answer each and a final judge that orders by `l=…`.
async fn compared(members: impl IntoIterator<Item = Member>, response: &str, answers: &[&str]) -> Refinement {
    let settings = RefineSettings { rounds: u32::try_from(answers.len()).unwrap(), ..PATIENT };
    let (writer, judge) = (Scripted::saying(answers), ranker("l"));
    let refiner = Refiner { writer: &writer, final_judge: Some(&judge), settings: &settings };
    super::refine(&sample(response), &panel(members), refiner).await
}

#[tokio::test]
async fn the_final_judge_chooses_among_attempts_that_are_as_good_as_the_best() {
    let answers = ["a=0.6 l=1", "a=0.6 l=3", "a=0.4 l=9", "a=0.6 l=2"];
    let refinement = compared([component("a")], "a=0.5 l=8", &answers).await;
    assert_eq!((refinement.stop, refinement.chosen), (Stop::Rounds, Some(2)));
    let json = refinement.to_json();
    assert_eq!((&json["final"]["compared"], &json["final"]["preferred"]), (&json!([1, 2, 4]), &json!(2)), "{json:#}");
    assert_eq!(json["final"]["grade"]["ranks"], json!([3, 1, 2]));
    assert_eq!(json["usage"]["graders"]["l"]["calls"], json!(1));
}

#[tokio::test]
async fn a_final_tie_and_a_final_judge_that_fails_keep_what_was_best() {
    let tied = compared([component("a")], "a=0.5", &["a=0.6 l=2", "a=0.6 l=2 other"]).await;
    assert_eq!((tied.chosen, tied.comparison.as_ref().unwrap().preferred()), (Some(1), None));
    let failed = compared([component("a")], "a=0.5", &["a=0.6", "a=0.6 other"]).await;
    assert_eq!((failed.chosen, failed.stop), (Some(1), Stop::Rounds));
    assert_eq!(failed.comparison_error().map(|error| error.kind), Some(ErrorKind::JudgeUnparsable));
}

#[tokio::test]
async fn what_is_below_the_original_or_dodges_a_grader_is_not_compared() {
    let below = compared([judge("a")], "a=0.5 l=1", &["a=0.46 l=9", "a=0.5 l=2"]).await;
    assert_eq!(
        (below.chosen, below.comparison.unwrap().compared),
        (Some(2), vec![0, 2]),
        "within the margin, but below"
    );
    let alone = compared([component("a"), component("b")], "a=0.5 b=0.5 l=1", &["a=0.5 l=9"]).await;
    assert_eq!((alone.chosen, alone.comparison), (Some(0), None), "it dodges b");
    let untouched = compared([component("a")], "a=1 l=1", &["a=1 l=2"]).await;
    assert_eq!((untouched.stop, untouched.comparison), (Stop::AlreadyPassing, None));
}

#[tokio::test]
async fn candidates_that_pass_together_are_compared() {
    let settings = RefineSettings { candidates: 3, ..PATIENT };
    let (writer, judge) = (Scripted::saying(&["a=1 l=1", "a=1 l=5", "a=0.9 l=7"]), ranker("l"));
    let refiner = Refiner { writer: &writer, final_judge: Some(&judge), settings: &settings };
    let refinement = super::refine(&sample("a=0"), &panel([component("a")]), refiner).await;
    assert_eq!((refinement.stop, refinement.chosen), (Stop::Passed, Some(2)));
}

#[tokio::test]
async fn a_skipped_error_lets_the_others_decide_and_is_no_reason_to_refine() {
    let members = || [component("a"), component("b").on_error(OnError::Skip)];
    assert_eq!(outcome(members(), "a=1 b=grader-failed", &["a=1 b=1"]).await.1, Stop::AlreadyPassing);
    let writer = Scripted::saying(&["a=1 b=grader-limit"]);
    let refinement = run(members(), "a=0 b=grader-limit", &writer).await;
    assert_eq!((refinement.stop, refinement.assessment().unwrap().coverage), (Stop::Passed, Some(0.5)));
    let asked = writer.requests()[0].messages.last().unwrap().content.clone();
    assert!(asked.contains("- a: ") && !asked.contains("- b"), "{asked}");
    assert!(!replaces(members(), "a=0.5 b=0.5", "a=1 b=grader-limit").await, "an error is no way around a grader");
}

#[tokio::test]
async fn an_error_for_review_blocks_is_marked_and_is_no_reason_to_refine() {
    let members = || [component("a"), component("b").on_error(OnError::Review)];
    let writer = Scripted::saying(&["a=1 b=1"]);
    let refinement = run(members(), "a=1 b=grader-failed", &writer).await;
    assert_eq!((refinement.stop, writer.requests().len()), (Stop::Ungradable, 0));
    let record = refinement.to_json();
    assert_eq!(
        record["attempts"][0]["assessment"],
        json!({"score": 1.0, "pass": false, "coverage": 0.5, "review": ["b"]})
    );
}

#[tokio::test]
async fn a_row_without_a_response_is_written_one_which_is_then_refined() {
    let writer = Scripted::saying(&["a=0.5", "a=1"]);
    let refinement = run([component("a")], "", &writer).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Passed, Some(1), 1));
    assert_eq!(writer.requests()[0].messages, sample("").messages, "the conversation as it is");
    assert_eq!(refinement.original_assessment(), None);
    let at_once = run([component("a")], "", &Scripted::saying(&["a=1"])).await;
    assert_eq!((at_once.stop, at_once.chosen, at_once.rounds), (Stop::Passed, Some(0), 0));
    assert!(at_once.is_rewritten());
}

#[tokio::test]
async fn a_row_with_nothing_to_answer_is_ungradable() {
    let mut sample = sample("");
    sample.messages.clear();
    let refinement = refine(&sample, &panel([component("a")]), &Scripted::saying(&["a=1"]), &PATIENT).await;
    assert_eq!((refinement.stop, refinement.chosen), (Stop::Ungradable, None));
    assert_eq!(refinement.assessment().unwrap().errors().next().unwrap().kind, ErrorKind::InvalidSample);
}

#[tokio::test]
async fn a_row_with_responses_and_none_of_its_own_starts_from_the_best_of_them() {
    let sample = sample("").with_responses(vec!["a=0.2".to_owned(), "a=0.5".to_owned()]);
    let refinement = refine(&sample, &panel([component("a")]), &Scripted::saying(&["a=0.4"]), &PATIENT).await;
    assert_eq!((refinement.chosen, refinement.attempts.len()), (Some(1), 3));
}

#[tokio::test]
async fn the_writer_sees_the_best_so_far_and_only_what_is_held_against_it() {
    let writer = Scripted::saying(&["a=0.8 b=1", "a=0.1 b=1", "a=1 b=1"]);
    let refinement = run([component("a"), component("b"), component("c")], "a=0.5 b=0", &writer).await;
    let last = &writer.requests()[2].messages;
    let [Message { role, content, .. }] = &last[..] else { panic!("{last:?}") };
    assert_eq!(role, "user");
    let expected = "the query\n\nPrevious answer:\n\na=0.8 b=1\n\nProblems found by graders:\n\n- a: a gives 0.8\n\n";
    assert!(content.starts_with(expected), "{content}");
    assert_eq!(
        refinement.notes_json(),
        Some(json!({"a": {"score": 0.5, "reason": "a gives 0.5"}, "b": {"score": 0.0, "reason": "b gives 0"}}))
    );
}

#[tokio::test]
async fn turns_before_the_query_stay_and_a_query_of_more_than_text_keeps_its_turn() {
    let mut history = sample("a=0.5");
    history.messages.insert(0, Message::system("be brief"));
    let mut picture = history.clone();
    picture.messages[1].extra.insert("name".to_owned(), json!("Ada"));
    for (sample, roles) in [(&history, vec!["system", "user"]), (&picture, vec!["system", "user", "assistant", "user"])]
    {
        let writer = Scripted::saying(&["a=1"]);
        refine(sample, &panel([component("a")]), &writer, &PATIENT).await;
        let asked = &writer.requests()[0].messages;
        assert_eq!(asked.iter().map(|turn| turn.role.as_str()).collect::<Vec<_>>(), roles);
        assert!(asked.last().unwrap().content.contains("- a: a gives 0.5"));
    }
}

#[tokio::test]
async fn a_model_error_ends_it_with_what_there_is() {
    let failure = |error: ModelError| Scripted::new([Ok("a=0.6".to_owned()), Err(error)]);
    for (error, stop) in [
        (ModelError::Unavailable("down".to_owned()), Stop::ModelError),
        (ModelError::Unauthorized("bad key".to_owned()), Stop::ModelError),
        (ModelError::Budget("spent".to_owned()), Stop::Budget),
    ] {
        let refinement = run([component("a")], "a=0.5", &failure(error.clone())).await;
        assert_eq!((refinement.stop, refinement.chosen), (stop, Some(1)));
        assert_eq!(refinement.to_json()["error"], json!(error.to_string()));
        assert_eq!(refinement.error, Some(error));
    }
    let unwritten = run([component("a")], "", &Scripted::saying(&[])).await;
    assert_eq!((unwritten.stop, unwritten.chosen, unwritten.assessment()), (Stop::ModelError, None, None));
}

#[tokio::test]
async fn one_candidate_that_fails_does_not_cost_the_others() {
    let settings = RefineSettings { candidates: 2, ..PATIENT };
    let refused = || Err(ModelError::Refused("no".to_owned()));
    let writer = Scripted::new([refused(), Ok("a=0.6".to_owned()), Ok("a=1".to_owned()), refused()]);
    let refinement = refine(&sample("a=0.5"), &panel([component("a")]), &writer, &settings).await;
    assert_eq!((refinement.stop, refinement.error), (Stop::Passed, None));
    let spent = ModelError::QuotaExhausted("none left".to_owned());
    let fatal = Scripted::new([Err(spent.clone()), Ok("a=0.6".to_owned()), Ok("a=1".to_owned()), Ok("a=1".to_owned())]);
    let refinement = refine(&sample("a=0.5"), &panel([component("a")]), &fatal, &settings).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.error), (Stop::ModelError, Some(1), Some(spent)));
}

#[tokio::test]
async fn what_another_response_cannot_change_is_not_refined() {
    for kind in ["invalid-sample", "invalid-params", "capability-denied", "model-failed"] {
        let writer = Scripted::saying(&["a=1"]);
        let refinement = run([component("a"), component("b")], &format!("a={kind} b=1"), &writer).await;
        assert_eq!((refinement.stop, writer.requests().len()), (Stop::Ungradable, 0), "{kind}");
    }
    for said in ["undecided", "grader-failed", "grader-limit", "judge-unparsable", "model-refused", "worker-died"] {
        let refinement = run([component("a")], &format!("a={said}"), &Scripted::saying(&["a=1"])).await;
        assert_eq!(refinement.stop, Stop::Passed, "{said}");
    }
    assert_eq!(outcome([component("a")], "no grader applies", &["a=1"]).await.1, Stop::Ungradable);
    assert_eq!(outcome([component("a")], "a=budget", &["a=1"]).await.1, Stop::Budget);
}

#[tokio::test]
async fn it_ends_when_only_what_no_response_can_change_is_left() {
    let members = [component("a"), component("b")];
    let (chosen, stop) = outcome(members, "a=0 b=invalid-sample", &["a=1 b=invalid-sample", "a=1 b=1"]).await;
    assert_eq!((chosen.as_str(), stop), ("a=1 b=invalid-sample", Stop::Ungradable));
}

#[tokio::test]
async fn scores_of_components_count_to_the_last_digit_and_those_of_judges_by_a_margin() {
    assert!(replaces([component("a")], "a=0.5", "a=0.501").await);
    assert!(!replaces([component("a")], "a=0.5", "a=0.5 other").await);
    assert!(!replaces([judge("a")], "a=0.5", "a=0.55").await);
    assert!(replaces([judge("a")], "a=0.5", "a=0.551").await);
    assert!(!replaces([component("a"), judge("b")], "a=0.5 b=0.5", "a=0.6 b=0.5").await);
    assert!(replaces([component("a"), ranker("l")], "a=0.5 l=1", "a=0.501 l=1").await);
}

#[tokio::test]
async fn required_graders_passed_come_before_the_score() {
    let members = || [judge("a"), judge("b").weighing(0.05)];
    assert!(!replaces(members(), "a=0.3 b=0.9", "a=0.5 b=0.1").await, "a higher score, but b passed before");
    assert!(replaces(members(), "a=0.6 b=0.1", "a=0.6 b=0.7").await, "a gain within the margin, but b passes now");
    let optional = || [judge("a"), judge("b").weighing(0.05).optional()];
    assert!(!replaces(optional(), "a=0.6 b=0.1", "a=0.6 b=0.7").await);
}

#[tokio::test]
async fn nothing_below_the_original_is_chosen_whatever_it_passes() {
    assert!(!replaces([component("a"), component("b")], "a=0.9 b=0.9", "a=1 b=0.1").await);
    let members = [component("a"), component("b").optional()];
    assert_eq!(outcome(members, "a=0.9 b=1", &["a=1 b=0"]).await, ("a=0.9 b=1".to_owned(), Stop::Rounds));
}

#[tokio::test]
async fn a_candidate_cannot_win_by_dodging_a_grader() {
    let members = || [component("a"), component("b")];
    for dodge in ["b=0.9", "a=undecided b=0.9", "a=grader-failed b=0.9"] {
        assert!(!replaces(members(), "a=0.1 b=0.5", dodge).await, "{dodge}");
    }
    for unscored in ["undecided", "grader-limit"] {
        assert!(!replaces(members(), &format!("a={unscored} b=0.5"), "b=1").await, "{unscored}");
    }
}

#[tokio::test]
async fn a_grader_that_does_not_concern_the_original_is_exempt() {
    let members = || [component("a"), component("b")];
    assert!(replaces(members(), "b=0.5", "b=0.6").await);
    let (chosen, _) = outcome(members(), "b=0.5", &["a=1 b=0.6", "b=0.7"]).await;
    assert_eq!(chosen, "b=0.7", "though the best until then was scored");
    assert!(!replaces(members(), "b=0.5", "a=1 b=0.5").await, "nothing is gained by what nobody asked for");
    assert!(!replaces(members(), "b=0.5", "a=0 b=0.9").await, "but it may be lost");
}

#[tokio::test]
async fn any_assessed_candidate_beats_an_original_with_an_error_but_not_one_that_nobody_can_tell() {
    assert!(replaces([component("a")], "a=grader-failed", "a=0").await);
    assert!(!replaces([component("a")], "a=grader-failed", "a=undecided").await);
    assert!(!replaces([component("a")], "a=undecided", "a=0.9").await, "it may have been right");
    assert!(replaces([component("a")], "a=undecided", "a=1").await);
    let members = || [component("a"), component("b")];
    assert!(replaces(members(), "a=grader-limit b=1", "a=0.9 b=1").await);
    assert!(!replaces(members(), "a=grader-limit b=1", "a=0.9 b=0.9").await);
}

#[tokio::test]
async fn listwise_graders_choose_among_all_attempts_until_the_rounds_are_over() {
    let settings = RefineSettings { rounds: 3, ..PATIENT };
    let writer = Scripted::saying(&["l=3", "l=5", "l=4"]);
    let refinement = refine(&sample("l=1"), &panel([ranker("l")]), &writer, &settings).await;
    assert_eq!((refinement.stop, refinement.chosen, refinement.rounds), (Stop::Rounds, Some(2), 3));
    let grades = refinement.assessment().unwrap().grades_json();
    assert_eq!(grades["l"]["ranks"], json!([4, 3, 1, 2]), "the last order of them all");
    let requests = writer.requests();
    let said = |index: usize| requests[index].messages.last().unwrap().content.clone();
    assert!(!said(0).contains("ordered"), "there is nothing to say of the order of one response: {}", said(0));
    assert_eq!(refinement.notes_json(), Some(json!({})));
    assert!(said(2).contains("- l, comparing 3 answers of which this is number 3: l ordered 3"), "{}", said(2));
}

#[tokio::test]
async fn a_listwise_tie_keeps_the_original_and_a_failed_order_the_best() {
    assert_eq!(outcome([ranker("l")], "l=1", &["l=1 other"]).await.0, "l=1");
    assert_eq!(outcome([ranker("l")], "l=1", &["l=2", "unordered"]).await.0, "l=2");
    assert_eq!(outcome([ranker("l")], "unordered", &["l=2"]).await, ("unordered".to_owned(), Stop::Rounds));
}

#[tokio::test]
async fn a_listwise_grader_may_refuse_a_single_response_but_not_several() {
    let writer = Scripted::saying(&["l=1", "l=2"]);
    let refinement = run([ranker("l")], "l=invalid-sample", &writer).await;
    assert_eq!((refinement.stop, refinement.rounds), (Stop::Ungradable, 1));
}

#[tokio::test]
async fn pointwise_graders_overrule_listwise_ones() {
    let members = || [component("a"), ranker("l")];
    assert!(!replaces(members(), "a=0.5 l=1", "a=0.4 l=2").await);
    assert!(replaces(members(), "a=0.5 l=1", "a=0.5 l=2").await);
    assert!(replaces(members(), "a=0.5 l=2", "a=0.6 l=1").await);
    assert_eq!(outcome(members(), "a=1 l=1", &["a=1 l=2"]).await, ("a=1 l=1".to_owned(), Stop::AlreadyPassing));
    let passed = run(members(), "a=0 l=1", &Scripted::saying(&["a=1 l=2"])).await;
    assert_eq!((passed.stop, passed.judge_usage().calls), (Stop::Passed, 1), "a response that passes needs no order");
}

#[tokio::test]
async fn the_record_has_everything_that_a_reader_of_the_row_needs() {
    let refinement = run([component("a"), judge("b")], "a=0.5 b=0.8", &Scripted::saying(&["a=1 b=0.8"])).await;
    let grade = |score: f64, pass: bool, reason: &str| json!({"outcome": "scored", "score": score, "value": score, "pass": pass, "reason": reason});
    let usage = |tokens: Option<[u32; 2]>, calls: u32| json!({"prompt_tokens": tokens.map(|[prompt, _]| prompt), "completion_tokens": tokens.map(|[_, completion]| completion), "calls": calls, "cost": null});
    let judged = || {
        let mut judged = grade(0.8, true, "b gives 0.8");
        judged["usage"] = usage(None, 1);
        judged
    };
    let mut total = usage(None, 3);
    total["writer"] = usage(Some([10, 5]), 1);
    total["graders"] = json!({"b": usage(None, 2)});
    let expected = json!({
        "stop": "passed",
        "chosen": 1,
        "rounds": 1,
        "attempts": [
            {
                "response": "a=0.5 b=0.8",
                "grades": {"a": grade(0.5, false, "a gives 0.5"), "b": judged()},
                "assessment": {"score": 0.65, "pass": false, "coverage": 1.0},
            },
            {
                "response": "a=1 b=0.8",
                "grades": {"a": grade(1.0, true, "a gives 1"), "b": judged()},
                "assessment": {"score": 0.9, "pass": true, "coverage": 1.0},
                "model": "m-1",
                "usage": usage(Some([10, 5]), 1),
            },
        ],
        "usage": total,
    });
    assert_eq!(refinement.to_json(), expected, "{:#}", refinement.to_json());
}

#[tokio::test]
async fn reasons_are_shown_to_the_writer_readable_and_not_too_long() {
    let mut sample = sample("a=0.5");
    sample.messages.clear();
    let long = panel([component("a")]);
    let mut attempt = Attempt::given("a=0.5");
    attempt.assessment = long.assess(&sample).await;
    let Some(grade) = attempt.assessment.grades.get_mut("a") else { panic!("graded") };
    let crate::score::Outcome::Scored(score) = &mut grade.outcome else { panic!("scored") };
    score.reason = format!("first\nsecond\u{1b}[31m{}", "é".repeat(5000));
    let messages = conversation::ask_for_better(&sample, Shown { attempt: &attempt, number: 0 }, &[], &long);
    let [Message { content, .. }] = &messages[..] else { panic!("one message where there is no conversation") };
    assert!(content.starts_with("Answer:\n\na=0.5\n\n") && content.contains("- a: first\n  second[31mé"), "{content}");
    assert!(content.contains("é [cut]\n") && content.chars().count() < 2300);
}

/// What is said of a response at random: anything, for some of the graders.
fn random_response(random: &mut StdRng, serial: u32) -> String {
    const SAID: [&str; 12] = [
        "0",
        "0.2",
        "0.4",
        "0.65",
        "0.7",
        "0.9",
        "1",
        "1",
        "undecided",
        "grader-failed",
        "judge-unparsable",
        "invalid-sample",
    ];
    let mut words = vec![format!("#{serial}")];
    for name in ["a", "b", "c", "l"] {
        if random.random_bool(0.85) {
            words.extend(SAID.choose(random).map(|said| format!("{name}={said}")));
        }
    }
    words.push(format!("f={}", random.random_range(0..9)));
    words.join(" ")
}

fn random_members(random: &mut StdRng) -> Vec<Member> {
    let weight = |random: &mut StdRng| [0.5, 1.0, 2.0][random.random_range(0..3)];
    let mut members = vec![component("a").weighing(weight(random)), judge("b").weighing(weight(random))];
    if random.random_bool(0.5) {
        members.push(component("c").optional());
    }
    if random.random_bool(0.3) {
        members.push(ranker("l"));
    }
    members.into_iter().skip(random.random_range(0..2)).collect()
}

#[tokio::test]
async fn whatever_is_said_the_chosen_response_is_never_worse_than_the_original() {
    let (mut rewritten, mut passed, mut preferred) = (0, 0, 0);
    for seed in 0..3000 {
        let mut random = StdRng::seed_from_u64(seed);
        let panel = panel(random_members(&mut random));
        let answers: Vec<String> = (1..20).map(|serial| random_response(&mut random, serial)).collect();
        let writer = Scripted::new(answers.into_iter().map(Ok));
        let settings = RefineSettings {
            rounds: random.random_range(0..5),
            candidates: random.random_range(0..4),
            patience: random.random_range(0..4),
            ..PATIENT
        };
        let original = random_response(&mut random, 0);
        let judge = ranker("f");
        let final_judge = random.random_bool(0.5).then_some(&judge);
        let refiner = Refiner { writer: &writer, final_judge, settings: &settings };
        let refinement = super::refine(&sample(&original), &panel, refiner).await;
        let record = refinement.to_json();
        preferred += u32::from(record["final"].get("preferred").is_some());
        check_promises(&panel, &refinement, &settings);
        rewritten += u32::from(refinement.is_rewritten());
        passed += u32::from(record["stop"] == "passed");
    }
    let reached = (rewritten > 300, passed > 100, preferred > 20);
    assert_eq!(
        reached,
        (true, true, true),
        "the cases reach what they are to check: {rewritten}, {passed}, {preferred}"
    );
}

fn check_promises(panel: &Panel, refinement: &Refinement, settings: &RefineSettings) {
    let context = || format!("{:#}", refinement.to_json());
    let (original, chosen) = (&refinement.attempts[0].assessment, refinement.assessment().unwrap());
    let mut passed = (0, 0);
    let mut has_gaps = false;
    for member in panel.of_mode(Mode::Pointwise).members() {
        for attempt in &refinement.attempts {
            assert!(attempt.assessment.grades.contains_key(&member.name), "an attempt was not graded: {}", context());
        }
        let (before, after) = (&original.grades[&member.name], &chosen.grades[&member.name]);
        assert!(before.score().is_none() || after.score().is_some(), "a grader was dodged: {}", context());
        assert!(!after.is_not_applicable() || before.is_not_applicable(), "a grader was dodged: {}", context());
        has_gaps |= before.score().is_none() && !before.is_not_applicable();
        passed.0 += u32::from(member.required && before.pass == Some(true));
        passed.1 += u32::from(member.required && after.pass == Some(true));
    }
    assert!(passed.1 >= passed.0, "fewer graders pass: {}", context());
    if let (Some(before), false) = (original.score, has_gaps) {
        assert!(chosen.score.is_some_and(|after| after >= before), "the score fell: {}", context());
    }
    assert_eq!(
        chosen.pass == Some(true),
        matches!(refinement.stop, Stop::AlreadyPassing | Stop::Passed),
        "{}",
        context()
    );
    assert!(refinement.rounds <= settings.rounds && refinement.to_json()["chosen"] != Value::Null);
}
