//! Says what the tests came to: a reason that a model can repair its code from, and the evidence.

mod wording;

use gradebox_sdk::{
    programs::Raised,
    serde_json::{Map, Value as Json, json},
    value::Value,
};

use self::wording::{
    expected_of, expected_value, failure, has_expected, holds, input_of, is_long, length, more, output_difference,
    quoted, rejection, shown, subject,
};
use crate::{
    compare::{Policy, difference},
    excerpt::excerpt,
    params::{Instance, Params},
    program::{Origin, Program},
    run::{Assertion, Found, Outcome},
    suite::{Case, Suite},
};

/// Characters of one value in a reason.
const IN_REASON: usize = 300;
/// Characters of one value in the details.
const IN_DETAILS: usize = 1000;
/// How many tests the details list.
const LISTED: usize = 200;
/// How many failed tests the details describe, with what went in and came out.
pub(crate) const DESCRIBED: usize = 50;

/// Where tests ran: what they expect was never in the program's sandbox.
pub(crate) const ISOLATION: &str = "separate";

/// What the tests of one response came to.
pub(crate) struct Report<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) program: &'a Program,
    pub(crate) params: &'a Params,
    pub(crate) language: &'a str,
    /// One for each case of the suite.
    pub(crate) outcomes: &'a [Outcome],
}

impl Report<'_> {
    pub(crate) fn passed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| **outcome == Outcome::Passed).count()
    }

    /// Why the score is what it is, for a model that is to do better.
    pub(crate) fn reason(&self) -> String {
        let total = self.outcomes.len();
        if self.passed() == total {
            return if total == 1 { "the test passed".to_owned() } else { format!("all {total} tests passed") };
        }
        if let Some(same) = self.same_everywhere() {
            return format!("all {total} tests: the program {same}");
        }
        let failed = self.failed().filter(|(_, _, outcome)| was_run(outcome));
        let mut lines: Vec<String> = failed
            .take(self.params.max_tests_in_reason)
            .map(|(number, case, outcome)| format!("test {number} of {total}: {}", self.sentence(case, outcome)))
            .collect();
        let not_run = self.outcomes.iter().filter(|outcome| **outcome == Outcome::NotRun).count();
        let not_reached = self.outcomes.iter().filter(|outcome| **outcome == Outcome::NotReached).count();
        let more = total - self.passed() - not_run - not_reached - lines.len();
        if more > 0 {
            lines.push(format!("{more} more of the {total} tests failed"));
        }
        if not_run > 0 {
            let after = if self.params.stop_at_first_failure { "the first failure" } else { "too many timeouts" };
            lines.push(format!("{not_run} of the {total} tests were not run after {after}, and count as failed"));
        }
        if not_reached > 0 {
            lines.push(format!(
                "the tests took more than the {} ms of processor time that they may take together (`suite_timeout_ms`): \
                 {} of the {total} tests were run, {} of them passed, and {not_reached} were not run",
                self.params.suite_timeout_ms,
                total - not_reached,
                self.passed()
            ));
        }
        lines.join("\n")
    }

    /// The evidence.
    pub(crate) fn details(&self) -> Map<String, Json> {
        let passed = self.passed();
        let mut described = 0;
        let mut test = |(case, outcome): (&Case, &Outcome)| {
            let mut test = json!({"verdict": outcome.name()});
            if *outcome != Outcome::Passed && was_run(outcome) && described < DESCRIBED {
                described += 1;
                self.describe(&mut test, case, outcome);
            }
            test
        };
        let tests: Vec<Json> = self.suite.cases.iter().zip(self.outcomes).take(LISTED).map(&mut test).collect();
        let mut details = Map::new();
        details.insert("passed".to_owned(), json!(passed));
        details.insert("total".to_owned(), json!(self.outcomes.len()));
        details.insert("column".to_owned(), json!(self.suite.column));
        details.insert("isolation".to_owned(), json!(ISOLATION));
        details.insert("language".to_owned(), json!(self.language));
        if self.params.instance == Instance::PerSample {
            // Earlier tests may have left something behind.
            details.insert("instance".to_owned(), json!("per-sample"));
        }
        if self.suite.checker.is_some() {
            details.insert("judged_by".to_owned(), json!("checker"));
        }
        details.insert("first_line".to_owned(), json!(self.program.first_line()));
        details.insert("tests".to_owned(), Json::Array(tests));
        if self.outcomes.len() > LISTED {
            details.insert("tests_not_listed".to_owned(), json!(self.outcomes.len() - LISTED));
        }
        details
    }

    fn failed(&self) -> impl Iterator<Item = (usize, &Case, &Outcome)> {
        let cases = self.suite.cases.iter().zip(self.outcomes).enumerate();
        cases
            .map(|(index, (case, outcome))| (index + 1, case, outcome))
            .filter(|(_, _, outcome)| **outcome != Outcome::Passed)
    }

    /// One sentence for all tests, when every one of several was ended by the same exception at the same line.
    fn same_everywhere(&self) -> Option<String> {
        let (first, rest) = self.outcomes.split_first()?;
        let Outcome::Raised(raised) = first else { return None };
        let same = |outcome: &Outcome| match outcome {
            Outcome::Raised(other) => {
                (&other.kind, &other.message, other.line) == (&raised.kind, &raised.message, raised.line)
            }
            _ => false,
        };
        (!rest.is_empty() && rest.iter().all(same)).then(|| self.raised(raised))
    }

    fn sentence(&self, case: &Case, outcome: &Outcome) -> String {
        if let Outcome::Failed { raised, assertion } = outcome {
            return failure(case, raised, assertion);
        }
        if let (Case::Output { expected: Some(expected), .. }, Outcome::Wrong(Found::Printed(printed))) =
            (case, outcome)
        {
            return format!("{} {}", subject(case), output_difference(expected, printed, Policy::from(self.params)));
        }
        format!("{} {}", subject(case), self.predicate(case, outcome))
    }

    /// What it did.
    fn predicate(&self, case: &Case, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Wrong(Found::Value(found)) => self.value_difference(case, found),
            Outcome::Wrong(Found::Printed(printed)) => format!("printed {}", quoted(printed, IN_REASON)),
            Outcome::Wrong(Found::PrintedMore(printed)) => {
                format!("printed what was expected and then more: {}", quoted(&more(case, printed), IN_REASON))
            }
            Outcome::Afterwards(outcome) => {
                format!("printed the expected output, but then {}", self.predicate(case, outcome))
            }
            Outcome::Rejected { credit, message, found } => rejection(*credit, message.as_deref(), found),
            Outcome::Withheld { kind, found } => format!("returned {}, which {}", shown(found, IN_REASON), holds(kind)),
            Outcome::Raised(raised) | Outcome::Failed { raised, .. } => self.raised(raised),
            Outcome::NothingRaised(None) => format!("ended, but should raise {}", expected_of(case, IN_REASON)),
            Outcome::NothingRaised(Some(value)) => {
                format!("returned {}, but should raise {}", excerpt(value, IN_REASON), expected_of(case, IN_REASON))
            }
            Outcome::Exited(code) => format!("ended by an exit call (code {code})"),
            Outcome::TimedOut => format!("did not finish within {} ms", self.params.timeout_ms),
            Outcome::OutOfMemory => "ran out of memory".to_owned(),
            Outcome::StackOverflow => "recursed too deeply".to_owned(),
            Outcome::OutputExceeded => "printed more than it may".to_owned(),
            Outcome::Crashed(how) => format!("could not be judged: {}", excerpt(how, IN_REASON)),
            Outcome::Undecided(reason) => format!("cannot tell: {}", excerpt(reason, IN_REASON)),
            Outcome::NotRun | Outcome::NotReached => "was not run".to_owned(),
        }
    }

    /// In full, or for long values the first place that differs.
    fn value_difference(&self, case: &Case, found: &Value) -> String {
        let whole = || format!("returned {}, expected {}", excerpt(found, IN_REASON), expected_of(case, IN_REASON));
        let Some(expected) = expected_value(case) else { return whole() };
        if !is_long(found) && !is_long(expected) {
            return whole();
        }
        if let (Some(left), Some(right)) = (length(expected), length(found))
            && left != right
        {
            return format!("{}; it has {right} items, expected {left}", whole());
        }
        match difference(expected, found, Policy::from(self.params)) {
            Some((path, expected, found)) => format!(
                "returned another value at {path}: {}, expected {}",
                excerpt(found, IN_REASON),
                excerpt(expected, IN_REASON)
            ),
            None => whole(),
        }
    }

    /// `raised ValueError: … (line 4 of the response: `return 1 / n`)`.
    fn raised(&self, raised: &Raised) -> String {
        let Raised { kind, message, line, .. } = raised;
        let kind = excerpt(kind, 100);
        let message = if message.is_empty() { String::new() } else { format!(": {}", excerpt(message, IN_REASON)) };
        let text = line.and_then(|line| Some((self.program.origin(line, 1), self.program.line(line)?.trim())));
        let place = match text {
            Some((Origin::Response(place), text)) => {
                format!(" (line {} of the response: `{}`)", place.line, excerpt(&text, 120))
            }
            _ => String::new(),
        };
        format!("raised {kind}{message}{place}")
    }

    fn describe(&self, test: &mut Json, case: &Case, outcome: &Outcome) {
        let Some(test) = test.as_object_mut() else { return };
        let mut add = |key: &str, value: String| test.insert(key.to_owned(), Json::String(value));
        add("input", input_of(case, IN_DETAILS));
        if has_expected(case) {
            add("expected", expected_of(case, IN_DETAILS));
        }
        let ended = if let Outcome::Afterwards(outcome) = outcome { outcome } else { outcome };
        match ended {
            Outcome::Wrong(Found::Value(value)) | Outcome::NothingRaised(Some(value)) => {
                add("got", excerpt(value, IN_DETAILS));
            }
            Outcome::Wrong(Found::Printed(printed) | Found::PrintedMore(printed)) => {
                add("got", excerpt(printed, IN_DETAILS));
            }
            Outcome::Rejected { message, found, .. } => {
                add("got", shown(found, IN_DETAILS));
                if let Some(message) = message {
                    add("checker", excerpt(message, IN_DETAILS));
                }
            }
            Outcome::Withheld { kind, found } => {
                add("got", shown(found, IN_DETAILS));
                add("problem", format!("it {}", holds(kind)));
            }
            Outcome::Failed { assertion: Assertion { text, left, .. }, .. } => {
                add("assertion", excerpt(text, IN_DETAILS));
                if let Some((left, value)) = left {
                    add("left", excerpt(left, IN_DETAILS));
                    add("got", excerpt(value, IN_DETAILS));
                }
            }
            Outcome::Exited(code) => {
                add("exit_code", code.to_string());
            }
            Outcome::Crashed(how) => {
                add("problem", excerpt(how, IN_DETAILS));
            }
            _ => {}
        }
        if let Outcome::Rejected { credit, .. } = outcome {
            test.insert("score".to_owned(), json!(credit));
        }
        match ended {
            Outcome::Raised(raised) => {
                test.insert("raised".to_owned(), self.raised_json(raised));
            }
            Outcome::Failed { raised, .. } => {
                // Its line is one of the test.
                test.insert("raised".to_owned(), self.raised_json(&Raised { line: None, ..raised.clone() }));
            }
            _ => {}
        }
    }

    fn raised_json(&self, raised: &Raised) -> Json {
        let mut json = json!({"kind": excerpt(&raised.kind, 100), "message": excerpt(&raised.message, IN_DETAILS)});
        if let (Some(Origin::Response(place)), Some(object)) =
            (raised.line.map(|line| self.program.origin(line, 1)), json.as_object_mut())
        {
            object.insert("line".to_owned(), json!(place.line));
        }
        json
    }
}

impl Outcome {
    /// The word for it in the details.
    fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Wrong(_)
            | Self::NothingRaised(_)
            | Self::Failed { .. }
            | Self::Rejected { .. }
            | Self::Withheld { .. } => "wrong",
            Self::Afterwards(outcome) => outcome.name(),
            Self::Raised(_) => "raised",
            Self::Exited(_) => "exited",
            Self::TimedOut => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::StackOverflow => "stack-overflow",
            Self::OutputExceeded => "output-exceeded",
            Self::Crashed(_) => "crashed",
            Self::Undecided(_) => "undecided",
            Self::NotRun | Self::NotReached => "not-run",
        }
    }
}

fn was_run(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::NotRun | Outcome::NotReached)
}
