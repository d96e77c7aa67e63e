//! Reads tests that are data: pairs of standard input and output, and calls of functions.

use gradebox_sdk::{
    GradeError,
    programs::Call,
    serde_json::{Map, Value as Json, from_str},
    value::Value,
};

use super::{
    Case, Expectation, Part, Tests,
    literal::{self, Arguments},
};

type Object = Map<String, Json>;

const FUNCTION: [&str; 5] = ["function", "fn", "fn_name", "func_name", "entry_point"];
const EXPECTED: [&str; 5] = ["expected", "output", "stdout", "expected_output", "outputs"];
const CODE: [&str; 3] = ["assert", "code", "test"];
const LISTS_OF_TESTS: [&str; 5] = ["test_cases", "tests", "assert_case", "asserts", "test_list"];
/// What names the kind of a test, with the values that LiveCodeBench (`testtype`) and open-r1 (`type`) use.
const KIND: [&str; 2] = ["testtype", "type"];
const KIND_OUTPUT: [&str; 2] = ["stdin", "stdin_stdout"];
const KIND_CALL: [&str; 2] = ["functional", "function_call"];

/// What `tests`, a list or an object, holds.
pub(super) fn read(column: &str, tests: &Json, row: super::Reader<'_>) -> Result<Tests, GradeError> {
    let reader = Reader { column, row };
    match tests {
        Json::Array(items) => Ok(Tests { cases: reader.list(items, None)?, language: None }),
        Json::Object(object) => reader.suite(object),
        _ => Err(reader.error("expected a list of tests, or an object with `inputs` and `outputs`")),
    }
}

struct Reader<'a> {
    column: &'a str,
    row: super::Reader<'a>,
}

impl Reader<'_> {
    /// One object for all tests: parallel lists of inputs and outputs, a list of tests, or a single one.
    fn suite(&self, object: &Object) -> Result<Tests, GradeError> {
        let language = match object.get("language") {
            None | Some(Json::Null) => None,
            Some(Json::String(name)) => Some(name.clone()),
            Some(_) => return Err(self.error("`language` is not text")),
        };
        let function = self.function(object)?;
        let list = |name: &&str| object.get(*name)?.as_array();
        let cases = if let Some(inputs) = ["inputs", "input"].iter().find_map(list) {
            self.pairs(object, inputs, function)?
        } else if let Some(tests) = LISTS_OF_TESTS.iter().find_map(list) {
            self.list(tests, function)?
        } else if object.keys().any(|key| IN_ONE_TEST.contains(&key.as_str())) {
            vec![self.item(0, &Json::Object(object.clone()), None, false)?]
        } else {
            return Err(self.error("expected a list of tests, or an object with the lists `inputs` and `outputs`"));
        };
        Ok(Tests { cases, language })
    }

    fn list(&self, items: &[Json], function: Option<&str>) -> Result<Vec<Case>, GradeError> {
        let outputs: Option<Vec<&Json>> = items.iter().map(|item| item.get("output")).collect();
        let wrapped = outputs.is_some_and(|outputs| are_wrapped(outputs.into_iter()));
        items.iter().enumerate().map(|(index, item)| self.item(index, item, function, wrapped)).collect()
    }

    /// Each input with its output: of a function where one is named, else of the whole program.
    fn pairs(&self, object: &Object, inputs: &[Json], function: Option<&str>) -> Result<Vec<Case>, GradeError> {
        let outputs = match first(object, &["outputs", "output"]) {
            Some((_, Json::Array(outputs))) if outputs.len() == inputs.len() => outputs,
            Some((name, Json::Array(outputs))) => {
                return Err(self.error(format_args!("{} inputs, but {} in `{name}`", inputs.len(), outputs.len())));
            }
            None if self.row.has_checker => {
                return inputs
                    .iter()
                    .enumerate()
                    .map(|(index, input)| self.pair(index, input, None, function))
                    .collect();
            }
            _ => return Err(self.error("it has a list of inputs, but no list `outputs`")),
        };
        let wrapped = are_wrapped(outputs.iter());
        let pairs = inputs.iter().zip(outputs).enumerate();
        pairs.map(|(index, (input, output))| self.pair(index, input, Some((output, wrapped)), function)).collect()
    }

    /// `output` comes with whether the outputs of its suite are lists around the expected value.
    fn pair(
        &self,
        index: usize,
        input: &Json,
        output: Option<(&Json, bool)>,
        function: Option<&str>,
    ) -> Result<Case, GradeError> {
        let Some(target) = function else {
            return Ok(Case::Output {
                stdin: self.text(index, "input", input)?,
                expected: output.map(|(output, _)| self.text(index, "output", output)).transpose()?,
            });
        };
        let (args, kwargs) = self.args(index, input)?;
        let expected = match output {
            Some((output, wrapped)) => self.alternatives(index, input, output, wrapped)?,
            None => Vec::new(),
        };
        let call = Call { target: target.to_owned(), args, kwargs };
        Ok(Case::Call { call, expectation: Expectation::Returns(expected) })
    }

    /// One test of a list.
    fn item(&self, index: usize, item: &Json, function: Option<&str>, wrapped: bool) -> Result<Case, GradeError> {
        let object = match item {
            Json::String(code) => return self.statements(index, code),
            Json::Object(object) => object,
            _ => return Err(self.error_at(index, "expected an object or the text of an `assert`")),
        };
        if let Some((name, code)) = first(object, &CODE) {
            let code = code.as_str().ok_or_else(|| self.error_at(index, format_args!("`{name}` is not text")))?;
            return self.statements(index, code);
        }
        let kind = first(object, &KIND).and_then(|(_, kind)| kind.as_str());
        let is_output = object.contains_key("stdin")
            || object.get("input").is_some_and(|input| input.get("stdin").is_some())
            || kind.is_some_and(|kind| KIND_OUTPUT.contains(&kind));
        let is_call = object.contains_key("args")
            || object.contains_key("kwargs")
            || kind.is_some_and(|kind| KIND_CALL.contains(&kind));
        let wrapped = wrapped && kind == Some("function_call");
        match (object.get("call"), self.function(object)?.or(function)) {
            (Some(Json::String(call)), _) if call.contains('(') => Ok(Case::Expression {
                expression: call.trim().to_owned(),
                expectation: self.expectation(index, object)?,
            }),
            (Some(Json::String(target)), _) => self.call(index, object, target, wrapped),
            (Some(_), _) => Err(self.error_at(index, "`call` is not text")),
            (None, Some(target)) if !is_output => self.call(index, object, target, wrapped),
            (None, None) if is_call => Err(self.error_at(
                index,
                "it calls a function, but names none in `function`, nor the row in `entry_point` or \
                 `metadata.func_name`",
            )),
            (None, _) => self.output(index, object),
        }
    }

    fn statements(&self, index: usize, code: &str) -> Result<Case, GradeError> {
        if code.trim().is_empty() {
            return Err(self.error_at(index, "it is empty"));
        }
        Ok(Case::Statements { code: super::statements::dedented(code), part: Part::Module })
    }

    fn call(&self, index: usize, object: &Object, target: &str, wrapped: bool) -> Result<Case, GradeError> {
        let (args, mut named) = match (object.get("args"), object.get("input")) {
            (Some(Json::Array(args)), _) => {
                (args.iter().map(|arg| self.value(index, arg)).collect::<Result<_, _>>()?, Vec::new())
            }
            (Some(_), _) => return Err(self.error_at(index, "`args` is not a list")),
            (None, Some(input)) => self.args(index, input)?,
            (None, None) => (Vec::new(), Vec::new()),
        };
        match object.get("kwargs") {
            None | Some(Json::Null) => {}
            Some(Json::Object(kwargs)) => {
                for (name, value) in kwargs {
                    named.push((name.clone(), self.value(index, value)?));
                }
            }
            Some(_) => return Err(self.error_at(index, "`kwargs` is not an object")),
        }
        let call = Call { target: target.trim().to_owned(), args, kwargs: named };
        let encoded = (!object.contains_key("args")).then(|| object.get("input")).flatten();
        let expectation = match (encoded, first(object, &EXPECTED)) {
            (Some(input), Some((_, output))) if input.is_string() || wrapped => {
                Expectation::Returns(self.alternatives(index, input, output, wrapped)?)
            }
            _ => self.expectation(index, object)?,
        };
        Ok(Case::Call { call, expectation })
    }

    fn expectation(&self, index: usize, object: &Object) -> Result<Expectation, GradeError> {
        match (first(object, &EXPECTED), object.get("raises")) {
            (Some((_, expected)), None) => Ok(Expectation::Returns(vec![self.value(index, expected)?])),
            (None, Some(Json::String(kind))) => Ok(Expectation::Raises(kind.trim().to_owned())),
            (None, Some(_)) => Err(self.error_at(index, "`raises` is not the name of an exception")),
            (Some(_), Some(_)) => Err(self.error_at(index, "it has both an expected value and `raises`")),
            (None, None) if self.row.has_checker => Ok(Expectation::Returns(Vec::new())),
            (None, None) => Err(self.error_at(index, "it has no `expected`")),
        }
    }

    fn output(&self, index: usize, object: &Object) -> Result<Case, GradeError> {
        let stdin = match stream(first(object, &["stdin", "input"]), "stdin") {
            None | Some((_, Json::Null)) => String::new(),
            Some((name, input)) => self.text(index, name, input)?,
        };
        let expected = match stream(first(object, &EXPECTED), "stdout") {
            Some((_, Json::Null)) | None if self.row.has_checker => None,
            Some((name, expected)) => Some(self.text(index, name, expected)?),
            None => {
                let expected =
                    "expected `stdin` and `stdout`, `input` and `output`, or `function`, `args` and `expected`";
                return Err(self.error_at(index, expected));
            }
        };
        Ok(Case::Output { stdin, expected })
    }

    /// The function that an object, or else the row, names.
    fn function<'b>(&'b self, object: &'b Object) -> Result<Option<&'b str>, GradeError> {
        match first(object, &FUNCTION) {
            Some((_, Json::String(name))) if !name.trim().is_empty() => Ok(Some(name.trim())),
            None | Some((_, Json::Null | Json::String(_))) => Ok(self.row.entry_point),
            Some((name, _)) => Err(self.error(format_args!("`{name}` is not the name of a function"))),
        }
    }

    /// Arguments: a list, or text with one JSON value a line (APPS), or as Python writes them
    /// (`nums = [3, 3], target = 6`). Any other value is the one argument.
    fn args(&self, index: usize, input: &Json) -> Result<Arguments, GradeError> {
        let text = match input {
            Json::Array(args) => {
                let args: Result<_, _> = args.iter().map(|arg| self.value(index, arg)).collect();
                return Ok((args?, Vec::new()));
            }
            Json::String(text) => text,
            single => return Ok((vec![self.value(index, single)?], Vec::new())),
        };
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        match lines.map(from_str::<Json>).collect::<Result<Vec<Json>, _>>() {
            Ok(args) => {
                let args: Result<_, _> = args.iter().map(|arg| self.value(index, arg)).collect();
                Ok((args?, Vec::new()))
            }
            Err(problem) => literal::arguments(text).ok_or_else(|| {
                let expected = "its input is neither one JSON value a line nor a list of Python literals";
                self.error_at(index, format_args!("{expected}: {}", super::json_problem(&problem)))
            }),
        }
    }

    /// The values that an output stands for: beside text with arguments it is JSON or Python's literal, too, and a
    /// list around the expected value may also be the value itself.
    fn alternatives(&self, index: usize, input: &Json, output: &Json, wrapped: bool) -> Result<Vec<Value>, GradeError> {
        match (input, output) {
            (Json::String(_), Json::String(text)) => Ok(vec![match from_str::<Json>(text) {
                Ok(json) => self.value(index, &json)?,
                Err(_) => literal::value(text).unwrap_or_else(|| Value::from(text.as_str())),
            }]),
            (_, Json::Array(items)) if wrapped => {
                let only = items.iter().map(|item| self.value(index, item)).collect::<Result<Vec<_>, _>>()?;
                let whole = self.value(index, output)?;
                Ok(only.into_iter().chain([whole]).collect())
            }
            _ => Ok(vec![self.value(index, output)?]),
        }
    }

    /// Plain JSON, in which an object with one key that begins with `$` is the tagged encoding.
    fn value(&self, index: usize, json: &Json) -> Result<Value, GradeError> {
        match json {
            Json::Array(items) => {
                Ok(Value::List(items.iter().map(|item| self.value(index, item)).collect::<Result<_, _>>()?))
            }
            Json::Object(object) if object.len() == 1 && object.keys().all(|key| key.starts_with('$')) => {
                Value::from_tagged(json.clone()).map_err(|problem| self.error_at(index, problem))
            }
            Json::Object(object) => {
                let entry = |(key, value): (&String, &Json)| Ok((Value::from(key.as_str()), self.value(index, value)?));
                Ok(Value::Dict(object.iter().map(entry).collect::<Result<_, GradeError>>()?))
            }
            scalar => Ok(Value::from_json(scalar.clone())),
        }
    }

    /// Text for or from a program: as it is, as lines, or a number as written.
    fn text(&self, index: usize, name: &str, json: &Json) -> Result<String, GradeError> {
        match json {
            Json::String(text) => Ok(text.clone()),
            Json::Number(number) => Ok(number.to_string()),
            Json::Bool(_) | Json::Null | Json::Object(_) => Err(self.error_at(
                index,
                format_args!("`{name}` is not text or a list of lines; to test a function, name it in `entry_point`"),
            )),
            Json::Array(lines) => {
                let lines: Result<Vec<String>, _> = lines.iter().map(|line| self.text(index, name, line)).collect();
                Ok(lines?.join("\n"))
            }
        }
    }

    fn error(&self, problem: impl std::fmt::Display) -> GradeError {
        GradeError::invalid_sample(self.column, problem)
    }

    fn error_at(&self, index: usize, problem: impl std::fmt::Display) -> GradeError {
        self.error(format_args!("test {}: {problem}", index + 1))
    }
}

/// Keys that make an object one test.
const IN_ONE_TEST: [&str; 8] = ["stdin", "stdout", "input", "args", "kwargs", "call", "expected", "assert"];

/// Whether outputs are lists around the expected values, as in APPS. Then all of them have one item; where each
/// expected value is itself a list of one, it cannot be told, and either counts.
fn are_wrapped<'a>(mut outputs: impl Iterator<Item = &'a Json>) -> bool {
    outputs.all(|output| output.as_array().is_some_and(|items| items.len() == 1))
}

/// `SandboxFusion` names the streams inside of `input` and `output`.
fn stream<'a>(found: Option<(&'static str, &'a Json)>, name: &str) -> Option<(&'static str, &'a Json)> {
    found.map(|(column, json)| (column, json.get(name).unwrap_or(json)))
}

fn first<'a>(object: &'a Object, names: &[&'static str]) -> Option<(&'static str, &'a Json)> {
    names.iter().find_map(|&name| Some((name, object.get(name)?)))
}

#[cfg(test)]
mod tests {
    use gradebox_sdk::serde_json::json;

    use super::*;

    fn read(tests: &Json) -> Vec<Case> {
        read_for(tests, None).unwrap()
    }

    fn read_for(tests: &Json, entry_point: Option<&str>) -> Result<Vec<Case>, GradeError> {
        super::read("tests", tests, crate::suite::Reader { entry_point, has_checker: false, language: "python" })
            .map(|tests| tests.cases)
    }

    fn problem(tests: &Json) -> String {
        read_for(tests, None).unwrap_err().to_string()
    }

    fn output(stdin: &str, expected: &str) -> Case {
        Case::Output { stdin: stdin.to_owned(), expected: Some(expected.to_owned()) }
    }

    fn call(target: &str, args: &[Value], expected: &[Value]) -> Case {
        Case::Call {
            call: Call { target: target.to_owned(), args: args.to_vec(), kwargs: Vec::new() },
            expectation: Expectation::Returns(expected.to_vec()),
        }
    }

    #[test]
    fn pairs_of_input_and_output_may_be_text_lines_or_numbers() {
        let expected = [output("1\n2", "3"), output("a\n", "b\n")];
        assert_eq!(read(&json!({"inputs": [["1", 2], "a\n"], "outputs": [3, "b\n"]})), expected);
        assert_eq!(read(&json!([{"input": ["1", 2], "output": 3}, {"stdin": "a\n", "expected": "b\n"}])), expected);
        assert_eq!(read(&json!([{"stdout": "x"}])), [output("", "x")]);
        assert_eq!(problem(&json!({"inputs": ["1"], "outputs": []})), "column `tests`: 1 inputs, but 0 in `outputs`");
    }

    #[test]
    fn apps_calls_wrap_the_expected_value_in_a_list() {
        let list = Value::from(vec![Value::from(1), Value::from(2)]);
        let tests = json!({"fn_name": "f", "inputs": [[[1, 2], "a"]], "outputs": [[3]]});
        let expected = [Value::from(3), Value::from(vec![Value::from(3)])];
        assert_eq!(read(&tests), [call("f", &[list.clone(), Value::from("a")], &expected)]);
        let tests = json!({"fn_name": "f", "inputs": ["[1, 2]\n\"a\""], "outputs": ["\"b\""]});
        assert_eq!(read(&tests), [call("f", &[list, Value::from("a")], &[Value::from("b")])]);
    }

    #[test]
    fn functional_tests_of_live_code_bench_are_calls_of_the_entry_point() {
        let tests = json!([{"input": "3\n\"a\"", "output": "[1]", "testtype": "functional"}]);
        let expected = call("f", &[Value::from(3), Value::from("a")], &[Value::from(vec![Value::from(1)])]);
        assert_eq!(read_for(&tests, Some("f")).unwrap(), [expected]);
        assert!(problem(&tests).contains("names none in `function`"));
        let tests = json!([{"input": "3", "output": "4", "testtype": "stdin"}]);
        assert_eq!(read_for(&tests, Some("f")).unwrap(), [output("3", "4")]);
    }

    #[test]
    fn calls_may_name_their_function_and_be_expressions() {
        assert_eq!(
            read(&json!([{"function": "f", "args": [1], "expected": {"$tuple": [1]}}])),
            [call("f", &[Value::from(1)], &[Value::Tuple(vec![Value::from(1)])])]
        );
        assert_eq!(
            read(&json!([{"call": "f(1)", "raises": "ValueError"}])),
            [Case::Expression {
                expression: "f(1)".to_owned(),
                expectation: Expectation::Raises("ValueError".to_owned())
            }]
        );
        let tests = json!([{"fn": "f", "kwargs": {"a": {"b": 1}}, "expected": null}]);
        let argument = Value::Dict(vec![(Value::from("b"), Value::from(1))]);
        let expected = Case::Call {
            call: Call { target: "f".to_owned(), args: vec![], kwargs: vec![("a".to_owned(), argument)] },
            expectation: Expectation::Returns(vec![Value::Null]),
        };
        assert_eq!(read(&tests), [expected]);
    }

    #[test]
    fn statements_may_stand_in_a_list() {
        let code = |code: &str| Case::Statements { code: code.to_owned(), part: Part::Module };
        assert_eq!(
            read(&json!(["  assert f(1)", {"assert": "assert f(2)"}])),
            [code("assert f(1)"), code("assert f(2)")]
        );
        assert_eq!(problem(&json!(["assert f(1)", " "])), "column `tests`: test 2: it is empty");
    }

    #[test]
    fn outputs_are_unwrapped_only_where_all_of_them_are_wrapped() {
        let one = |number: i64| Value::from(vec![Value::from(number)]);
        let two = Value::from(vec![Value::from(1), Value::from(2)]);
        let tests = json!({"fn_name": "f", "inputs": [[1], [2]], "outputs": [[1], [1, 2]]});
        assert_eq!(read(&tests), [call("f", &[Value::from(1)], &[one(1)]), call("f", &[Value::from(2)], &[two])]);
        let test = |output: Json| json!({"type": "function_call", "fn_name": "f", "input": [1], "output": output});
        assert_eq!(read(&json!([test(json!([3]))])), [call("f", &[Value::from(1)], &[Value::from(3), one(3)])]);
        assert_eq!(read(&json!([test(json!([3])), test(json!(3))]))[0], call("f", &[Value::from(1)], &[one(3)]));
    }

    #[test]
    fn a_kind_may_say_what_a_test_is() {
        let tests = json!([
            {"type": "stdin_stdout", "input": "1", "output": "2", "fn_name": null},
            {"input": {"stdin": "3"}, "output": {"stdout": "4"}},
        ]);
        assert_eq!(read_for(&tests, Some("f")).unwrap(), [output("1", "2"), output("3", "4")]);
        assert_eq!(read(&json!({"input": "1", "output": "2"})), [output("1", "2")]);
        assert_eq!(read(&json!({"test_cases": [{"input": null, "output": "2"}]})), [output("", "2")]);
    }

    #[test]
    fn arguments_may_be_written_as_python_writes_them() {
        let tests = json!([{"input": "a = [1], b = 'x'", "output": "(1, 'x')"}]);
        let Ok([Case::Call { call, expectation }]) =
            read_for(&tests, Some("f")).map(|cases| <[Case; 1]>::try_from(cases).unwrap())
        else {
            panic!("no call")
        };
        assert_eq!(call.kwargs[1], ("b".to_owned(), Value::from("x")));
        let expected = Value::Tuple(vec![Value::from(1), Value::from("x")]);
        assert_eq!(expectation, Expectation::Returns(vec![expected]));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(problem(&json!([{"function": "f", "args": [1]}])), "column `tests`: test 1: it has no `expected`");
        assert!(problem(&json!([{"args": [1], "expected": 2}])).contains("names none in `function`"));
        assert!(problem(&json!([{"a": 1}])).contains("test 1: expected `stdin` and `stdout`"));
        assert!(problem(&json!([3])).contains("test 1: expected an object or the text of an `assert`"));
        assert!(problem(&json!([{"function": "f", "args": 1, "expected": 2}])).contains("`args` is not a list"));
        assert!(
            problem(&json!([{"function": "f", "args": [{"$set": 1}], "expected": 2}])).contains("malformed `$set`")
        );
        assert!(
            problem(&json!({"fn_name": "f", "inputs": ["x y"], "outputs": [1]}))
                .contains("neither one JSON value a line")
        );
        assert!(problem(&json!([{"input": {"a": 1}, "output": "x"}])).contains("name it in `entry_point`"));
    }
}
