//! Reads tests that are data: pairs of standard input and output, and calls of functions.

use gradebox_sdk::{
    GradeError,
    programs::Call,
    serde_json::{Map, Value as Json, from_str},
    value::Value,
};

use super::{Case, Expectation};

type Object = Map<String, Json>;

const FUNCTION: [&str; 5] = ["function", "fn", "fn_name", "func_name", "entry_point"];
const EXPECTED: [&str; 5] = ["expected", "output", "stdout", "expected_output", "outputs"];
const CODE: [&str; 3] = ["assert", "code", "test"];

/// The cases of `tests`, which holds a list or an object.
pub(super) fn cases(column: &str, tests: &Json, entry_point: Option<&str>) -> Result<Vec<Case>, GradeError> {
    let reader = Reader { column, entry_point };
    match tests {
        Json::Array(items) => items.iter().enumerate().map(|(index, item)| reader.item(index, item)).collect(),
        Json::Object(object) => reader.suite(object),
        _ => Err(reader.error("expected a list of tests, or an object with `inputs` and `outputs`")),
    }
}

struct Reader<'a> {
    column: &'a str,
    entry_point: Option<&'a str>,
}

impl Reader<'_> {
    /// One object for all tests: parallel lists of inputs and outputs, or a list of asserts.
    fn suite(&self, object: &Object) -> Result<Vec<Case>, GradeError> {
        let list =
            |names: [&'static str; 2]| first(object, &names).and_then(|(name, list)| Some((name, list.as_array()?)));
        if let (Some((_, inputs)), Some((name, outputs))) = (list(["inputs", "input"]), list(["outputs", "output"])) {
            if inputs.len() != outputs.len() {
                let (inputs, outputs) = (inputs.len(), outputs.len());
                return Err(self.error(format_args!("{inputs} inputs, but {outputs} in `{name}`")));
            }
            let function = self.function(object)?;
            let pairs = inputs.iter().zip(outputs).enumerate();
            return pairs.map(|(index, (input, output))| self.pair(index, input, output, function)).collect();
        }
        match first(object, &["assert_case", "asserts", "test_list"]) {
            Some((_, Json::Array(asserts))) => {
                asserts.iter().enumerate().map(|(index, code)| self.item(index, code)).collect()
            }
            _ => Err(self.error("expected a list of tests, or an object with the lists `inputs` and `outputs`")),
        }
    }

    /// One input with its output: of a function where one is named, else of the whole program.
    fn pair(&self, index: usize, input: &Json, output: &Json, function: Option<&str>) -> Result<Case, GradeError> {
        match function {
            Some(target) => {
                let args = self.args(index, input)?;
                let expected = self.alternatives(index, input, output)?;
                let call = Call { target: target.to_owned(), args, kwargs: Vec::new() };
                Ok(Case::Call { call, expectation: Expectation::Returns(expected) })
            }
            None => Ok(Case::Output {
                stdin: self.text(index, "input", input)?,
                expected: self.text(index, "output", output)?,
            }),
        }
    }

    /// One test of a list.
    fn item(&self, index: usize, item: &Json) -> Result<Case, GradeError> {
        let object = match item {
            Json::String(code) => return self.statements(index, code),
            Json::Object(object) => object,
            _ => return Err(self.error_at(index, "expected an object or the text of an `assert`")),
        };
        if let Some((name, code)) = first(object, &CODE) {
            let code = code.as_str().ok_or_else(|| self.error_at(index, format_args!("`{name}` is not text")))?;
            return self.statements(index, code);
        }
        let is_stdin = object.contains_key("stdin") || object.get("testtype").is_some_and(|kind| kind == "stdin");
        let is_call = object.contains_key("args") || object.contains_key("kwargs");
        match (object.get("call"), self.function(object)?) {
            (Some(Json::String(call)), _) if call.contains('(') => Ok(Case::Expression {
                expression: call.trim().to_owned(),
                expectation: self.expectation(index, object)?,
            }),
            (Some(Json::String(target)), _) => self.call(index, object, target),
            (Some(_), _) => Err(self.error_at(index, "`call` is not text")),
            (None, Some(target)) if !is_stdin => self.call(index, object, target),
            (None, None) if is_call || object.get("testtype").is_some_and(|kind| kind == "functional") => {
                Err(self.error_at(index, "it has arguments, but no `function`, and the row no `entry_point`"))
            }
            (None, _) => self.output(index, object),
        }
    }

    fn statements(&self, index: usize, code: &str) -> Result<Case, GradeError> {
        if code.trim().is_empty() {
            return Err(self.error_at(index, "it is empty"));
        }
        Ok(Case::Statements { code: super::statements::dedented(code) })
    }

    fn call(&self, index: usize, object: &Object, target: &str) -> Result<Case, GradeError> {
        let args = match (object.get("args"), object.get("input")) {
            (Some(Json::Array(args)), _) => args.iter().map(|arg| self.value(index, arg)).collect::<Result<_, _>>()?,
            (Some(_), _) => return Err(self.error_at(index, "`args` is not a list")),
            (None, Some(input)) => self.args(index, input)?,
            (None, None) => Vec::new(),
        };
        let kwargs = match object.get("kwargs") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Object(kwargs)) => {
                let named = kwargs.iter().map(|(name, value)| Ok((name.clone(), self.value(index, value)?)));
                named.collect::<Result<_, GradeError>>()?
            }
            Some(_) => return Err(self.error_at(index, "`kwargs` is not an object")),
        };
        let call = Call { target: target.trim().to_owned(), args, kwargs };
        let encoded = (!object.contains_key("args")).then(|| object.get("input")).flatten();
        let expectation = match (encoded, first(object, &EXPECTED)) {
            // In text with a JSON value a line, the expected value is JSON text, too.
            (Some(input @ Json::String(_)), Some((_, output))) => {
                Expectation::Returns(self.alternatives(index, input, output)?)
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
            (None, None) => Err(self.error_at(index, "it has no `expected`")),
        }
    }

    fn output(&self, index: usize, object: &Object) -> Result<Case, GradeError> {
        let stdin = match first(object, &["stdin", "input"]) {
            Some((name, input)) => self.text(index, name, input)?,
            None => String::new(),
        };
        let Some((name, expected)) = first(object, &EXPECTED) else {
            let expected = "expected `stdin` and `stdout`, `input` and `output`, or `function`, `args` and `expected`";
            return Err(self.error_at(index, expected));
        };
        Ok(Case::Output { stdin, expected: self.text(index, name, expected)? })
    }

    /// The function that an object, or else the row, names.
    fn function<'b>(&'b self, object: &'b Object) -> Result<Option<&'b str>, GradeError> {
        match first(object, &FUNCTION) {
            Some((_, Json::String(name))) if !name.trim().is_empty() => Ok(Some(name.trim())),
            None | Some((_, Json::Null | Json::String(_))) => Ok(self.entry_point),
            Some((name, _)) => Err(self.error(format_args!("`{name}` is not the name of a function"))),
        }
    }

    /// Arguments as APPS writes them: a list, or text with one JSON value a line. Any other value is the one
    /// argument.
    fn args(&self, index: usize, input: &Json) -> Result<Vec<Value>, GradeError> {
        let text = match input {
            Json::Array(args) => return args.iter().map(|arg| self.value(index, arg)).collect(),
            Json::String(text) => text,
            single => return Ok(vec![self.value(index, single)?]),
        };
        let lines = text.lines().filter(|line| !line.trim().is_empty()).enumerate();
        let arg = |(line, text): (usize, &str)| {
            let json = from_str(text).map_err(|problem| {
                self.error_at(index, format_args!("line {} of its input is not a JSON value: {problem}", line + 1))
            })?;
            self.value(index, &json)
        };
        lines.map(arg).collect()
    }

    /// The values that an output of APPS and its kin stands for.
    fn alternatives(&self, index: usize, input: &Json, output: &Json) -> Result<Vec<Value>, GradeError> {
        match (input, output) {
            (Json::String(_), Json::String(text)) => {
                let json = from_str(text).unwrap_or_else(|_| output.clone());
                Ok(vec![self.value(index, &json)?])
            }
            (_, Json::Array(items)) if items.len() == 1 => {
                let whole = self.value(index, output)?;
                let only = items.iter().map(|item| self.value(index, item)).collect::<Result<Vec<_>, _>>()?;
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
            Json::Array(lines) => {
                let lines: Result<Vec<String>, _> = lines.iter().map(|line| self.text(index, name, line)).collect();
                Ok(lines?.join("\n"))
            }
            _ => Err(self.error_at(
                index,
                format_args!("`{name}` is not text or a list of lines; to test a function, name it in `entry_point`"),
            )),
        }
    }

    fn error(&self, problem: impl std::fmt::Display) -> GradeError {
        GradeError::invalid_sample(self.column, problem)
    }

    fn error_at(&self, index: usize, problem: impl std::fmt::Display) -> GradeError {
        self.error(format_args!("test {}: {problem}", index + 1))
    }
}

fn first<'a>(object: &'a Object, names: &[&'static str]) -> Option<(&'static str, &'a Json)> {
    names.iter().find_map(|&name| Some((name, object.get(name)?)))
}

#[cfg(test)]
mod tests {
    use gradebox_sdk::serde_json::json;

    use super::*;

    fn read(tests: &Json) -> Vec<Case> {
        cases("tests", tests, None).unwrap()
    }

    fn problem(tests: &Json) -> String {
        cases("tests", tests, None).unwrap_err().to_string()
    }

    fn output(stdin: &str, expected: &str) -> Case {
        Case::Output { stdin: stdin.to_owned(), expected: expected.to_owned() }
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
        assert_eq!(cases("tests", &tests, Some("f")).unwrap(), [expected]);
        assert!(problem(&tests).contains("no `entry_point`"));
        let tests = json!([{"input": "3", "output": "4", "testtype": "stdin"}]);
        assert_eq!(cases("tests", &tests, Some("f")).unwrap(), [output("3", "4")]);
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
        let code = |code: &str| Case::Statements { code: code.to_owned() };
        assert_eq!(
            read(&json!(["  assert f(1)", {"assert": "assert f(2)"}])),
            [code("assert f(1)"), code("assert f(2)")]
        );
        assert_eq!(problem(&json!(["assert f(1)", " "])), "column `tests`: test 2: it is empty");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(problem(&json!([{"function": "f", "args": [1]}])), "column `tests`: test 1: it has no `expected`");
        assert!(problem(&json!([{"args": [1], "expected": 2}])).contains("no `function`"));
        assert!(problem(&json!([{"a": 1}])).contains("test 1: expected `stdin` and `stdout`"));
        assert!(problem(&json!([3])).contains("test 1: expected an object or the text of an `assert`"));
        assert!(problem(&json!([{"function": "f", "args": 1, "expected": 2}])).contains("`args` is not a list"));
        assert!(
            problem(&json!([{"function": "f", "args": [{"$set": 1}], "expected": 2}])).contains("malformed `$set`")
        );
        assert!(problem(&json!({"fn_name": "f", "inputs": ["x y"], "outputs": [1]})).contains("not a JSON value"));
        assert!(problem(&json!([{"input": {"a": 1}, "output": "x"}])).contains("name it in `entry_point`"));
    }
}
