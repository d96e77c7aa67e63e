//! Judges of several votes and models, and what their errors mean for a row, through the binary.

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, grade, rows},
};

fn says(score: u32) -> (u16, Value) {
    (200, completion(&json!({"reason": format!("it is a {score}"), "score": score}).to_string()))
}

fn refuses() -> (u16, Value) {
    let mut reply = completion("");
    reply["choices"][0]["message"] = json!({"role": "assistant", "content": null, "refusal": "no"});
    (200, reply)
}

/// One row, graded with this configuration and `{url}` for the endpoint.
fn graded(endpoint: &Scripted, config: &str, status: i32) -> Value {
    let bench = Bench::new();
    bench.write("gradebox.toml", config.replace("{url}", &endpoint.url));
    let (ran, mut graded) = bench.grade(&[json!({"id": 1, "query": "q", "response": "r"})], &["--no-cache"]);
    ran.expect_status(status);
    graded.remove(0)
}

const PANEL: &str = "[models.a]\nbase_url = \"{url}\"\n[models.b]\nbase_url = \"{url}\"\n[models.c]\nbase_url = \"{url}\"\n\
                     [graders.helpfulness]\nmodels = [\"a\", \"b\", \"c\"]\n";

/// An endpoint at which the models say these scores, and none is a refusal.
fn models(say: fn(&str) -> Option<u32>) -> Scripted {
    Scripted::start(move |body| say(body["model"].as_str().unwrap_or_default()).map_or_else(refuses, says))
}

#[test]
fn several_models_vote_and_their_disagreement_and_usage_are_told() {
    let endpoint = models(|model| {
        Some(if model == "a" {
            5
        } else if model == "b" {
            2
        } else {
            3
        })
    });
    let row = graded(&endpoint, PANEL, 0);
    let verdict = grade(&row, "helpfulness");
    assert_eq!(
        (&verdict["value"], &verdict["pass"], &verdict["reason"]),
        (&json!(3.0), &json!(false), &json!("it is a 3"))
    );
    let details = &verdict["details"];
    assert_eq!((&details["spread"], details["variance"].as_f64()), (&json!(3), Some(1.555_555_555_556)));
    let mut votes: Vec<_> = details["votes"].as_array().expect("votes").iter().filter_map(Value::as_u64).collect();
    votes.sort_unstable();
    assert_eq!(votes, [2, 3, 5]);
    for (model, vote) in [("a", 5), ("b", 2), ("c", 3)] {
        let own = &details["models"][model];
        assert_eq!((&own["votes"], &own["usage"]["calls"]), (&json!([vote]), &json!(1)), "{details}");
    }
    assert_eq!(verdict["usage"]["prompt_tokens"], json!(30));
}

#[test]
fn a_model_that_fails_counts_against_the_quorum_and_a_score_is_never_made_up() {
    let one_fails = models(|model| (model != "b").then_some(4));
    let verdict = grade(&graded(&one_fails, &format!("{PANEL}early_stop = false\n"), 0), "helpfulness").clone();
    assert_eq!((&verdict["value"], &verdict["details"]["models"]["b"]["failed_votes"]), (&json!(4.0), &json!(1)));
    for config in [format!("{PANEL}quorum = 3\n"), format!("{PANEL}quorum = 3\naggregate = \"mean\"\n")] {
        let row = graded(&one_fails, &config, 1);
        let verdict = grade(&row, "helpfulness");
        assert_eq!((&verdict["outcome"], &verdict["kind"]), (&json!("error"), &json!("model-refused")));
        assert!(
            verdict["reason"].as_str().is_some_and(|reason| reason.contains("the quorum is 3: `b`: ")),
            "{verdict}"
        );
        assert!(verdict.get("score").is_none() && row["assessment"].get("score").is_none(), "{row}");
    }
}

#[test]
fn a_model_of_a_panel_that_is_out_of_reach_does_not_end_the_run() {
    let bench = Bench::new();
    let endpoint =
        Scripted::start(
            |body| if body["model"] == "b" { (503, json!({"error": {"message": "down"}})) } else { says(4) },
        );
    let config = PANEL.replace("[models.b]\n", "[models.b]\nmax_retries = 0\n");
    bench.write("gradebox.toml", config.replace("{url}", &endpoint.url));
    let all: Vec<Value> = (0..30).map(|id| json!({"id": id, "query": "q", "response": format!("r{id}")})).collect();
    let (ran, graded) = bench.grade(&all, &["--no-cache"]);
    ran.expect_status(0);
    assert_eq!(graded.len(), 30);
    assert!(graded.iter().all(|row| grade(row, "helpfulness")["value"] == json!(4.0)), "{}", graded[0]);
}

#[test]
fn without_a_majority_a_judge_is_undecided() {
    let endpoint = models(|model| {
        Some(if model == "a" {
            5
        } else if model == "b" {
            2
        } else {
            3
        })
    });
    let row = graded(&endpoint, &format!("{PANEL}aggregate = \"majority\"\n"), 0);
    let verdict = grade(&row, "helpfulness");
    assert_eq!(verdict["outcome"], "undecided", "{verdict}");
    assert_eq!((row["assessment"].get("score"), &row["assessment"]["pass"]), (None, &json!(false)));
}

#[test]
fn a_policy_says_what_an_error_means_for_the_row_and_export_finds_what_is_for_review() {
    let endpoint = Scripted::saying("banana");
    let config = |policy: &str| {
        format!("[models.m]\nbase_url = \"{{url}}\"\n[graders.syntax]\n[graders.helpfulness]\n{policy}\n")
    };
    for (policy, pass) in
        [("", false), ("on_error = \"fail\"", false), ("on_error = \"skip\"", true), ("on_error = \"review\"", false)]
    {
        let bench = Bench::new();
        bench.write("gradebox.toml", config(policy).replace("{url}", &endpoint.url));
        let row = json!({"id": 1, "query": "q", "response": "```python\nx = 1\n```"});
        let (ran, graded) = bench.grade(&[row], &["--no-cache"]);
        ran.expect_status(1);
        let assessment = &graded[0]["assessment"];
        assert_eq!((&assessment["pass"], assessment["coverage"].as_f64()), (&json!(pass), Some(0.5)), "{policy}");
        assert_eq!(grade(&graded[0], "helpfulness")["kind"], "judge-unparsable");
        let review = rows(&bench.run(&["export", "graded.jsonl", "--to", "review"]).expect_status(0).stdout);
        let why = review[0]["why"].to_string();
        assert_eq!(why.contains("to be reviewed"), policy.contains("review"), "{why}");
    }
}

#[test]
fn a_judge_is_asked_again_with_another_seed_where_its_errors_are_retried() {
    // The first two seeds come to nothing, each asked twice; the third is readable.
    let endpoint = Scripted::start(|body| if body["seed"] == json!(2) { says(5) } else { (200, completion("banana")) });
    let config = |policy: &str| format!("[models.m]\nbase_url = \"{{url}}\"\n[graders.helpfulness]\n{policy}\n");
    let row = graded(&endpoint, &config("on_error = \"retry\"\nretries = 2"), 0);
    let verdict = grade(&row, "helpfulness");
    assert_eq!((&verdict["value"], &verdict["usage"]["calls"]), (&json!(5.0), &json!(5)), "{verdict}");
    let row = graded(&endpoint, &config("on_error = \"retry\"\nretries = 1"), 1);
    assert_eq!(grade(&row, "helpfulness")["kind"], "judge-unparsable");
}

#[test]
fn what_cannot_be_meant_is_said_before_the_first_row() {
    let endpoint = Scripted::saying("unused");
    for (config, parts) in [
        ("[graders.helpfulness]\nmodel = \"a\"\nmodels = [\"b\"]\n", &["both `model` and `models`"][..]),
        ("[graders.helpfulness]\nmodels = [\"a\", \"a\"]\n", &["has `a` twice"]),
        (
            "[graders.helpfulness]\nmodels = [\"a\", \"b\"]\nquorum = 3\n",
            &["quorum = 3, of 2 votes", "[graders.helpfulness]"],
        ),
        (
            "[graders.helpfulness]\nmodel = \"a\"\nretries = 3\n",
            &["`retries` in [graders.helpfulness]", "on_error = \"retry\""],
        ),
        ("[graders.helpfulness]\nmodel = \"a\"\non_error = \"ignore\"\n", &["gradebox.toml:3:12", "ignore", "`skip`"]),
        ("[graders.syntax]\nquorum = 1\n", &["`quorum` in [graders.syntax] is of judges only"]),
        (
            "[graders.syntax]\n[refine]\nmodel = \"a\"\nfinal = \"qualty\"\n",
            &["unknown final judge `qualty`", "did you mean `quality`?"],
        ),
        (
            "[graders.syntax]\n[refine]\nmodel = \"a\"\nfinal = \"math\"\n",
            &["`final` in [refine]: `math` judges one response"],
        ),
        ("[graders.syntax]\n[refine]\nmodel = \"a\"\ntemperature = []\n", &["the list is empty", "gradebox.toml:4:15"]),
        ("[graders.syntax]\n[refine]\nmodel = \"a\"\ntemperature = [0.5, -1]\n", &["`temperature` in [refine] is -1"]),
    ] {
        let bench = Bench::new().with("OPENAI_BASE_URL", &endpoint.url);
        bench.write("gradebox.toml", config);
        bench.write_rows("rows.jsonl", &[json!({"query": "q", "response": "r"})]);
        let ran = bench.run(&["refine", "rows.jsonl", "--model", "a", "-o", "out.jsonl"]);
        ran.expect_status(2).expect_stderr(parts);
    }
    assert_eq!(endpoint.requests(), 0);
}
