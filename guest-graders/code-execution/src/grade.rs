//! One grade, from the sample to the verdict.

use gradebox_sdk::{
    GradeError, Sample, Verdict,
    programs::{Diagnostic, Runner},
    serde_json::json,
};

use crate::{
    excerpt::excerpt,
    params::{Params, Scoring},
    program::{Origin, Program, candidates, looks_like_body},
    report::{Report, isolation},
    run::{Outcome, Run},
    suite::{Case, Suite},
};

/// Runs the program in the response against the row's tests.
pub(crate) fn grade(sample: &Sample, params: &Params, runner: &impl Runner) -> Result<Verdict, GradeError> {
    params.check()?;
    let suite = Suite::read(sample)?;
    let program = match find_program(sample, &suite, params, runner)? {
        Found::Program(program) => program,
        Found::Broken(program, errors) => return Ok(syntax_error(&program, &suite, &errors)),
        Found::Nothing => {
            let reason = format!("no {} code found in the response", params.language);
            return Ok(Verdict::scored(0.0, reason).detail("total", suite.cases.len()).detail("passed", 0));
        }
    };
    check_tests(&suite, params, runner)?;
    let outcomes = Run { runner, params, program: &program, suite: &suite }.outcomes()?;
    Ok(verdict(&suite, &program, params, &outcomes))
}

/// What a response holds.
enum Found {
    Program(Program),
    /// Code that does not parse.
    Broken(Program, Vec<Diagnostic>),
    Nothing,
}

/// The first candidate that parses, else the last one with its errors.
fn find_program(sample: &Sample, suite: &Suite, params: &Params, runner: &impl Runner) -> Result<Found, GradeError> {
    let is_script = suite.cases.iter().all(|case| matches!(case, Case::Output { .. }));
    let find = if is_script { code_blocks::program } else { code_blocks::module };
    let block = find(&sample.response, &params.language);
    let has_code = block.is_some() || looks_like_body(&sample.response);
    let prompt = sample.text("prompt")?.unwrap_or_else(|| sample.query());
    let mut broken = Found::Nothing;
    for program in candidates(&sample.response, block, Some(prompt), suite.entry_point.as_deref()) {
        let errors = runner.check(&params.language, &program.source);
        if errors.is_empty() {
            return Ok(Found::Program(program));
        }
        if has_code {
            broken = Found::Broken(program, errors);
        }
    }
    Ok(broken)
}

/// Tests that do not parse are the row's fault, not the program's.
fn check_tests(suite: &Suite, params: &Params, runner: &impl Runner) -> Result<(), GradeError> {
    let code = suite.cases.iter().filter_map(|case| match case {
        Case::Statements { code } => Some(code.as_str()),
        _ => None,
    });
    let code: Vec<&str> = code.collect();
    if code.is_empty() {
        return Ok(());
    }
    if !code_blocks::normalised(&params.language).eq("python") {
        let problem = "tests made of statements run in `python` only";
        return Err(GradeError::invalid_params("language", problem));
    }
    let source = format!("{}\n{}\n", suite.setup, code.join("\n"));
    match runner.check(&params.language, &source).first() {
        None => Ok(()),
        Some(error) => {
            let line = u32::try_from(source.lines().count()).ok().filter(|last| error.line <= *last);
            let text = line.and_then(|_| source.lines().nth(usize::try_from(error.line).ok()?.checked_sub(1)?));
            let text = excerpt(&text.unwrap_or_default().trim(), 200);
            let problem = format!("a test does not parse: {} in `{text}`", excerpt(&error.message, 200));
            Err(GradeError::invalid_sample(suite.column, problem))
        }
    }
}

fn syntax_error(program: &Program, suite: &Suite, errors: &[Diagnostic]) -> Verdict {
    let mut reason = "the program does not parse".to_owned();
    let mut places = Vec::new();
    for (index, error) in errors.iter().take(5).enumerate() {
        let text = excerpt(&program.line(error.line).unwrap_or_default().trim(), 200);
        let message = excerpt(&error.message, 200);
        let Origin::Response(place) = program.origin(error.line, error.column) else {
            if index == 0 {
                reason.push_str(&format!(": {message}, at the end of the code"));
            }
            places.push(json!({"message": message}));
            continue;
        };
        if index == 0 {
            let (line, column) = (place.line, place.column);
            reason.push_str(&format!(": line {line} of the response, column {column}: {message}: `{text}`"));
        }
        places.push(json!({"line": place.line, "column": place.column, "message": message, "text": text}));
    }
    Verdict::scored(0.0, reason)
        .detail("passed", 0)
        .detail("total", suite.cases.len())
        .detail("column", suite.column)
        .detail("isolation", isolation(suite))
        .detail("first_line", program.first_line())
        .detail("syntax_errors", places)
}

fn verdict(suite: &Suite, program: &Program, params: &Params, outcomes: &[Outcome]) -> Verdict {
    let report = Report { suite, program, params, outcomes };
    let (passed, total) = (count(report.passed()), count(outcomes.len()));
    let value = match params.score {
        Scoring::PassRate => passed / total,
        Scoring::AllOrNothing => f64::from(u8::from(report.passed() == outcomes.len())),
    };
    Verdict::Scored { value, reason: report.reason(), details: report.details() }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
