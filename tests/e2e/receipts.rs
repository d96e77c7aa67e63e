//! Where grades come from, their receipts, and `gradebox verify`, which finds what was changed since.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::{
    crafted::Craft,
    endpoint::{Scripted, completion},
    support::{Bench, Ran, grade, root},
};

const ARGUMENTS: &[&str] = &["--deterministic", "--receipts"];

fn program(id: &str, body: &str) -> Value {
    json!({"id": id, "query": "Write f.", "response": format!("```python\ndef f(n):\n    return {body}\n```"),
           "tests": {"fn_name": "f", "inputs": [[2], [3]], "outputs": [4, 9]}})
}

fn equation(id: &str, response: &str) -> Value {
    json!({"id": id, "query": "Solve for x: 2x + 5 = 15", "response": response, "tests": ["assert x == 5"]})
}

/// Rows that `math` and `code-execution` score, cannot tell of, and cannot be shown.
fn rows() -> Vec<Value> {
    vec![
        program("right", "n * n"),
        program("wrong", "n * 2"),
        program("raises", "n / 0"),
        equation("solved", "x = 5"),
        equation("unsolved", "2x = 20, so\nx = 10"),
    ]
}

/// Graded rows with receipts.
fn with_receipts(bench: &Bench, more: &[&str]) -> Vec<Value> {
    let all = [&["-g", "math", "-g", "code-execution"], ARGUMENTS, more].concat();
    let (ran, graded) = bench.grade(&rows(), &all);
    assert!(ran.status < 2, "{}", ran.stderr);
    graded
}

fn verify(bench: &Bench, results: &str, more: &[&str]) -> Ran {
    bench.run(&[&["verify", results, "--all"], more].concat())
}

/// What `verify` finds in rows, each as `ID GRADER: what, what`.
fn found(bench: &Bench, rows: &[Value]) -> Vec<String> {
    bench.write_rows("changed.jsonl", rows);
    let ran = verify(bench, "changed.jsonl", &["--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let one = |finding: &Value| {
        let whats =
            finding["differs"].as_array().unwrap().iter().map(|difference| difference["what"].as_str().unwrap());
        let attempt = finding.get("attempt").map_or_else(String::new, |attempt| format!(" attempt {attempt}"));
        let whats = whats.collect::<Vec<_>>().join(", ");
        format!("{}{attempt} {}: {whats}", finding["id"].as_str().unwrap(), finding["grader"].as_str().unwrap())
    };
    let mut all: Vec<String> = report["differ"].as_array().unwrap().iter().map(one).collect();
    let missing = report["without_receipt"].as_array().unwrap().iter();
    all.extend(
        missing.map(|missing| format!("without: {} of {}", missing["grades"], missing["grader"].as_str().unwrap())),
    );
    assert_eq!(ran.status, i32::from(!all.is_empty()), "{}\n{}", ran.stdout, ran.stderr);
    all
}

#[test]
fn every_grade_says_who_gave_it() {
    let bench = Bench::new();
    let endpoint = Scripted::saying(r#"{"reason": "fine", "score": 5}"#);
    bench.write(
        "gradebox.toml",
        format!("[models.small]\nbase_url = \"{}\"\nmodel = \"tiny-1b\"\n[graders.sums]\ncomponent = \"math\"\n\
                 [graders.helpfulness]\nmodel = \"small\"\n[graders.own]\nmodel = \"small\"\nscale = [1, 5]\n\
                 template = \"Judge {{response}}.\"\n[graders.never]\ncomponent = \"syntax\"\nwhen = {{ id = \"x\" }}\n", endpoint.url),
    );
    let (ran, graded) = bench.grade(&[equation("solved", "x = 5")], &["--no-cache"]);
    ran.expect_status(0);
    let who = |name: &str| grade(&graded[0], name)["grader"].as_str().unwrap_or_default().to_owned();
    let words = |name: &str| who(name).split(' ').map(str::to_owned).collect::<Vec<_>>();
    let listed = bench.run(&["graders", "--json"]).expect_status(0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let math = listed["graders"].as_array().unwrap().iter().find(|entry| entry["name"] == "math").unwrap();
    let digest = format!("sha256:{}", &math["digest"].as_str().unwrap()[..16]);
    assert_eq!(words("sums")[..3], ["math".to_owned(), math["version"].as_str().unwrap().to_owned(), digest]);
    assert!(who("sums").contains(" wasmtime 48."), "{}", who("sums"));
    assert_eq!(words("helpfulness")[0], "judge:helpfulness");
    assert_eq!(
        (words("own")[0].as_str(), &words("own")[2..]),
        ("judge:template", &["small".to_owned(), "(tiny-1b)".to_owned()][..])
    );
    assert!(words("own")[1].starts_with("sha256:") && words("own")[1] != words("helpfulness")[1], "{graded:?}");
    assert!(grade(&graded[0], "never").get("grader").is_none(), "nobody was asked: {}", graded[0]);
    assert!(grade(&graded[0], "sums").get("receipt").is_none(), "receipts are made where they are asked for");
}

#[test]
fn receipts_are_the_same_each_time_and_hold() {
    let bench = Bench::new();
    let one = with_receipts(&bench, &["--jobs", "1"]);
    let text = fs::read(bench.path("graded.jsonl")).unwrap();
    let two = with_receipts(&bench, &["--jobs", "2"]);
    assert_eq!(one, two, "fuel and everything else");
    assert_eq!(text, fs::read(bench.path("graded.jsonl")).unwrap());
    let receipt = &grade(&one[1], "code-execution")["receipt"];
    for fuel in ["fuel", "program_fuel"] {
        assert!(receipt[fuel].as_u64().is_some_and(|fuel| fuel > 1_000), "{receipt}");
    }
    assert!(receipt["runtimes"]["python"].as_str().is_some_and(|digest| digest.len() == 71), "{receipt}");
    let ran = verify(&bench, "graded.jsonl", &[]).expect_status(0);
    assert!(
        ran.stdout.starts_with("5 of 5 rows with receipts graded again: 10 grades came out the same, 0 not"),
        "{}",
        ran.stdout
    );
}

/// A change of graded rows, and what is found of it.
type Tampering = (&'static str, fn(&mut Vec<Value>), &'static [&'static str]);

const TAMPERINGS: &[Tampering] = &[
    ("nothing", |_| (), &[]),
    ("a score", |rows| rows[4]["grades"]["math"]["score"] = json!(1.0), &["unsolved math: score, receipt.outcome"]),
    (
        "a reason",
        |rows| rows[1]["grades"]["code-execution"]["reason"] = json!("fine"),
        &["wrong code-execution: reason, receipt.outcome"],
    ),
    (
        "evidence",
        |rows| rows[1]["grades"]["code-execution"]["details"]["passed"] = json!(2),
        &["wrong code-execution: details, receipt.outcome"],
    ),
    (
        "a response",
        |rows| rows[4]["response"] = json!("x = 5"),
        &["unsolved code-execution: sample", "unsolved math: sample"],
    ),
    ("a test", |rows| rows[1]["tests"]["outputs"] = json!([4, 6]), &["wrong code-execution: sample"]),
    (
        "an undecided one that becomes a score",
        |rows| {
            let receipt = rows[0]["grades"]["math"]["receipt"].clone();
            let score = json!({"outcome": "scored", "score": 1.0, "value": 1.0, "pass": true, "reason": "", "receipt": receipt});
            rows[0]["grades"]["math"] = score;
        },
        &["right math: outcome, score, value, reason, receipt.outcome"],
    ),
    (
        "the grade of another row, receipt and all",
        |rows| rows[4]["grades"]["math"] = rows[3]["grades"]["math"].clone(),
        &["unsolved math: sample"],
    ),
    (
        "the grade of another row, with the receipt made to fit the sample",
        |rows| {
            let sample = rows[4]["grades"]["math"]["receipt"]["sample"].clone();
            rows[4]["grades"]["math"] = rows[3]["grades"]["math"].clone();
            rows[4]["grades"]["math"]["receipt"]["sample"] = sample;
        },
        &["unsolved math: score, value, reason, details, receipt.fuel"],
    ),
    (
        "the digest of the outcome",
        |rows| rows[3]["grades"]["math"]["receipt"]["outcome"] = json!("00000000000000000000000000000000"),
        &["solved math: receipt.outcome"],
    ),
    ("the fuel", |rows| rows[3]["grades"]["math"]["receipt"]["fuel"] = json!(7), &["solved math: receipt.fuel"]),
    (
        "the parameters",
        |rows| rows[1]["grades"]["code-execution"]["receipt"]["params"] = json!({"timeout_ms": 0.5}),
        &[
            "wrong code-execution: outcome, score, value, reason, details, kind, retryable, receipt.runtimes, receipt.fuel, receipt.program_fuel",
        ],
    ),
    (
        "a receipt that is gone",
        |rows| drop(rows[4]["grades"]["math"].as_object_mut().unwrap().remove("receipt")),
        &["without: 1 of math"],
    ),
    (
        "a receipt that is none",
        |rows| rows[4]["grades"]["math"]["receipt"] = json!({"sample": 3}),
        &["without: 1 of math"],
    ),
    (
        "a component's grade that is said to be a judge's",
        |rows| {
            let grade = json!({"outcome": "scored", "score": 1.0, "value": 5.0, "pass": true, "reason": "", "grader": "judge:quality sha256:00 m"});
            rows[4]["grades"]["math"] = grade;
        },
        &["without: 1 of math"],
    ),
    (
        "what no receipt covers",
        |rows| {
            rows[0]["note"] = json!("a column that no grader reads");
            rows[0].as_object_mut().unwrap().remove("assessment");
        },
        &[],
    ),
];

#[test]
fn what_was_changed_after_grading_is_found() {
    let bench = Bench::new();
    let graded = with_receipts(&bench, &[]);
    for (what, tamper, expected) in TAMPERINGS {
        let mut rows = graded.clone();
        tamper(&mut rows);
        assert_eq!(found(&bench, &rows), *expected, "{what}");
    }
}

#[test]
fn changed_grades_are_found_in_rows_outside_the_sample_too() {
    let bench = Bench::new();
    let mut rows = with_receipts(&bench, &[]);
    rows[4]["grades"]["math"]["score"] = json!(1.0);
    bench.write_rows("changed.jsonl", &rows);
    let chosen = |seed: &str| {
        let ran = bench.run(&["verify", "changed.jsonl", "--sample", "1", "--seed", seed]).expect_status(1);
        assert!(
            ran.stdout.contains("row 5 (id \"unsolved\"), grader `math`\n  score is 1.0 in the row, and 0.0"),
            "{}",
            ran.stdout
        );
        ran.stdout
    };
    assert_eq!(chosen("1"), chosen("1"));
    assert!(chosen("1").contains("--seed 1 chooses the same rows again"));
}

#[test]
fn formats_of_files_make_no_difference() {
    let bench = Bench::new();
    with_receipts(&bench, &[]);
    for format in ["json", "parquet", "jsonl.zst"] {
        let output = format!("graded.{format}");
        let all = ["grade", "rows.jsonl", "-g", "math", "-g", "code-execution", "--receipts", "-o", &output];
        assert!(bench.run(&all).status < 2);
        let ran = verify(&bench, &output, &[]).expect_status(0);
        assert!(ran.stdout.contains("10 grades came out the same"), "{format}: {}", ran.stdout);
    }
    bench.write("rows.csv", "query,response\nSolve for x: 2x + 5 = 15,x = 5\nSolve for x: 2x = 4,x = 3\n");
    bench.run(&["grade", "rows.csv", "-g", "math", "--receipts", "-o", "graded.csv"]).expect_status(0);
    verify(&bench, "graded.csv", &[]).expect_status(0);
    let text = fs::read_to_string(bench.path("graded.csv")).unwrap();
    bench.write("changed.csv", text.replace("x = 3", "x = 2"));
    assert!(verify(&bench, "changed.csv", &[]).expect_status(1).stdout.contains("is not what was graded"));
}

#[test]
fn the_directory_of_a_run_knows_what_a_file_does_not() {
    let bench = Bench::new();
    let rows = [
        json!({"frage": "Solve for x: 2x + 5 = 15", "antwort": "x = 5"}),
        json!({"frage": "Solve for x: 3x = 6", "antwort": "x = 2"}),
        json!({"frage": "Solve for x: 4x = 8", "antwort": "x = 1", "n": 3}),
    ];
    bench.write_rows("rows.jsonl", &rows);
    let arguments = [
        "grade",
        "rows.jsonl",
        "-g",
        "math",
        "--map",
        "query=frage",
        "--map",
        "response=antwort",
        "--receipts",
        "--shard",
        "1/2",
        "--run",
        "run",
        "-o",
        "graded.jsonl",
    ];
    bench.run(&arguments).expect_status(0);
    // Rows without ids, by their numbers in the dataset, and mapped columns: from the directory, and from the file.
    for results in ["run", "graded.jsonl"] {
        let ran = verify(&bench, results, &[]).expect_status(0);
        assert!(ran.stdout.contains("2 grades came out the same"), "{results}: {}", ran.stdout);
    }
    // Only the run knows what passes.
    let path = bench.path("run/results.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"pass\":false,\"reason\"", "\"pass\":true,\"reason\"")).unwrap();
    let ran = verify(&bench, "run", &[]).expect_status(1);
    assert!(ran.stdout.contains("pass is true in the row, and false when graded again"), "{}", ran.stdout);
    // A run goes on only with the receipts that it began with.
    let resumed =
        [&arguments[..6], &["--map", "response=antwort", "--shard", "1/2", "--run", "run", "--resume"]].concat();
    bench.run(&resumed).expect_status(2).expect_stderr(&["receipts was true"]);
}

#[test]
fn a_component_is_found_by_its_content_and_is_missed_by_name() {
    let bench = Bench::new();
    let craft = |summary: &str| Craft { summary: summary.to_owned(), ..Craft::default() }.component();
    bench.write("own/crafted.wasm", craft("The first."));
    let rows = [json!({"id": "a", "query": "q", "response": "r"})];
    let (ran, _) = bench.grade(&rows, &["--graders", "own", "-g", "crafted", "--receipts"]);
    ran.expect_status(0);
    verify(&bench, "graded.jsonl", &["--graders", "own"]).expect_status(0);
    let ran = verify(&bench, "graded.jsonl", &[]).expect_status(1);
    assert!(
        ran.stdout.contains("for want of the component sha256:") && ran.stdout.contains("--graders"),
        "{}",
        ran.stdout
    );
    // A newer one of the same name comes first; the older one is still there, and is what is run.
    fs::rename(bench.path("own/crafted.wasm"), bench.path("own/old.wasm")).unwrap();
    bench.write("own/crafted.wasm", craft("The second."));
    let ran = verify(&bench, "graded.jsonl", &["--graders", "own"]).expect_status(0);
    assert!(ran.stdout.contains("1 grade came out the same"), "{}", ran.stdout);
}

#[test]
fn attempts_of_a_refinement_are_graded_again() {
    let bench = Bench::new();
    let endpoint = Scripted::start(|_| (200, completion("x = 5")));
    // The answer of the second stands at the end of its conversation.
    let turns =
        json!([{"role": "user", "content": "Solve for x: 2x + 5 = 15"}, {"role": "assistant", "content": "x = 7"}]);
    for rows in [vec![equation("unsolved", "x = 10")], vec![json!({"id": "unsolved", "messages": turns})]] {
        bench.write_rows("rows.jsonl", &rows);
        bench
            .run(&[
                "refine",
                "rows.jsonl",
                "-g",
                "math",
                "--receipts",
                "--model",
                "m",
                "--base-url",
                &endpoint.url,
                "-o",
                "refined.jsonl",
            ])
            .expect_status(0);
        let mut refined = bench.read_rows("refined.jsonl");
        assert_eq!(refined[0]["refinement"]["stop"], "passed");
        let ran = verify(&bench, "refined.jsonl", &[]).expect_status(0);
        assert!(ran.stdout.contains("2 grades came out the same"), "{}", ran.stdout);
        refined[0]["refinement"]["attempts"][0]["response"] = json!("x = 5");
        assert_eq!(found(&bench, &refined), ["unsolved attempt 0 math: sample"]);
        refined[0]["response"] = json!("x = 6");
        assert_eq!(found(&bench, &refined), ["unsolved math: sample", "unsolved attempt 0 math: sample"]);
    }
}

#[test]
fn what_comes_of_models_is_not_graded_again_and_that_is_said() {
    let bench = Bench::new();
    let endpoint = Scripted::saying(r#"{"reason": "fine", "score": 5}"#);
    let arguments = ["--receipts", "-g", "math", "-g", "helpfulness", "--model", "m", "--base-url", &endpoint.url];
    let (ran, _) = bench.grade(&[equation("solved", "x = 5")], &arguments);
    ran.expect_status(0);
    let ran = verify(&bench, "graded.jsonl", &[]).expect_status(0);
    assert!(ran.stdout.contains("not graded again: 1 grade of judges (`helpfulness`)"), "{}", ran.stdout);
    let (ran, _) = bench.grade(&[equation("solved", "x = 5")], &["-g", "math"]);
    ran.expect_status(0);
    verify(&bench, "graded.jsonl", &[])
        .expect_status(2)
        .expect_stderr(&["no grade in graded.jsonl has a receipt", "--receipts"]);
    verify(&bench, "rows.jsonl", &[]).expect_status(2);
}

#[test]
fn the_grades_of_a_component_that_asked_models_are_told_apart() {
    let bench = Bench::new();
    let endpoint = Scripted::start(|body| {
        let asks = body["messages"][0]["content"].as_str().unwrap();
        let answer = if asks.contains("<text>") { json!({"claims": ["one"]}) } else { json!({"supported": true}) };
        (200, completion(&answer.to_string()))
    });
    let built = crate::support::root().join("target/examples/graders/supported-claims.wasm");
    bench.write("own/supported-claims.wasm", fs::read(built).expect("run `make graders` first"));
    bench.write(
        "gradebox.toml",
        format!(
            "[models.small]\nbase_url = \"{}\"\n[graders.supported-claims]\nroles = {{ judge = \"small\" }}\n",
            endpoint.url
        ),
    );
    let (ran, mut graded) = bench.grade(
        &[json!({"id": "a", "response": "one", "context": "C"})],
        &["--graders", "own", "--receipts", "--no-cache"],
    );
    ran.expect_status(0);
    assert_eq!(grade(&graded[0], "supported-claims")["receipt"]["model_calls"], 2);
    let ran = verify(&bench, "graded.jsonl", &["--graders", "own"]).expect_status(0);
    assert!(ran.stdout.contains("not graded again: 1 grade that went by answers of models"), "{}", ran.stdout);
    // Changed by hand, it is found all the same.
    graded[0]["grades"]["supported-claims"]["score"] = json!(0.0);
    assert_eq!(found(&bench, &graded), ["a supported-claims: receipt.outcome"]);
}

#[test]
fn long_parameters_are_looked_up_in_the_run() {
    let bench = Bench::new();
    bench.write("own/crafted.wasm", Craft::default().component());
    bench.write_rows("rows.jsonl", &[json!({"id": "a", "query": "q", "response": "r"})]);
    let grader = format!("crafted:{{\"words\": \"{}\"}}", "x".repeat(2000));
    let arguments =
        ["grade", "rows.jsonl", "--graders", "own", "-g", &grader, "--receipts", "--run", "run", "-o", "graded.jsonl"];
    bench.run(&arguments).expect_status(0);
    verify(&bench, "run", &["--graders", "own"]).expect_status(0);
    bench.write("gradebox.toml", "[sandbox]\ngraders = [\"own\"]\n");
    verify(&bench, "run", &[]).expect_status(0);
    let ran = verify(&bench, "graded.jsonl", &["--graders", "own"]).expect_status(1);
    assert!(ran.stdout.contains("for want of the parameters of `crafted`; the directory of the run"), "{}", ran.stdout);
}

#[test]
fn orders_of_responses_are_made_again() {
    let bench = Bench::new();
    let craft = Craft { listwise: true, ..Craft::default() };
    bench.write("own/crafted.wasm", craft.component());
    let own = ["--graders", "own", "-g", "crafted", "--receipts"];
    let (ran, mut graded) = bench.grade(&[json!({"id": "a", "query": "q", "responses": ["x", "y", "z"]})], &own);
    ran.expect_status(0);
    assert_eq!(grade(&graded[0], "crafted")["ranks"], json!([1, 1, 1]));
    verify(&bench, "graded.jsonl", &["--graders", "own"]).expect_status(0);
    bench.write("gradebox.toml", "[sandbox]\ngraders = [\"own\"]\n");
    graded[0]["grades"]["crafted"]["ranks"] = json!([2, 1, 2]);
    assert_eq!(found(&bench, &graded), ["a crafted: ranks, receipt.outcome"]);
    // A refinement orders what there is by the end of each round.
    let count = AtomicUsize::new(7);
    let endpoint =
        Scripted::start(move |_| (200, completion(&format!("x = {}", count.fetch_add(1, Ordering::SeqCst)))));
    bench.write_rows("rows.jsonl", &[equation("unsolved", "x = 6")]);
    let refine =
        ["refine", "rows.jsonl", "-g", "math", "--model", "m", "--base-url", &endpoint.url, "-o", "refined.jsonl"];
    bench.run(&[&refine[..], &own[2..], &["--no-cache"]].concat()).expect_status(0);
    let mut refined = bench.read_rows("refined.jsonl");
    let attempts = refined[0]["refinement"]["attempts"].as_array().unwrap();
    let ranked = attempts.iter().filter(|attempt| attempt["grades"]["crafted"]["receipt"].is_object()).count();
    assert!(2 < attempts.len() && 1 < ranked, "{}", refined[0]);
    assert_eq!(found(&bench, &refined), [""; 0]);
    refined[0]["refinement"]["attempts"][0]["response"] = json!("x = 60");
    let all = found(&bench, &refined);
    assert!(all.iter().any(|one| one.ends_with("crafted: sample")), "{all:?}");
}

#[test]
fn a_runtime_of_one_s_own_comes_before_the_built_in_one() {
    let bench = Bench::new();
    let row = json!({"id": "square", "query": "Write f.", "response": "```javascript\nfunction f(n) { return n * n }\n```",
                     "tests": {"fn_name": "f", "inputs": [[2]], "outputs": [4]}});
    let used = |more: &[&str]| {
        let all = [&["-g", "code-execution", "--receipts"], more].concat();
        let (ran, graded) = bench.grade(std::slice::from_ref(&row), &all);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        grade(&graded[0], "code-execution")["receipt"]["runtimes"]["javascript"].as_str().map(str::to_owned)
    };
    // The same runtime, with a custom section that says `mine`.
    let mut own = fs::read(root().join("target/graders/runtimes/javascript.wasm")).unwrap();
    own.extend([0, 5, 4, b'm', b'i', b'n', b'e']);
    let own = bench.write("mine.wasm", own);
    let (built_in, mine) = (used(&[]), used(&["--graders", own.to_str().unwrap()]));
    assert!(built_in.is_some());
    assert!(mine.is_some() && mine != built_in, "{mine:?}");
}
