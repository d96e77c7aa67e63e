//! Replies that come in pieces: server-sent events, put together to the body that a reply in one piece would have had.
//!
//! The format of events: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.

use serde_json::{Map, Value, json};

/// What a piece of a stream led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    /// The endpoint said that this is all.
    Ended,
}

/// A stream that holds what no chat endpoint sends.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(String);

/// A reply in the making.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    events: Events,
    members: Map<String, Value>,
    content: String,
    reasoning: String,
    refusal: String,
    finish: Option<String>,
    has_choice: bool,
    is_ended: bool,
}

impl Assembly {
    /// Takes bytes as they came, cut anywhere.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        for event in self.events.push(bytes) {
            self.take(&event)?;
            if self.is_ended {
                return Ok(Progress::Ended);
            }
        }
        Ok(Progress::More)
    }

    /// The body of the whole reply; `None` where the stream broke off, whatever it held by then.
    pub(super) fn finish(mut self) -> Result<Option<Vec<u8>>, Malformed> {
        if !self.is_ended
            && let Some(event) = self.events.finish()
        {
            self.take(&event)?;
        }
        if !(self.is_ended || self.finish.is_some()) {
            return Ok(None);
        }
        let choice = json!({
            "message": {
                "role": "assistant", "content": self.content,
                "reasoning_content": self.reasoning, "refusal": self.refusal,
            },
            "finish_reason": self.finish,
        });
        let choices = if self.has_choice { vec![choice] } else { Vec::new() };
        self.members.insert("choices".to_owned(), choices.into());
        Ok(Some(Value::Object(self.members).to_string().into_bytes()))
    }

    fn take(&mut self, event: &Event) -> Result<(), Malformed> {
        let data = event.data.trim();
        // Some endpoints put the comments that keep a connection alive into data.
        if data.is_empty() || data.starts_with(':') {
            return Ok(());
        }
        if data == "[DONE]" {
            self.is_ended = true;
            return Ok(());
        }
        let Ok(Value::Object(mut chunk)) = serde_json::from_str(data) else {
            return Err(Malformed(format!("the stream holds what is no JSON object: {}", super::excerpt(data, 200))));
        };
        if event.name == "error" && !chunk.contains_key("error") {
            chunk = Map::from_iter([("error".to_owned(), Value::Object(chunk))]);
        }
        if let Some(error) = chunk.remove("error").filter(|error| !error.is_null()) {
            self.members.insert("error".to_owned(), error);
            self.is_ended = true;
        }
        for name in ["model", "usage"] {
            if let Some(value) = chunk.remove(name).filter(|value| !value.is_null() && *value != "") {
                self.members.insert(name.to_owned(), value);
            }
        }
        let choices = chunk.get("choices").and_then(Value::as_array);
        // Only one reply is asked for.
        let choice = choices.and_then(|choices| {
            choices.iter().find(|choice| choice.get("index").and_then(Value::as_u64).unwrap_or_default() == 0)
        });
        if let Some(choice) = choice {
            self.take_choice(choice);
        }
        Ok(())
    }

    fn take_choice(&mut self, choice: &Value) {
        self.has_choice = true;
        let delta = choice.get("delta").or_else(|| choice.get("message")).unwrap_or(choice);
        let said = |name: &str| delta.get(name).and_then(Value::as_str).unwrap_or_default();
        self.content.push_str(said("content"));
        self.content.push_str(said("text"));
        if let Some(parts) = delta.get("content").and_then(Value::as_array) {
            let parts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            self.content.extend(parts);
        }
        let thought = [said("reasoning_content"), said("reasoning")].into_iter().find(|thought| !thought.is_empty());
        self.reasoning.push_str(thought.unwrap_or_default());
        self.refusal.push_str(said("refusal"));
        if let Some(error) = choice.get("error").filter(|error| !error.is_null()) {
            self.members.insert("error".to_owned(), error.clone());
            self.is_ended = true;
        }
        if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str).filter(|finish| !finish.is_empty()) {
            self.finish = Some(finish.to_owned());
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    name: String,
    data: String,
}

/// Cuts bytes into events. Lines end with LF, CR or both; bytes are kept until their line is whole, so that characters
/// cut in two are whole again.
#[derive(Debug, Default)]
struct Events {
    line: Vec<u8>,
    after_return: bool,
    event: Event,
    has_data: bool,
}

impl Events {
    fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            let completes_return = std::mem::take(&mut self.after_return) && *byte == b'\n';
            match byte {
                _ if completes_return => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => self.line.push(*byte),
            }
        }
        events
    }

    /// An event that the end of the stream cut off from its blank line.
    fn finish(&mut self) -> Option<Event> {
        self.end_line().or_else(|| self.end_line())
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembled(stream: &str, step: usize) -> Result<Option<Value>, Malformed> {
        let mut assembly = Assembly::default();
        for bytes in stream.as_bytes().chunks(step) {
            if assembly.push(bytes)? == Progress::Ended {
                break;
            }
        }
        Ok(assembly.finish()?.map(|body| serde_json::from_slice(&body).unwrap()))
    }

    fn data(chunk: &Value) -> String {
        format!("data: {chunk}\n\n")
    }

    fn says(content: &str) -> String {
        data(&json!({"model": "m", "choices": [{"index": 0, "delta": {"content": content}}]}))
    }

    const END: &str = "data: [DONE]\n\n";

    #[test]
    fn pieces_make_a_whole_wherever_they_are_cut() {
        let usage = data(&json!({"choices": [], "usage": {"prompt_tokens": 1}}));
        let other = data(&json!({"choices": [{"index": 1, "delta": {"content": "not asked for"}}]}));
        let stream = format!(": hello\n\n{}data:\n\ndata: : ping\n\n{other}{}{usage}{END}", says("Zoë "), says("🦀"));
        for stream in [stream.clone(), stream.replace('\n', "\r\n"), stream.replace('\n', "\r")] {
            for step in [1, 2, 3, 7, stream.len()] {
                let body = assembled(&stream, step).unwrap().unwrap();
                assert_eq!(body["choices"][0]["message"]["content"], "Zoë 🦀", "{step}");
                assert_eq!((&body["usage"]["prompt_tokens"], &body["model"]), (&json!(1), &json!("m")));
            }
        }
    }

    #[test]
    fn a_stream_without_an_end_is_no_reply() {
        assert_eq!(assembled(&says("par"), 9), Ok(None));
        assert_eq!(assembled("", 1), Ok(None));
        let finish = data(&json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}));
        let body = assembled(&format!("{}{}", says("whole"), finish.trim_end()), 9).unwrap().unwrap();
        assert_eq!(body["choices"][0]["finish_reason"], "stop");
    }

    #[test]
    fn an_error_ends_the_stream_in_whichever_form_it_comes() {
        let named = "event: error\ndata: {\"message\": \"up\"}\n\n".to_owned();
        for error in [named, data(&json!({"error": {"message": "up"}, "choices": []}))] {
            let body = assembled(&format!("{}{error}{}", says("par"), says("tial")), 9).unwrap().unwrap();
            assert_eq!(body["error"]["message"], "up");
        }
    }

    #[test]
    fn what_is_no_json_is_not_skipped() {
        let malformed = assembled(&format!("{}data: {{\"choices\n\n{END}", says("a")), 9).unwrap_err();
        assert!(malformed.to_string().contains("no JSON"), "{malformed}");
    }

    #[test]
    fn thinking_and_refusals_are_kept_apart() {
        let stream = ["reasoning", "reasoning_content", "refusal"]
            .map(|name| data(&json!({"choices": [{"delta": {"content": null, (name): "a"}}]})));
        let body = assembled(&format!("{}{END}", stream.concat()), 9).unwrap().unwrap();
        let message = &body["choices"][0]["message"];
        assert_eq!(
            (&message["reasoning_content"], &message["refusal"], &message["content"]),
            (&json!("aa"), &json!("a"), &json!(""))
        );
    }
}
