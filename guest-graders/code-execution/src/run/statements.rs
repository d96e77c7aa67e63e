//! Runs tests that are code: the test in a sandbox of its own, the program in another.
//!
//! The test calls the program through the host, by the peer `*`. What the test's sandbox says is trusted: the program
//! reaches it only by the values that its functions return.

use gradebox_sdk::{
    GradeError,
    programs::{Action, Call, Ending, Execution, Input, Limits, Program as Sandboxed, Raised, Runner, Steps},
    value::Value,
};

use super::{Outcome, Run};
use crate::{excerpt::excerpt, judge::unexpected, language, suite::Part};

/// The peer that is every name that the test does not define.
const EVERY_NAME: &str = "*";
/// The target that runs a test.
const RUN_TEST: &str = "$test";

/// An assertion that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assertion {
    /// The assertion as the test writes it.
    pub(crate) text: String,
    /// Its left side, and what that was.
    pub(crate) left: Option<(String, Value)>,
}

impl<R: Runner> Run<'_, R> {
    /// What a test came to.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`] when it cannot run whatever the program is.
    pub(super) fn statements(&self, code: &str, part: &Part) -> Result<Outcome, GradeError> {
        let is_javascript = language::family(self.language) == language::JAVASCRIPT;
        // JavaScript has no names of a scope but by what stands in one text.
        let code = &if is_javascript && !self.suite.setup.is_empty() {
            format!("{}\n{code}", self.suite.setup)
        } else {
            code.to_owned()
        };
        let program = self.runner.open(&self.sandboxed(self.program.source.clone(), &[]), &[]);
        let language = self.language.to_owned();
        let test = Sandboxed { language, source: code.clone(), limits: self.limits_of_test() };
        let test = self.runner.open(&test, &[(EVERY_NAME, &program)]);
        let call = Call { target: RUN_TEST.to_owned(), args: vec![self.options(part)], kwargs: Vec::new() };
        let Execution { ending, value, .. } = test.step(&Input { action: Action::Call(call), stdin: Vec::new() });
        match (ending, value) {
            (Ending::Completed, Some(report)) => self.reported(&Report(&report)),
            (Ending::Raised(raised), _) => self.broken(code, &raised),
            (ending, _) => Ok(unexpected(ending)),
        }
    }

    /// The test may use as much as the program; what it walks through is of the program's making.
    fn limits_of_test(&self) -> Limits {
        Limits { cpu_ms: Some(self.params.timeout_ms), memory_mib: self.params.memory_mib, output_kib: None }
    }

    fn options(&self, part: &Part) -> Value {
        let text = |text: &str| Value::Str(text.to_owned());
        let part = match part {
            Part::Module => vec![text("module")],
            Part::Check => vec![text("check")],
            Part::Function(name) => vec![text("function"), text(name)],
            Part::Method(class, name) => vec![text("method"), text(class), text(name)],
            Part::Cases => vec![text("cases")],
        };
        Value::Dict(vec![
            (text("preamble"), text(self.preamble)),
            (text("setup"), text(&self.suite.setup)),
            (text("entry_point"), self.suite.entry_point.as_deref().map_or(Value::Null, text)),
            (text("part"), Value::List(part)),
        ])
    }

    /// What the test's sandbox says of the test.
    fn reported(&self, report: &Report) -> Result<Outcome, GradeError> {
        if report.get("passed") == Some(&Value::Bool(true)) {
            return Ok(Outcome::Passed);
        }
        if let Some(reason) = report.text("undecided") {
            return Ok(Outcome::Undecided(reason));
        }
        if let Some(problem) = report.text("broken") {
            return Err(GradeError::invalid_sample(self.suite.column, excerpt(&problem, 500)));
        }
        let kind = report.text("kind").unwrap_or_default();
        let message = report.text("message").unwrap_or_default();
        let text = on_one_line(&report.text("text").unwrap_or_default());
        let is_programs = report.text("by").as_deref() == Some("program");
        let line = report.line(if is_programs { "program_line" } else { "line" });
        let raised = Raised { kind, message, line, traceback: String::new() };
        if is_programs {
            return Ok(Outcome::Raised(raised));
        }
        if raised.message.starts_with("Cannot find module '") {
            return Err(GradeError::invalid_sample(
                self.suite.column,
                format_args!("the test needs what is absent: {}", raised.message),
            ));
        }
        if raised.kind == "ModuleNotFoundError" && (text.starts_with("import ") || text.starts_with("from ")) {
            let problem = format!("its line `{text}` needs what the sandbox does not have: {}", raised.message);
            return Err(GradeError::invalid_sample(self.suite.column, problem));
        }
        Ok(Outcome::Failed { raised, assertion: Assertion { text, left: report.left() } })
    }

    /// A test that its sandbox could not even load, or that no report is known of.
    fn broken(&self, code: &str, raised: &Raised) -> Result<Outcome, GradeError> {
        if !matches!(raised.kind.as_str(), "SyntaxError" | "IndentationError" | "TabError") {
            return Ok(Outcome::Crashed(format!("the test ended with {}: {}", raised.kind, raised.message)));
        }
        let line = raised.line.and_then(|line| code.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?));
        let text = excerpt(&line.unwrap_or_default().trim(), 200);
        let problem = format!("a test does not parse: {} in `{text}`", excerpt(&raised.message, 200));
        Err(GradeError::invalid_sample(self.suite.column, problem))
    }
}

/// What the test's sandbox returns: a dict, as `gradebox_python.testing.running` and `testing.js` describe it.
struct Report<'a>(&'a Value);

impl Report<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        let Value::Dict(entries) = self.0 else { return None };
        entries.iter().find(|(name, _)| matches!(name, Value::Str(name) if name == key)).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::Str(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn line(&self, key: &str) -> Option<u32> {
        match self.get(key)? {
            Value::Int(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    fn left(&self) -> Option<(String, Value)> {
        match self.get("left")? {
            Value::List(left) => match left.as_slice() {
                [Value::Str(text), value] => Some((text.clone(), value.clone())),
                _ => None,
            },
            _ => None,
        }
    }
}

fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
