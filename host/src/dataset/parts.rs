//! Which column of a dataset plays which part: query, conversation, response, reference.
//!
//! The choice is made once for a whole dataset. A mapped column comes first, then the first of the usual names that
//! any row fills. A column that the user mapped to one field is not taken for another.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Dataset, DatasetError, Row,
    turns::{is_turns, read_response, read_turns, response_like},
};
use crate::{
    fields::FieldMap,
    sample::{Columns, Message, Sample, text_of},
    score::{ErrorKind, GradeError},
};

const QUERIES: &[&str] = &["query", "prompt", "question", "instruction", "problem", "input"];
const CONVERSATIONS: &[&str] = &["messages", "history", "conversations"];
const RESPONSES: &[&str] = &["response", "completion", "output"];
const REFERENCES: &[&str] =
    &["reference", "reference_response", "gold", "target", "ground_truth", "solution", "answer"];
/// The column of the response that a row had before it was refined.
pub const ORIGINAL_RESPONSE: &str = "original_response";
/// Rows that are looked at to tell what a column holds.
const LOOKED_AT: usize = 100;

/// Which column plays which part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    id: Option<String>,
    query: Option<Query>,
    conversation: Option<String>,
    response: Response,
    response_column: ResponseColumn,
    responses: Option<String>,
    reference: Option<String>,
    /// Rows without a response, of how many.
    unanswered: (u64, u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Query {
    column: String,
    /// Alpaca's `input`, which belongs to its `instruction`.
    input: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Response {
    Column(String),
    /// No column holds responses: they are the last turns of the conversations, where the assistant has them.
    LastTurn,
    None,
}

/// The column that a refined response goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseColumn {
    name: String,
    /// A response of the form that the column's type asks for; `None` where text will do.
    form: Option<Value>,
}

impl ResponseColumn {
    /// A column of text.
    pub fn of_text(name: impl Into<String>) -> Self {
        Self { name: name.into(), form: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A response as it stands in the column: turns where those stood `before`, or stand in the rest of the column.
    pub fn value(&self, before: Option<&Value>, text: &str) -> Value {
        let before = before.filter(|value| !value.is_null()).or(self.form.as_ref());
        before.map_or_else(|| Value::from(text), |before| response_like(before, text))
    }

    /// The text of a response that stands in such a column; `None` where there is none that can be read.
    pub fn text(value: &Value) -> Option<String> {
        Some(value).filter(|value| !value.is_null()).and_then(|value| read_response(value).ok())
    }
}

/// The turns before the response, and the answer that stood at their end where answers stand there.
struct Conversation {
    messages: Vec<Message>,
    answer: Option<String>,
}

/// A column, and what keeps it from being read.
type Misread<'a> = (&'a str, String);

impl Parts {
    /// The fields of a row that have a part of their own.
    pub const FIELDS: &[&str] = &["id", "query", "messages", "history", "response", "responses", "reference"];

    /// Chooses the columns for a dataset; refuses a mapped column that no row has.
    pub fn choose(dataset: &Dataset, map: &FieldMap) -> Result<Self, DatasetError> {
        dataset.check_map(map)?;
        let output_is_expected =
            dataset.rows()?.take(LOOKED_AT).filter_map(Result::ok).any(|row| expects_output(&row.columns));
        let rows_with = |column: &str| dataset.rows_with(column);
        let mut parts = Self::choose_among(&rows_with, dataset.len(), output_is_expected, map);
        parts.response_column.form = dataset.schema().response_form(&parts.response_column.name);
        Ok(parts)
    }

    /// The choice for a row that stands alone.
    pub fn of_row(columns: &Columns) -> Self {
        let rows_with = |column: &str| u64::from(present(columns, column).is_some());
        Self::choose_among(&rows_with, 1, expects_output(columns), &FieldMap::default())
    }

    fn choose_among(rows_with: &dyn Fn(&str) -> u64, rows: u64, output_is_expected: bool, map: &FieldMap) -> Self {
        let free = |column: &str| rows_with(column) > 0 && map.iter().all(|(_, mapped)| mapped != column);
        let pick = |fields: &[&str], usual: &[&str]| -> Option<String> {
            let mapped = fields.iter().find_map(|field| map.mapped(field)).map(str::to_owned);
            mapped.or_else(|| usual.iter().find(|column| free(column)).map(|column| (*column).to_owned()))
        };
        let usual_responses: Vec<&str> =
            RESPONSES.iter().copied().filter(|column| *column != "output" || !output_is_expected).collect();
        let conversation = pick(&["messages", "history"], CONVERSATIONS);
        let response = match pick(&["response"], &usual_responses) {
            Some(column) => Response::Column(column),
            None if conversation.is_some() => Response::LastTurn,
            None => Response::None,
        };
        let query = pick(&["query"], QUERIES).map(|column| {
            let with_input = column == "instruction" && map.mapped("query").is_none() && free("input");
            Query { column, input: with_input.then(|| "input".to_owned()) }
        });
        let answered = match &response {
            Response::Column(column) => rows_with(column),
            Response::LastTurn => rows,
            Response::None => 0,
        };
        Self {
            id: pick(&["id"], &["id"]),
            query,
            conversation,
            response_column: ResponseColumn::of_text(match &response {
                Response::Column(column) => column,
                Response::LastTurn | Response::None => "response",
            }),
            response,
            responses: pick(&["responses"], &["responses"]),
            reference: pick(&["reference"], REFERENCES),
            unanswered: (rows - answered, rows),
        }
    }

    /// One line for people: what was read from where.
    pub fn describe(&self) -> String {
        let mut read = Vec::new();
        let mut part = |name: &str, column: Option<&String>| {
            if let Some(column) = column {
                read.push(format!("{name} from `{column}`"));
            }
        };
        part("conversation", self.conversation.as_ref());
        let query = self.query.as_ref().map(|query| match &query.input {
            Some(input) => format!("{}` and `{input}", query.column),
            None => query.column.clone(),
        });
        part("query", query.as_ref());
        let response = match &self.response {
            Response::Column(column) => Some(column.clone()),
            Response::LastTurn => Some("the last assistant turn".to_owned()),
            Response::None => None,
        };
        part("response", response.as_ref());
        part("responses", self.responses.as_ref());
        part("reference", self.reference.as_ref());
        part("id", self.id.as_ref());
        let read = if read.is_empty() {
            "reading no column by itself".to_owned()
        } else {
            format!("reading {}", read.join(", "))
        };
        let read = read.replace("`the last assistant turn`", "the last assistant turn");
        match self.unanswered {
            (0, _) => read,
            (missing, all) if missing == all => format!("{read}; no column holds responses"),
            (missing, all) => format!("{read}; {missing} of {all} rows have no response"),
        }
    }

    /// Whether no row holds a response, or several to be ordered.
    pub fn lack_responses(&self) -> bool {
        let (missing, all) = self.unanswered;
        0 < all && missing == all && self.responses.is_none()
    }

    /// The column that the ids stand in.
    pub fn id_column(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The column that a refined response goes to.
    pub fn response_column(&self) -> &ResponseColumn {
        &self.response_column
    }

    /// The row as graders see it; an `invalid-sample` where a column holds what it cannot.
    pub fn sample(&self, row: &Row) -> Result<Sample, GradeError> {
        let invalid = |column: &str, problem: &str| {
            let reason = format!("row {}: the column `{column}` {problem}", row.number);
            GradeError::new(ErrorKind::InvalidSample, reason)
        };
        let given = match &self.response {
            Response::Column(column) => {
                let value = present(&row.columns, column);
                value.map(read_response).transpose().map_err(|problem| invalid(column, &problem))?
            }
            Response::LastTurn | Response::None => None,
        };
        let original = row.columns.get(ORIGINAL_RESPONSE).and_then(ResponseColumn::text);
        let answers = [given.as_deref(), original.as_deref()];
        let Conversation { messages, answer: last_turn } =
            self.messages(&row.columns, answers).map_err(|(column, problem)| invalid(column, &problem))?;
        let response = given.or(last_turn);
        let responses = match self.responses.as_ref().and_then(|column| Some((column, present(&row.columns, column)?)))
        {
            Some((column, value)) => read_responses(value).map_err(|problem| invalid(column, &problem))?,
            None => Vec::new(),
        };
        let reference = self.reference.as_ref().and_then(|column| present(&row.columns, column)).map(text_of);
        Ok(Sample {
            id: self.id_of(row),
            messages: without_answer(messages, response.as_deref()),
            response,
            responses,
            reference,
            columns: Arc::new(row.columns.clone()),
        })
    }

    /// The row's id: its own, else its number.
    pub fn id_of(&self, row: &Row) -> Value {
        let given = self.id.as_ref().and_then(|column| present(&row.columns, column));
        given.cloned().unwrap_or_else(|| Value::from(row.number))
    }

    /// The conversation with the query at its end, and without the `answers` to it that are known.
    fn messages<'a>(&'a self, columns: &Columns, answers: [Option<&str>; 2]) -> Result<Conversation, Misread<'a>> {
        let mut messages = Vec::new();
        if let Some(column) = &self.conversation
            && let Some(value) = present(columns, column)
        {
            messages = read_turns(value).map_err(|problem| (column.as_str(), problem))?;
        }
        let query = self.query(columns)?;
        let mut answer = None;
        let query_is_a_turn = query.iter().all(|turn| messages.contains(turn));
        if self.response == Response::LastTurn && query_is_a_turn {
            answer = messages.pop_if(|turn| turn.role == "assistant").map(|turn| turn.content);
        } else if query_is_a_turn {
            // A refined row has its response in a column, and the first one still at the end of its conversation.
            messages.pop_if(|turn| turn.role == "assistant" && answers.contains(&Some(&turn.content)));
        }
        if answer.is_none() && !(query_is_a_turn && messages.ends_with(&query)) {
            messages.extend(query);
        }
        Ok(Conversation { messages, answer })
    }

    fn query<'a>(&'a self, columns: &Columns) -> Result<Vec<Message>, Misread<'a>> {
        let Some(query) = &self.query else { return Ok(Vec::new()) };
        let Some(value) = present(columns, &query.column) else { return Ok(Vec::new()) };
        if is_turns(value) {
            return read_turns(value).map_err(|problem| (query.column.as_str(), problem));
        }
        let mut text = text_of(value);
        let input = query.input.as_ref().and_then(|column| present(columns, column)).map(text_of);
        if let Some(input) = input.filter(|input| !input.is_empty()) {
            text = format!("{text}\n\n{input}");
        }
        Ok(vec![Message::user(text)])
    }
}

fn present<'a>(columns: &'a Columns, column: &str) -> Option<&'a Value> {
    columns.get(column).filter(|value| !value.is_null())
}

/// The conversation without the response that stands at its end a second time.
fn without_answer(mut messages: Vec<Message>, response: Option<&str>) -> Vec<Message> {
    messages.pop_if(|turn| turn.role == "assistant" && Some(turn.content.as_str()) == response);
    messages
}

fn read_responses(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(responses) => responses
            .iter()
            .enumerate()
            .map(|(index, response)| {
                read_response(response).map_err(|problem| format!("has an entry {} that {problem}", index + 1))
            })
            .collect(),
        _ => Err("is not a list of responses".to_owned()),
    }
}

/// Whether `output` in this row, or in datasets of its kind, is what a test expects: it is not text, or the tests name
/// their expectations so.
fn expects_output(columns: &Columns) -> bool {
    let is_expectation = |test: &Value| test.get("output").is_some() || test.get("outputs").is_some();
    let tests = match columns.get("tests") {
        Some(Value::Array(tests)) => tests.iter().any(is_expectation),
        Some(tests) => is_expectation(tests),
        None => false,
    };
    let parallel =
        matches!(columns.get("output"), Some(output @ (Value::Array(_) | Value::Object(_))) if !is_turns(output));
    tests || parallel
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    fn file(rows: &[Value]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
        for row in rows {
            writeln!(file, "{row}").unwrap();
        }
        file
    }

    fn first(rows: &[Value], map: &[(&str, &str)]) -> (Parts, Result<Sample, GradeError>) {
        let file = file(rows);
        let dataset = Dataset::open(file.path()).unwrap();
        let map = FieldMap::new(map.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned())));
        let parts = Parts::choose(&dataset, &map).unwrap();
        let row = dataset.rows().unwrap().next().unwrap().unwrap();
        let sample = parts.sample(&row);
        (parts, sample)
    }

    fn sample(row: Value) -> Sample {
        first(&[row], &[]).1.unwrap()
    }

    fn turns(sample: &Sample) -> Vec<(&str, &str)> {
        sample.messages.iter().map(|turn| (turn.role.as_str(), turn.content.as_str())).collect()
    }

    #[test]
    fn the_usual_names_are_found_in_their_order() {
        let sample = sample(
            json!({"prompt": "p", "question": "q", "completion": "c", "output": "o", "answer": "a", "gold": 4.0}),
        );
        assert_eq!(
            (sample.query(), sample.response.as_deref(), sample.reference.as_deref()),
            ("p", Some("c"), Some("4.0"))
        );
    }

    #[test]
    fn a_mapped_column_comes_first_and_plays_no_second_part() {
        let row = json!({"query": "q", "text": "t", "answer": "a", "output": "o"});
        let (parts, sample) = first(&[row], &[("query", "text"), ("response", "answer")]);
        let sample = sample.unwrap();
        assert_eq!((sample.query(), sample.response.as_deref(), sample.reference.clone()), ("t", Some("a"), None));
        assert_eq!(parts.response_column().name(), "answer");
        assert_eq!(parts.describe(), "reading query from `text`, response from `answer`");
    }

    #[test]
    fn an_answer_is_never_a_response() {
        let (parts, sample) = first(&[json!({"question": "q", "answer": "a"})], &[]);
        assert_eq!(sample.unwrap().response, None);
        assert_eq!(
            parts.describe(),
            "reading query from `question`, reference from `answer`; no column holds responses"
        );
        assert_eq!(parts.response_column().name(), "response");
    }

    #[test]
    fn alpaca_rows_join_instruction_and_input() {
        let row = json!({"instruction": "Add", "input": "1 and 2", "output": "3"});
        let both = sample(row);
        assert_eq!((both.query(), both.response.as_deref()), ("Add\n\n1 and 2", Some("3")));
        assert_eq!(sample(json!({"instruction": "Add", "input": "", "output": "3"})).query(), "Add");
    }

    #[test]
    fn an_output_that_tests_expect_is_no_response() {
        assert_eq!(sample(json!({"query": "q", "input": ["1"], "output": ["2"]})).response, None);
        let row = json!({"query": "q", "tests": [{"input": "1", "output": "2"}], "output": "2"});
        assert_eq!(sample(row).response, None);
        let row = json!({"query": "q", "tests": ["assert f(1) == 2"], "output": "def f(x): return 2"});
        assert!(sample(row).response.is_some());
    }

    #[test]
    fn turns_stand_before_the_query() {
        let history = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]);
        let sample = sample(json!({"history": history, "query": "c", "response": "d"}));
        assert_eq!(turns(&sample), [("user", "a"), ("assistant", "b"), ("user", "c")]);
        assert_eq!(sample.response.as_deref(), Some("d"));
    }

    #[test]
    fn the_last_assistant_turn_is_the_response_only_where_no_column_is() {
        let messages = json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]);
        let alone = sample(json!({"messages": messages}));
        assert_eq!((turns(&alone), alone.response.as_deref()), (vec![("user", "q")], Some("a")));
        let with_prompt = sample(json!({"messages": messages, "prompt": "q"}));
        assert_eq!((turns(&with_prompt), with_prompt.response.as_deref()), (vec![("user", "q")], Some("a")));
        let repeated = sample(json!({"messages": messages, "response": "a"}));
        assert_eq!((turns(&repeated), repeated.response.as_deref()), (vec![("user", "q")], Some("a")));
        let other = sample(json!({"messages": messages, "response": "b"}));
        assert_eq!(turns(&other).len(), 2);
        let refined = sample(json!({"messages": messages, "prompt": "q", "response": "b", "original_response": "a"}));
        assert_eq!((turns(&refined), refined.response.as_deref()), (vec![("user", "q")], Some("b")));
        let open = sample(json!({"messages": messages, "query": "and now?"}));
        assert_eq!((turns(&open).len(), open.response), (3, None));
    }

    #[test]
    fn a_query_that_ends_the_conversation_is_not_said_twice() {
        let messages = json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]);
        let sample = sample(json!({"messages": messages, "query": "q", "response": "r"}));
        assert_eq!(turns(&sample), [("system", "s"), ("user", "q")]);
    }

    #[test]
    fn a_prompt_may_be_turns() {
        let prompt = json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]);
        let sample = sample(json!({"prompt": prompt, "completion": [{"role": "assistant", "content": "a"}]}));
        assert_eq!((turns(&sample).len(), sample.query(), sample.response.as_deref()), (2, "q", Some("a")));
    }

    #[test]
    fn a_humaneval_row_has_a_query_and_no_response() {
        let row = json!({"task_id": "HumanEval/0", "prompt": "def f():", "entry_point": "f",
                         "canonical_solution": "  return 1", "test": "def check(candidate): pass"});
        let sample = sample(row);
        assert_eq!((sample.query(), sample.response.clone(), sample.reference.clone()), ("def f():", None, None));
        assert_eq!(sample.id, json!(1));
    }

    #[test]
    fn a_response_of_the_wrong_kind_is_an_invalid_sample_with_its_row_and_column() {
        let error = first(&[json!({"response": ["a", "b"]})], &[]).1.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidSample);
        assert_eq!(error.reason, "row 1: the column `response` is a list, not text");
    }

    #[test]
    fn rows_without_a_response_are_counted() {
        let (parts, sample) =
            first(&[json!({"query": "q", "response": null}), json!({"query": "q", "response": ""})], &[]);
        assert_eq!(sample.unwrap().response, None);
        assert!(parts.describe().ends_with("1 of 2 rows have no response"));
    }

    #[test]
    fn several_responses_are_a_list_of_texts() {
        assert_eq!(sample(json!({"query": "q", "responses": ["a", "b"]})).responses, ["a", "b"]);
        let error = first(&[json!({"responses": "a"})], &[]).1.unwrap_err();
        assert!(error.reason.contains("not a list of responses"));
    }
}
