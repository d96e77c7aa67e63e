//! What endpoints do wrong, and what stands around them, through the binary: keys, certificates, HTTP/2, proxies,
//! several endpoints, overload, deadlines. What a single call does about each fault is in `host/src/llm/tests.rs`.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, grade, root},
};

const KEY: &str = "sk-hush/0123456789+abcdef";

fn verdict() -> Value {
    completion(&json!({"reason": "fine", "score": 5}).to_string())
}

fn question(id: usize) -> Value {
    json!({"id": id, "query": format!("q{id}"), "response": "r"})
}

/// Every file under a folder that holds the key, or the second half of it.
fn with_key(folder: &Path) -> Vec<String> {
    let half = &KEY.as_bytes()[KEY.len() / 2..];
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(with_key(&path));
        } else if fs::read(&path).expect("a file").windows(half.len()).any(|window| window == half) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn keys_appear_nowhere_even_where_the_endpoint_repeats_them() {
    let echo = |body: &Value| {
        // Far enough in to be cut in two where messages are cut.
        let padding = "x".repeat(485);
        match body["messages"].to_string() {
            text if text.contains("q0") => (200, verdict()),
            text if text.contains("q1") => (400, json!({"error": {"message": format!("{padding} {KEY} is bad")}})),
            text if text.contains("q2") => (500, json!(format!("<html>{KEY}</html>"))),
            text if text.contains("q3") => (200, json!({"error": {"code": 400, "message": format!("key {KEY}")}})),
            _ => (200, completion(&json!({"reason": format!("your key is {KEY}"), "score": 5}).to_string())),
        }
    };
    let endpoint = Scripted::start(echo);
    let config = format!(
        "[models.m]\nbase_url = \"{}\"\napi_key_env = \"MY_KEY\"\nmax_retries = 0\nheader_env = {{ x-other = \"MY_KEY\" }}\n\
         [graders.helpfulness]\nmodel = \"m\"\n[refine]\nmodel = \"m\"\nrounds = 1\n",
        endpoint.url.replace("://", &format!("://user:{KEY}@", KEY = KEY.replace('/', "%2F")))
    );
    let bench = Bench::new().with("MY_KEY", KEY);
    bench.write("gradebox.toml", &config);
    bench.write_rows("rows.jsonl", &(0..5).map(question).collect::<Vec<_>>());
    let mut said = String::new();
    for arguments in [
        &["grade", "rows.jsonl", "-o", "graded.jsonl", "--run", "run"][..],
        &["refine", "rows.jsonl", "-o", "refined.jsonl", "--run", "refining", "--verbose"],
        &["grade", "rows.jsonl", "--print-config"],
        &["doctor"],
    ] {
        let ran = bench.run(arguments);
        assert!(ran.status <= 1, "{arguments:?}: {}", ran.stderr);
        said += &(ran.stdout + &ran.stderr);
    }
    let denied = Scripted::start(|_| (401, json!({"error": {"message": format!("Incorrect API key: {KEY}")}})));
    bench.write("denied.toml", config.replace(&endpoint.url["http://".len()..], &denied.url["http://".len()..]));
    let ran = bench.run(&["grade", "rows.jsonl", "-c", "denied.toml", "-o", "denied.jsonl", "--run", "denied"]);
    assert!(ran.status == 2 && ran.stderr.contains("MY_KEY"), "{}", ran.stderr);
    said += &ran.stderr;

    let half = &KEY[KEY.len() / 2..];
    assert!(!said.contains(half), "{said}");
    let (config, denied) = (bench.path("gradebox.toml"), bench.path("denied.toml"));
    for path in [config, denied] {
        fs::remove_file(path).expect("the configurations hold the key, in their addresses");
    }
    let root = bench.path("");
    assert_eq!(with_key(&root), Vec::<String>::new());
    let graded = bench.read_rows("graded.jsonl");
    assert_eq!(graded[4]["grades"]["helpfulness"]["reason"], "your key is …", "the key is cut out, and nothing else");
    assert!(
        graded[1]["grades"]["helpfulness"]["reason"].as_str().expect("a reason").contains("HTTP 400"),
        "{graded:?}"
    );
}

/// A server with a certificate of an authority of its own that speaks HTTP/2; its address and the authority.
fn secure_server(requests: Arc<AtomicUsize>) -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let authority = certified.cert.pem();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a configuration");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a setting of the socket");
    let url = format!("https://localhost:{}/v1", listener.local_addr().expect("an address").port());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, requests) = (acceptor.clone(), Arc::clone(&requests));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        requests.fetch_add(1, Ordering::SeqCst);
                        let mut sending = respond.send_response(http::Response::new(()), false).expect("a head");
                        sending.send_data(verdict().to_string().into_bytes().into(), true).expect("a body");
                    }
                });
            }
        });
    });
    (url, authority)
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_http_2_is_spoken() {
    let requests = Arc::new(AtomicUsize::new(0));
    let (url, authority) = secure_server(Arc::clone(&requests));
    let model = format!("[models.m]\nbase_url = \"{url}\"\nmax_retries = 0\n");
    let judge = "[graders.helpfulness]\nmodel = \"m\"\n";
    let bench = Bench::new();
    bench.write("settings/own.pem", authority);
    bench.write("settings/gradebox.toml", format!("{model}ca_file = \"own.pem\"\n{judge}"));
    let (ran, graded) = bench.grade(&[question(0)], &["-c", "settings/gradebox.toml", "--no-cache"]);
    ran.expect_status(0);
    assert_eq!((grade(&graded[0], "helpfulness")["value"].as_f64(), requests.load(Ordering::SeqCst)), (Some(5.0), 1));

    bench.write("gradebox.toml", format!("{model}{judge}"));
    let (ran, graded) = bench.grade(&[question(0)], &["--no-cache"]);
    ran.expect_status(1);
    let reason = grade(&graded[0], "helpfulness")["reason"].to_string();
    assert!(reason.contains("certificate"), "{reason}");

    for (content, problem) in [(None, "No such file"), (Some("nothing"), "no certificate")] {
        if let Some(content) = content {
            bench.write("other.pem", content);
        }
        bench.write("gradebox.toml", format!("{model}ca_file = \"other.pem\"\n{judge}"));
        let (ran, _) = bench.grade(&[question(0)], &["--no-cache"]);
        let ran = ran.expect_status(2);
        assert!(ran.stderr.contains("bad ca_file other.pem") && ran.stderr.contains(problem), "{}", ran.stderr);
    }
}

#[test]
fn a_proxy_of_the_environment_is_asked_for_others_and_never_for_this_machine() {
    let proxy = Scripted::start(|_| (200, verdict()));
    let near = Scripted::start(|_| (200, verdict()));
    let address = proxy.url.trim_end_matches("/v1");
    for (url, through) in [("http://models.invalid/v1", 1), (near.url.as_str(), 0)] {
        let before = proxy.requests();
        let bench = Bench::new().with("HTTP_PROXY", address);
        let (ran, _) =
            bench.grade(&[question(0)], &["-g", "helpfulness", "--model", "m", "--base-url", url, "--no-cache"]);
        ran.expect_status(0);
        assert_eq!(proxy.requests() - before, through, "{url}");
    }
    assert_eq!(near.requests(), 1);
}

#[test]
fn several_endpoints_share_the_calls_and_the_answers_do_not_tell_them_apart() {
    let (first, second) = (Scripted::start(|_| (200, verdict())), Scripted::start(|_| (200, verdict())));
    let down = Scripted::start(|_| (503, json!({"error": "down"})));
    let config = |urls: &[&str], weight: u32| {
        let endpoint = |url| format!("{{ base_url = \"{url}\", weight = {weight} }}");
        let endpoints = urls.iter().map(endpoint).collect::<Vec<_>>();
        format!("[models.m]\nendpoints = [{}]\n[graders.helpfulness]\nmodel = \"m\"\n", endpoints.join(", "))
    };
    let bench = Bench::new();
    bench.write("gradebox.toml", config(&[&first.url, &down.url, &second.url], 2));
    let rows: Vec<Value> = (0..8).map(question).collect();
    let (ran, graded) = bench.grade(&rows, &["--run", "run"]);
    let ran = ran.expect_status(0);
    assert_eq!(first.requests() + second.requests(), 8, "{}", ran.stderr);
    assert!(first.requests() > 1 && second.requests() > 1 && down.requests() > 0);
    let line = format!("model `m` at {}/chat/completions: 0 calls answered, {} failed", down.url, down.requests());
    assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    assert_eq!(graded.len(), 8);

    // Others of them would be asked now: the cache holds, and so does the run.
    bench.write("gradebox.toml", config(&[&down.url, &second.url, &first.url], 5));
    let (ran, _) = bench.grade(&rows, &[]);
    ran.expect_status(0);
    let (ran, _) = bench.grade(&rows, &["--run", "run", "--resume"]);
    ran.expect_status(0);
    assert_eq!(first.requests() + second.requests(), 8);

    // Elsewhere, a model of the same name is another one.
    bench.write("gradebox.toml", config(&[&second.url], 2));
    let ran = bench.run(&["grade", "rows.jsonl", "--run", "run", "--resume"]);
    ran.expect_status(2);
    let (ran, _) = bench.grade(&rows, &[]);
    ran.expect_status(0);
    assert_eq!(first.requests() + second.requests(), 16);
}

#[test]
fn endpoints_that_make_no_sense_are_refused() {
    for (table, problem) in [
        ("base_url = \"http://h/v1\"\nendpoints = [{ base_url = \"http://h/v1\" }]", "there is a `base_url` as well"),
        ("endpoints = [{ weight = 1 }]", "one has no `base_url`"),
        ("endpoints = [{ base_url = \"http://h/v1\", weight = 0 }]", "the weight 0 is not above zero"),
        ("endpoints = [{ base_url = \"h/v1\" }]", "bad base_url"),
    ] {
        let bench = Bench::new();
        bench.write("gradebox.toml", format!("[models.m]\n{table}\n[graders.helpfulness]\nmodel = \"m\"\n"));
        let (ran, _) = bench.grade(&[question(0)], &[]);
        let ran = ran.expect_status(2);
        assert!(ran.stderr.contains(problem), "{table}: {}", ran.stderr);
    }
}

#[test]
fn an_endpoint_that_has_too_much_to_do_is_asked_less_and_the_run_says_so() {
    let under_way = Arc::new(AtomicUsize::new(0));
    let inside = Arc::clone(&under_way);
    let endpoint = Scripted::start(move |_| {
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        std::thread::sleep(Duration::from_millis(5));
        inside.fetch_sub(1, Ordering::SeqCst);
        if now > 2 { (503, json!({"error": {"message": "try again in 0.02s"}})) } else { (200, verdict()) }
    });
    let bench = Bench::new();
    let config = format!(
        "[models.m]\nbase_url = \"{}\"\nmax_concurrency = 12\nmax_retries = 50\n[graders.helpfulness]\nmodel = \"m\"\n",
        endpoint.url
    );
    bench.write("gradebox.toml", config);
    let (ran, _) = bench.grade(&(0..60).map(question).collect::<Vec<_>>(), &["--no-cache"]);
    let ran = ran.expect_status(0);
    assert!(ran.stderr.contains("of 12 calls at the same time it was asked down to"), "{}", ran.stderr);
}

#[test]
fn a_row_whose_time_is_over_keeps_its_best() {
    let endpoint = Scripted::start(|body| {
        if body["messages"].to_string().contains("slow") {
            std::thread::sleep(Duration::from_secs(20));
        }
        (200, completion("```python\nx = 1\n```"))
    });
    let bench = Bench::new();
    let config = format!(
        "[models.m]\nbase_url = \"{}\"\n[graders.syntax]\n[refine]\nmodel = \"m\"\ndeadline = \"1s\"\n",
        endpoint.url
    );
    bench.write("gradebox.toml", config);
    let broken = "```python\nx = (\n```";
    bench.write_rows(
        "rows.jsonl",
        &[
            json!({"id": 0, "query": "slow", "response": broken}),
            json!({"id": 1, "query": "quick", "response": broken}),
            json!({"id": 2, "query": "slow, and nothing to keep"}),
        ],
    );
    let ran = bench.run(&["refine", "rows.jsonl", "-o", "refined.jsonl", "--no-cache"]);
    ran.expect_status(1);
    let rows = bench.read_rows("refined.jsonl");
    let stops: Vec<_> = rows.iter().map(|row| row["refinement"]["stop"].as_str().unwrap_or_default()).collect();
    assert_eq!(stops, ["deadline", "passed", "deadline"], "{rows:?}");
    assert_eq!(rows[0]["response"], broken);
    // What the call that was given up cost is unknown.
    assert_eq!(rows[0]["refinement"]["usage"]["prompt_tokens"], Value::Null, "{}", rows[0]);
    assert!(rows[2].get("response").is_none_or(Value::is_null), "{}", rows[2]);
}

#[test]
fn every_behaviour_of_endpoints_names_a_test_that_is_there() {
    let table = fs::read_to_string(root().join("docs/endpoints.md")).expect("docs/endpoints.md");
    let beside = ["host/src/llm", "tests/e2e"].map(|folder| fs::read_dir(root().join(folder)).expect("a folder"));
    let files = beside.into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let code: String =
        files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).expect("a source file")).collect();
    let rows = table.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split(" | ").nth(2));
    let named: Vec<&str> = rows.flat_map(|tests| tests.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(code.contains(&format!("fn {name}(")), "docs/endpoints.md names `{name}`, which is nowhere");
    }
}
