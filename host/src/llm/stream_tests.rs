//! Streaming replies over a real socket.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Endpoint,
    fixture::{Play, Server, StreamEnd},
};
use crate::{
    model::{ChatModel, Completion, ModelError, Request, Usage},
    sample::Message,
};

type Answer = (Result<Completion, ModelError>, Usage);

fn says(content: &str) -> String {
    data(&json!({"model": "served", "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]}))
}

fn data(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

fn finish(reason: &str) -> String {
    data(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
}

fn usage() -> String {
    data(&json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}))
}

const DONE: &str = "data: [DONE]\n\n";

async fn play(script: impl IntoIterator<Item = Play>, timeout: Duration) -> (Answer, Vec<Value>) {
    let server = Server::start(script).await;
    let endpoint =
        Endpoint { stream: true, timeout, max_retries: 1, ..Endpoint::new("writer", &server.base_url, "tiny") };
    let request = Request { messages: vec![Message::user("hi")], ..Request::default() };
    let answer = endpoint.connect().expect("well configured").complete(&request).await;
    (answer, server.bodies())
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn pieces_are_put_together_and_the_usage_comes_last() {
    let pieces = [": queued\n\n".to_owned(), says("Zo"), says("ë"), finish("length"), usage(), DONE.to_owned()];
    let bytes = pieces.concat().into_bytes();
    // Cut within the two bytes of the last letter.
    let (first, second) = bytes.split_at(bytes.windows(2).position(|pair| pair == "ë".as_bytes()).unwrap() + 1);
    // The connection stays open after the end, which is not waited for.
    let (answer, bodies) = play([Play::stream(&[first, second], StreamEnd::Silence)], LONG).await;
    let completion = answer.0.unwrap();
    assert_eq!((completion.content.as_str(), completion.truncated, completion.model.as_str()), ("Zoë", true, "served"));
    assert_eq!(answer.1, Usage { calls: 1, prompt_tokens: Some(7), completion_tokens: Some(2), cost: None });
    assert_eq!((&bodies[0]["stream"], &bodies[0]["stream_options"]), (&json!(true), &json!({"include_usage": true})));
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_a_failure_and_counts() {
    for end in [StreamEnd::Close, StreamEnd::Reset] {
        let whole = Play::stream(&[says("whole"), finish("stop")], end);
        let (answer, bodies) = play([Play::stream(&[says("par")], end), whole], LONG).await;
        assert_eq!(answer.0.unwrap().content, "whole", "{end:?}");
        assert_eq!((bodies.len(), answer.1.calls, answer.1.prompt_tokens), (2, 2, None));
    }
    let part = || Play::stream(&[says("par")], StreamEnd::Close);
    let (answer, _) = play([part(), part()], LONG).await;
    let Err(ModelError::Unavailable(message)) = answer.0 else { panic!("{answer:?}") };
    assert!(message.contains("the stream ended before the reply did (after 2 attempts)"), "{message}");
}

#[tokio::test]
async fn an_error_in_a_stream_is_no_answer() {
    let error = data(&json!({"error": {"code": 400, "message": "bad"}}));
    let (answer, bodies) = play([Play::stream(&[says("par"), error], StreamEnd::Close)], LONG).await;
    let Err(ModelError::Rejected { message, .. }) = answer.0 else { panic!("{answer:?}") };
    assert!(message.contains("HTTP 400: bad") && bodies.len() == 1, "{message}");
    let odd = Play::stream(&[says("a"), "data: {\"cho\n\n".to_owned(), says("b"), DONE.to_owned()], StreamEnd::Close);
    let (answer, bodies) = play([odd], LONG).await;
    assert_eq!((answer.0.unwrap().content.as_str(), bodies.len()), ("ok", 2));
}

#[tokio::test]
async fn only_a_silence_between_pieces_is_held_against_the_timeout() {
    let slowly = |end| {
        let pieces = [says("a"), ": still here\n\n".to_owned(), says("b"), says("c"), finish("stop")];
        let pieces = pieces.map(|piece| (Duration::from_millis(250), piece.into_bytes())).to_vec();
        Play::Stream { pieces, end }
    };
    let (answer, bodies) = play([slowly(StreamEnd::Close)], Duration::from_secs(1)).await;
    assert_eq!((answer.0.unwrap().content.as_str(), bodies.len()), ("abc", 1));
    let silent = || Play::stream(&[says("a")], StreamEnd::Silence);
    let (answer, bodies) = play([silent(), silent()], Duration::from_millis(100)).await;
    let Err(ModelError::Unavailable(message)) = answer.0 else { panic!("{answer:?}") };
    assert!(message.contains("nothing came of the answer for 0.1 s") && bodies.len() == 2, "{message}");
}

#[tokio::test]
async fn an_endpoint_that_cannot_stream_is_asked_without() {
    let refuse = |what: &str| Play::error(400, &format!("{what} is not supported"), "unsupported_parameter");
    let (answer, bodies) = play([refuse("stream_options"), refuse("stream")], LONG).await;
    assert_eq!(answer.0.unwrap().content, "ok");
    let asked: Vec<_> =
        bodies.iter().map(|body| (body["stream"] == true, body.get("stream_options").is_some())).collect();
    assert_eq!(asked, [(true, true), (true, false), (false, false)]);
}

#[tokio::test]
async fn a_stream_without_choices_is_empty_and_a_refusal_is_one() {
    let (answer, bodies) = play([Play::stream(&[usage(), DONE.to_owned()], StreamEnd::Close)], LONG).await;
    assert_eq!((answer.0.unwrap().content.as_str(), bodies.len()), ("ok", 2));
    let refusal = data(&json!({"choices": [{"delta": {"refusal": "no"}, "finish_reason": "stop"}]}));
    let (answer, _) = play([Play::stream(&[refusal, DONE.to_owned()], StreamEnd::Close)], LONG).await;
    assert!(matches!(answer.0, Err(ModelError::Refused(_))), "{answer:?}");
}
