//! Calls over a real socket to a server that does what servers do wrong.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Endpoint, EndpointModel, Prices, Secret,
    fixture::{Play, Server},
};
use crate::{
    model::{ChatModel, Completion, ModelError, Request, Structure, Usage},
    sample::Message,
};

const KEY: &str = "sk-hush-hush";

fn endpoint(server: &Server) -> Endpoint {
    Endpoint {
        api_key: Secret::new(KEY),
        api_key_env: Some("MY_KEY".to_owned()),
        max_retries: 3,
        ..Endpoint::new("writer", &server.base_url, "tiny")
    }
}

fn request() -> Request {
    Request {
        messages: vec![Message::system("be brief"), Message::user("hi")],
        temperature: Some(0.7),
        max_tokens: Some(20),
        seed: Some(4),
        ..Request::default()
    }
}

fn structured() -> Request {
    let structure = Structure { name: "verdict".to_owned(), schema: json!({"type": "object"}) };
    Request { structure: Some(structure), ..request() }
}

fn connect(endpoint: Endpoint) -> EndpointModel {
    endpoint.connect().expect("the endpoint is well configured")
}

type Answer = (Result<Completion, ModelError>, Usage);

async fn play(script: impl IntoIterator<Item = Play>) -> (Answer, Vec<Value>) {
    play_request(script, &request()).await
}

async fn play_request(script: impl IntoIterator<Item = Play>, request: &Request) -> (Answer, Vec<Value>) {
    let server = Server::start(script).await;
    let answer = connect(endpoint(&server)).complete(request).await;
    if let Err(error) = &answer.0 {
        let message = error.to_string();
        assert!(message.starts_with("model `writer` at http://127.0.0.1:"), "{message}");
        assert!(!message.contains(KEY), "{message}");
    }
    (answer, server.bodies())
}

fn content(answer: &Answer) -> &str {
    match &answer.0 {
        Ok(completion) => &completion.content,
        Err(error) => panic!("{error}"),
    }
}

fn soon(play: Play) -> Play {
    play.with("retry-after-ms", 1)
}

#[tokio::test]
async fn an_answer_comes_with_its_usage_and_model() {
    let server = Server::start([]).await;
    let prices = Some(Prices { prompt: 1.0, completion: 10.0, cached_prompt: None });
    let (result, usage) = connect(Endpoint { prices, ..endpoint(&server) }).complete(&request()).await;
    let completion = result.unwrap();
    assert_eq!((completion.content.as_str(), completion.model.as_str()), ("ok", "served"));
    let cost = Some(30.0 / 1e6);
    assert_eq!(usage, Usage { calls: 1, prompt_tokens: Some(10), completion_tokens: Some(2), cost });
    let seen = server.seen();
    assert!(seen[0].head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", seen[0].head);
    assert!(seen[0].head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{}", seen[0].head);
}

#[tokio::test]
async fn without_a_key_no_authorization_is_sent() {
    let server = Server::start([]).await;
    let mut endpoint = Endpoint { api_key: Secret::new(""), ..endpoint(&server) };
    endpoint.headers = vec![("api-key".to_owned(), Secret::new("azure").unwrap())];
    endpoint.query = vec![("api-version".to_owned(), "2".to_owned())];
    let model = connect(endpoint);
    model.complete(&request()).await.0.unwrap();
    let head = &server.seen()[0].head;
    assert!(!head.contains("authorization"), "{head}");
    assert!(head.contains("/chat/completions?api-version=2 ") && head.contains("api-key: azure\r\n"), "{head}");
    assert!(!format!("{model:?}").contains("azure"));
}

#[tokio::test]
async fn passing_failures_are_tried_again() {
    for fault in [
        Play::error(429, "Rate limit reached", "rate_limit_exceeded").with("retry-after", "0.001"),
        soon(Play::error(429, "Rate limit reached", "rate_limit_exceeded")),
        soon(Play::error(408, "timeout", "x")),
        soon(Play::error(409, "conflict", "x")),
        soon(Play::error(500, "oops", "x")),
        soon(Play::error(503, "overloaded", "server_is_overloaded")),
        soon(Play::Http { status: 502, headers: vec![], body: "<html>502 Bad Gateway</html>".to_owned() }),
        soon(Play::http(200, &json!({"error": {"code": 502, "message": "up"}, "choices": null}))),
        soon(Play::error(400, "odd", "x")).with("x-should-retry", "true"),
    ] {
        let (answer, bodies) = play([fault.clone()]).await;
        assert_eq!((content(&answer), bodies.len()), ("ok", 2), "{fault:?}");
        assert_eq!(answer.1.calls, 1, "a failure is not counted as a call: {fault:?}");
        assert_eq!(answer.1.prompt_tokens, Some(10), "{fault:?}");
    }
}

#[tokio::test]
async fn broken_connections_are_tried_again() {
    for (fault, calls, prompt_tokens) in [
        (Play::ResetAtOnce, 1, Some(10)),
        (Play::BreakOff { reset: false }, 2, None),
        (Play::BreakOff { reset: true }, 2, None),
    ] {
        let (answer, bodies) = play([fault.clone()]).await;
        assert_eq!((content(&answer), bodies.len()), ("ok", 2), "{fault:?}");
        assert_eq!((answer.1.calls, answer.1.prompt_tokens), (calls, prompt_tokens), "{fault:?}");
    }
}

#[tokio::test]
async fn retries_end_and_the_last_failure_is_told() {
    let script = std::iter::repeat_with(|| soon(Play::error(503, "busy\u{1b}[2J", "x"))).take(9);
    let ((result, usage), bodies) = play(script).await;
    let Err(ModelError::Unavailable(message)) = result else { panic!("{result:?}") };
    assert!(message.ends_with("HTTP 503: busy [2J (after 4 attempts)"), "{message}");
    assert_eq!((bodies.len(), usage.calls), (4, 0));
    let script = std::iter::repeat_with(|| soon(Play::error(500, "oops", "x"))).take(9);
    assert_eq!(play(script).await.1.len(), 3, "a plain 500 is tried again twice");
}

#[tokio::test]
async fn permanent_failures_are_told_at_once_and_by_kind() {
    type Check = fn(&ModelError) -> bool;
    let unavailable: Check = |error| matches!(error, ModelError::Unavailable(_));
    let unauthorized: Check = |error| matches!(error, ModelError::Unauthorized(_));
    let quota: Check = |error| matches!(error, ModelError::QuotaExhausted(_));
    let refused: Check = |error| matches!(error, ModelError::Refused(_));
    let rejected: Check = |error| matches!(error, ModelError::Rejected { everywhere: false, .. });
    let everywhere: Check = |error| matches!(error, ModelError::Rejected { everywhere: true, .. });
    for (fault, check, hint) in [
        (Play::error(401, &format!("Incorrect API key: {KEY}"), "invalid_api_key"), unauthorized, "key in MY_KEY"),
        (Play::error(403, "no access", "x"), unauthorized, "MY_KEY"),
        (Play::error(429, "You exceeded your current quota", "insufficient_quota"), quota, "top it up"),
        (Play::http(402, &json!({"detail": "pay"})), quota, "pay"),
        (Play::error(404, "The model `tiny` does not exist", "model_not_found"), everywhere, "`tiny`"),
        (Play::error(400, "filtered", "content_filter"), refused, "filtered"),
        (Play::error(400, "too long", "context_length_exceeded"), rejected, "shorten the row"),
        (Play::error(500, "in disguise", "x").with("x-should-retry", "false"), rejected, "in disguise"),
        (Play::error(422, "bad", "x"), rejected, "HTTP 422: bad"),
        (
            Play::error(429, "later", "x").with("retry-after", "Wed, 21 Oct 2099 07:28:00 GMT"),
            unavailable,
            "asks to wait",
        ),
        (Play::http(307, &json!({})).with("location", "https://else/v1"), everywhere, "https://else/v1"),
        (Play::message(&json!({"content": null, "refusal": "I can't"}), "stop"), refused, "I can't"),
        (Play::message(&json!({"content": ""}), "content_filter"), refused, "filter"),
        (
            Play::message(&json!({"content": null, "reasoning": "hm"}), "length"),
            |e| matches!(e, ModelError::Empty(_)),
            "max_tokens",
        ),
    ] {
        let ((result, _), bodies) = play([fault.clone()]).await;
        let error = result.unwrap_err();
        assert!(check(&error), "{fault:?}: {error:?}");
        assert!(error.to_string().contains(hint), "{fault:?}: {error}");
        assert_eq!(bodies.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_path_without_a_version_is_told_to_try_one() {
    let server = Server::start([Play::http(404, &json!({"detail": "Not Found"}))]).await;
    let root = server.base_url.trim_end_matches("/v1").to_owned();
    let endpoint = Endpoint { base_url: root.clone(), ..endpoint(&server) };
    let message = connect(endpoint).complete(&request()).await.0.unwrap_err().to_string();
    assert!(message.contains(&format!("try base_url = \"{root}/v1\"")), "{message}");
}

#[tokio::test]
async fn an_empty_reply_is_asked_for_once_more_with_another_seed() {
    for fault in [Play::http(200, &json!({"choices": []})), Play::message(&json!({"content": null}), "stop")] {
        let (answer, bodies) = play([fault.clone()]).await;
        assert_eq!((content(&answer), answer.1.calls), ("ok", 2));
        assert_ne!(bodies[0]["seed"], bodies[1]["seed"]);
        let ((result, usage), bodies) = play([fault.clone(), fault]).await;
        assert!(matches!(result, Err(ModelError::Empty(_))), "{result:?}");
        assert_eq!((bodies.len(), usage.calls), (2, 2));
    }
}

#[tokio::test]
async fn odd_but_whole_replies_are_answers() {
    let odd = Play::http(
        200,
        &json!({"choices": [{"message": {"content": "fine"}, "finish_reason": "eos"}], "usage": {}, "service_tier": "x"}),
    );
    let (answer, _) = play([odd]).await;
    assert_eq!(content(&answer), "fine");
    assert_eq!(answer.1, Usage { calls: 1, ..Usage::default() });
    let (answer, _) = play([Play::KeepAlive(Box::new(Play::says("late")))]).await;
    assert_eq!(content(&answer), "late");
    let (answer, _) = play([Play::Slow(Duration::from_millis(50), Box::new(Play::says("slow")))]).await;
    assert_eq!(content(&answer), "slow");
    let (answer, _) = play([Play::says("<think>hm</think>\nso")]).await;
    assert_eq!(content(&answer), "so");
}

#[tokio::test]
async fn what_is_no_chat_completion_is_given_up_after_one_retry() {
    let page = || Play::Http { status: 200, headers: vec![], body: "<html>Sign in</html>".to_owned() };
    let ((result, _), bodies) = play([page(), page(), page()]).await;
    let message = result.unwrap_err().to_string();
    assert!(message.contains("not JSON: Sign in") && message.contains("base_url"), "{message}");
    assert_eq!(bodies.len(), 2);
}

#[tokio::test]
async fn a_server_that_hangs_runs_into_the_timeout() {
    let server = Server::start([Play::Hang]).await;
    let endpoint = Endpoint { timeout: Duration::from_millis(200), max_retries: 0, ..endpoint(&server) };
    let error = connect(endpoint).complete(&request()).await.0.unwrap_err();
    assert!(matches!(&error, ModelError::Unavailable(message) if message.contains("within 0.2 s")), "{error}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let ((result, _), bodies) = play([Play::Endless]).await;
    let message = result.unwrap_err().to_string();
    assert!(message.contains("longer than 16 MiB"), "{message}");
    assert_eq!(bodies.len(), 1);
}

#[tokio::test]
async fn a_deadline_ends_the_retries() {
    let server = Server::start([Play::error(429, "busy", "x").with("retry-after", 60)]).await;
    let endpoint = Endpoint { deadline: Duration::from_secs(30), ..endpoint(&server) };
    let error = connect(endpoint).complete(&request()).await.0.unwrap_err();
    assert!(matches!(&error, ModelError::Unavailable(message) if message.contains("deadline of 30 s")), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let endpoint = Endpoint { max_retries: 1, ..Endpoint::new("writer", base_url, "tiny") };
    let (result, usage) = connect(endpoint).complete(&request()).await;
    let message = result.unwrap_err().to_string();
    assert!(message.contains("cannot connect") && message.contains("is the server running"), "{message}");
    assert_eq!(usage.calls, 0);
}

#[tokio::test]
async fn rejected_parameters_are_reworded_and_remembered() {
    let max_tokens =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let temperature = "Unsupported value: 'temperature' does not support 0.7 with this model.";
    let script =
        [Play::error(400, max_tokens, "unsupported_parameter"), Play::error(400, temperature, "unsupported_value")];
    let server = Server::start(script).await;
    let model = connect(endpoint(&server));
    for _ in 0..2 {
        model.complete(&request()).await.0.unwrap();
    }
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 4);
    for body in &bodies[2..] {
        assert_eq!(body["max_completion_tokens"], 20);
        assert!(body.get("max_tokens").is_none() && body.get("temperature").is_none(), "{body}");
    }
}

#[tokio::test]
async fn structure_is_relaxed_until_the_server_takes_it() {
    let server = Server::start([
        Play::error(500, "Input should be 'text' or 'json_object'", "x"),
        Play::error(400, "response_format is not supported", "x"),
    ])
    .await;
    let model = connect(endpoint(&server));
    for _ in 0..2 {
        model.complete(&structured()).await.0.unwrap();
    }
    let bodies = server.bodies();
    let formats: Vec<_> = bodies.iter().map(|body| body["response_format"]["type"].as_str()).collect();
    assert_eq!(formats, [Some("json_schema"), Some("json_object"), None, None]);
    for body in &bodies {
        assert!(body["messages"][1]["content"].as_str().unwrap().contains("JSON"), "{body}");
    }
}

#[tokio::test]
async fn a_passing_500_does_not_cost_the_schema() {
    let (answer, bodies) = play_request([soon(Play::error(500, "oops", "x"))], &structured()).await;
    assert_eq!(content(&answer), "ok");
    assert_eq!(bodies[1]["response_format"]["type"], "json_schema");
    let again = || soon(Play::error(500, "oops", "x"));
    let (answer, bodies) = play_request([again(), again()], &structured()).await;
    assert_eq!(content(&answer), "ok");
    assert_eq!(bodies[2]["response_format"]["type"], "json_object");
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    let slow = || Play::Slow(Duration::from_millis(100), Box::new(Play::says("ok")));
    let server = Server::start([slow(), slow(), slow()]).await;
    let model = connect(Endpoint { max_concurrency: 1, ..endpoint(&server) });
    let request = request();
    let first = async {
        model.complete(&request).await.0.unwrap();
        assert_eq!(server.seen().len(), 1, "the second request went out before the first was answered");
    };
    tokio::select! {
        () = first => {}
        _ = async { tokio::task::yield_now().await; model.complete(&request).await } => panic!("the second overtook the first"),
    }
}

#[test]
fn settings_that_allow_nothing_are_refused() {
    let base = || Endpoint::new("m", "http://h/v1", "id");
    let message = |endpoint: Endpoint| endpoint.connect().map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        message(Endpoint { max_concurrency: 0, ..base() }),
        "model `m`: bad max_concurrency: it must be at least 1"
    );
    assert!(message(Endpoint { requests_per_minute: Some(0), ..base() }).contains("requests_per_minute"));
    let header =
        |name: &str, value: &str| Endpoint { headers: vec![(name.to_owned(), Secret::new(value).unwrap())], ..base() };
    assert!(message(header("bad name", "x")).contains("no header name"));
    let error = message(header("x-key", "hu\nsh"));
    assert!(error.contains("control character") && !error.contains("sh\n"), "{error}");
}
