//! One grade, from the sample to the verdict.

use code_blocks::{CodeBlock, Position};
use gradebox_sdk::{
    GradeError, Sample, Verdict,
    programs::{Diagnostic, Runner},
    serde_json::{Value as Json, json},
};

use crate::{
    excerpt::excerpt,
    language,
    params::{Params, Scoring},
    program::{Origin, Program, candidates, looks_like_body, preamble},
    report::{ISOLATION, Report},
    run::{Outcome, Run},
    suite::{Case, Suite},
};

/// Runs the program in the response against the row's tests.
pub(crate) fn grade(sample: &Sample, params: &Params, runner: &impl Runner) -> Result<Verdict, GradeError> {
    params.check()?;
    let suite = Suite::read(sample, params)?;
    if sample.response.len() > LONGEST_RESPONSE {
        let most = LONGEST_RESPONSE >> 20;
        return Ok(nothing_ran(&suite, format_args!("the response is longer than {most} MiB and was not read")));
    }
    let blocks = code_blocks::find(&sample.response);
    let language = language::of(params, &suite, &blocks, runner)?;
    let task = Task { sample, suite: &suite, params, language: &language, blocks: &blocks };
    // To run the one test says as well whether the program parses, at no cost.
    if matches!(suite.cases.as_slice(), [Case::Statements { .. }])
        && let Some(verdict) = task.verdict(runner, false)?
    {
        return Ok(verdict);
    }
    task.verdict(runner, true)?.ok_or_else(|| GradeError::internal("a program that parses does not parse"))
}

/// What there is to grade.
struct Task<'a> {
    sample: &'a Sample,
    suite: &'a Suite,
    params: &'a Params,
    language: &'a str,
    blocks: &'a [CodeBlock],
}

impl Task<'_> {
    /// The verdict; None when the program was not checked beforehand and does not parse.
    fn verdict(&self, runner: &impl Runner, checked: bool) -> Result<Option<Verdict>, GradeError> {
        let Self { sample, suite, params, language, .. } = *self;
        let program = match find_program(self, checked, runner)? {
            Found::Program(program) => program,
            Found::Broken(program, errors) => return Ok(Some(syntax_error(&program, suite, &errors))),
            Found::TooLong => {
                let most = LONGEST_PROGRAM >> 20;
                return Ok(Some(nothing_ran(
                    suite,
                    format_args!("the program is longer than {most} MiB and was not run"),
                )));
            }
            Found::Nothing => {
                let (language, others) = (language::family(language), language::others(self.blocks));
                return Ok(Some(nothing_ran(suite, format_args!("no {language} code found in the response{others}"))));
            }
        };
        check_language(suite, language)?;
        let prompt = sample.text("prompt")?.unwrap_or_else(|| sample.query());
        let preamble = preamble(prompt, suite.entry_point.as_deref());
        let outcomes = Run { runner, params, program: &program, suite, language, preamble }.outcomes()?;
        if !checked && outcomes.first().is_some_and(did_not_parse) {
            return Ok(None);
        }
        Ok(Some(verdict(suite, &program, params, language, &outcomes)))
    }
}

/// Whether the program may have ended before it began.
fn did_not_parse(outcome: &Outcome) -> bool {
    let Outcome::Raised(raised) = outcome else { return false };
    raised.line.is_none() || matches!(raised.kind.as_str(), "SyntaxError" | "IndentationError" | "TabError")
}

/// Bytes of a response. Longer ones would cost the memory of the grader.
const LONGEST_RESPONSE: usize = 8 << 20;
/// Bytes of a program. No person or model writes more, and reading it would take more memory than a program has.
const LONGEST_PROGRAM: usize = 4 << 20;

fn nothing_ran(suite: &Suite, reason: std::fmt::Arguments<'_>) -> Verdict {
    Verdict::scored(0.0, reason).detail("total", suite.cases.len()).detail("passed", 0).detail("column", suite.column)
}

/// What a response holds.
enum Found {
    Program(Program),
    /// Code that does not parse.
    Broken(Program, Vec<Diagnostic>),
    TooLong,
    Nothing,
}

/// The first candidate that parses, else the first one that is broken in the response's own lines. Unless it is
/// `checked`, the first candidate.
fn find_program(task: &Task, checked: bool, runner: &impl Runner) -> Result<Found, GradeError> {
    let Task { sample, suite, language, blocks, .. } = *task;
    let is_script = suite.cases.iter().all(|case| matches!(case, Case::Output { .. }));
    let find = if is_script { code_blocks::program_in } else { code_blocks::module_in };
    let block = find(blocks, language::family(language));
    if block.as_ref().map_or(0, |block| block.code.len()) > LONGEST_PROGRAM {
        return Ok(Found::TooLong);
    }
    let has_code = block.is_some() || looks_like_body(&sample.response);
    let prompt = sample.text("prompt")?.unwrap_or_else(|| sample.query());
    let mut broken = Vec::new();
    let family = language::family(language);
    for program in candidates(&sample.response, block, Some(prompt), suite.entry_point.as_deref(), family) {
        let errors = if checked { runner.check(language, &program.source) } else { Vec::new() };
        if errors.is_empty() {
            return Ok(Found::Program(program));
        }
        broken.push((program, errors));
    }
    let is_own = |(program, errors): &(Program, Vec<Diagnostic>)| {
        errors.iter().all(|error| matches!(program.origin(error.line, error.column), Origin::Response(_)))
    };
    let reported = broken.iter().position(is_own).or(broken.len().checked_sub(1)).filter(|_| has_code);
    Ok(reported.map_or(Found::Nothing, |index| {
        let (program, errors) = broken.swap_remove(index);
        Found::Broken(program, errors)
    }))
}

/// Tests that are code are Python's or JavaScript's.
fn check_language(suite: &Suite, language: &str) -> Result<(), GradeError> {
    let has_code = suite.cases.iter().any(|case| matches!(case, Case::Statements { .. }));
    if has_code && ![language::DEFAULT, language::JAVASCRIPT].contains(&language::family(language)) {
        let problem = "tests that are code run in `python` and `javascript` only";
        return Err(GradeError::invalid_params("language", problem));
    }
    Ok(())
}

fn syntax_error(program: &Program, suite: &Suite, errors: &[Diagnostic]) -> Verdict {
    let places: Vec<Json> = errors.iter().take(5).map(|error| place_of(program, error)).collect();
    let first = errors.first().map(|error| {
        let message = excerpt(&error.message, 200);
        match program.origin(error.line, error.column) {
            Origin::Response(Position { line, column }) => {
                let text = excerpt(&text_of(program, error), 200);
                format!(": line {line} of the response, column {column}: {message}: `{text}`")
            }
            Origin::Prompt | Origin::Behind(_) => format!(": {message}, at the end of the code"),
        }
    });
    Verdict::scored(0.0, format_args!("the program does not parse{}", first.unwrap_or_default()))
        .detail("passed", 0)
        .detail("total", suite.cases.len())
        .detail("column", suite.column)
        .detail("isolation", ISOLATION)
        .detail("first_line", program.first_line())
        .detail("syntax_errors", places)
}

fn place_of(program: &Program, error: &Diagnostic) -> Json {
    let message = excerpt(&error.message, 200);
    match program.origin(error.line, error.column) {
        Origin::Response(Position { line, column }) => {
            json!({"line": line, "column": column, "message": message, "text": excerpt(&text_of(program, error), 200)})
        }
        Origin::Prompt | Origin::Behind(_) => json!({"message": message}),
    }
}

fn text_of<'a>(program: &'a Program, error: &Diagnostic) -> &'a str {
    program.line(error.line).unwrap_or_default().trim()
}

fn verdict(suite: &Suite, program: &Program, params: &Params, language: &str, outcomes: &[Outcome]) -> Verdict {
    let report = Report { suite, program, params, language, outcomes };
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Undecided(_))) {
        return Verdict::Undecided(report.reason());
    }
    let fails = |outcome: &Outcome| !matches!(outcome, Outcome::Passed | Outcome::NotReached);
    if outcomes.contains(&Outcome::NotReached) && (params.score == Scoring::PassRate || !outcomes.iter().any(fails)) {
        return Verdict::Undecided(report.reason());
    }
    let value = match params.score {
        Scoring::PassRate => outcomes.iter().map(Outcome::credit).sum::<f64>() / count(outcomes.len()),
        Scoring::AllOrNothing => f64::from(u8::from(report.passed() == outcomes.len())),
    };
    Verdict::Scored { value, reason: report.reason(), details: report.details() }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
