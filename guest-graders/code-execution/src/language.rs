//! Which language the program is in.

use gradebox_sdk::{GradeError, programs::Runner};

use crate::{
    excerpt::excerpt,
    params::Params,
    suite::{Case, Suite},
};

/// What a program is in where nothing says otherwise.
pub(crate) const DEFAULT: &str = "python";
/// The other language that tests may be written in.
pub(crate) const JAVASCRIPT: &str = "javascript";

/// The parameter's language, else the row's, else that of a fence in the response, else Python. A fence says nothing
/// where the tests are code themselves: they are in one language, whatever the response is in.
///
/// # Errors
/// When the parameter or the row names a language that the host has no runtime for.
pub(crate) fn of(
    params: &Params,
    suite: &Suite,
    blocks: &[code_blocks::CodeBlock],
    runner: &impl Runner,
) -> Result<String, GradeError> {
    if let Some(name) = &params.language {
        return provided(name, runner).map_err(|problem| GradeError::invalid_params("language", problem));
    }
    if let Some((name, column)) = &suite.language {
        let hint = "; the parameter `language` comes before the column";
        return provided(name, runner)
            .map_err(|problem| GradeError::invalid_sample(column, format_args!("{problem}{hint}")));
    }
    let tags: Vec<&str> =
        blocks.iter().filter(|block| block.fenced).filter_map(|block| block.language.as_deref()).collect();
    let is_code = suite.cases.iter().any(|case| matches!(case, Case::Statements { .. }));
    if is_code || tags.is_empty() || tags.contains(&DEFAULT) {
        return Ok(DEFAULT.to_owned());
    }
    let known = runner.languages();
    let tag = tags.iter().rev().find(|tag| known.iter().any(|name| name == *tag));
    Ok(tag.map_or(DEFAULT, |tag| *tag).to_owned())
}

/// `, but java and rust`: the languages of a response that has no code in the right one; empty where it has none.
pub(crate) fn others(blocks: &[code_blocks::CodeBlock]) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in blocks.iter().filter(|block| block.fenced).filter_map(|block| block.language.as_deref()) {
        let name = excerpt(&name, 30);
        if code_blocks::is_programming(&name) && !names.contains(&name) && names.len() < 5 {
            names.push(name);
        }
    }
    if names.is_empty() { String::new() } else { format!(", but {}", names.join(" and ")) }
}

/// The language that a runtime's programs are written in: `python-sympy` runs Python. A runtime with packages is called
/// after its language, with a word for them behind a `-`.
pub(crate) fn family(language: &str) -> &str {
    match language.split_once('-') {
        Some((DEFAULT, _)) => DEFAULT,
        _ => language,
    }
}

fn provided(name: &str, runner: &impl Runner) -> Result<String, String> {
    let normalised = code_blocks::normalised(name);
    if normalised == DEFAULT {
        return Ok(normalised);
    }
    let known = runner.languages();
    let matching = [normalised, name.trim().to_lowercase()].into_iter().find(|name| known.contains(name));
    matching.ok_or_else(|| {
        let name = excerpt(&name, 60);
        format!("there is no runtime for the language `{name}`; expected one of: {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use gradebox_sdk::{
        Sample,
        programs::{Ending, Input, Program},
        serde_json::{Value as Json, json},
    };

    use super::*;
    use crate::recorded::{Recorded, ended};

    fn language(parameter: Option<&str>, response: &str, fields: &Json) -> Result<String, String> {
        let params = Params { language: parameter.map(str::to_owned), ..Params::default() };
        let sample = Sample { fields: fields.as_object().cloned().unwrap(), ..Sample::default() };
        let suite = Suite::read(&sample, &params).unwrap();
        let runner = Recorded::new(|_: &Program, _: &Input| ended(Ending::Completed));
        of(&params, &suite, &code_blocks::find(response), &runner).map_err(|error| error.to_string())
    }

    const JS: &str = "```js\nf()\n```";

    #[test]
    fn the_parameter_comes_first_then_the_row_then_the_fence() {
        let tests = json!({"tests": [{"stdout": "1"}]});
        let named = json!({"tests": [{"stdout": "1"}], "language": "JavaScript"});
        assert_eq!(language(None, "print(1)", &tests).as_deref(), Ok("python"));
        assert_eq!(language(None, JS, &tests).as_deref(), Ok("javascript"));
        assert_eq!(language(None, &format!("{JS}\n```py\nf()\n```"), &tests).as_deref(), Ok("python"));
        assert_eq!(language(None, "```java\nf()\n```", &tests).as_deref(), Ok("python"));
        assert_eq!(language(None, "```py\nf()\n```", &named).as_deref(), Ok("javascript"));
        assert_eq!(language(Some("Python3"), JS, &named).as_deref(), Ok("python"));
    }

    #[test]
    fn a_fence_does_not_choose_where_tests_are_code() {
        assert_eq!(language(None, JS, &json!({"test_list": ["assert f()"]})).as_deref(), Ok("python"));
    }

    #[test]
    fn a_language_without_a_runtime_is_named_with_its_column() {
        let row = json!({"tests": [{"stdout": "1"}], "language": "cobol"});
        let problem = language(None, JS, &row).unwrap_err();
        assert!(problem.starts_with("column `language`: there is no runtime for the language `cobol`"), "{problem}");
        let problem = language(Some("cobol"), JS, &row).unwrap_err();
        assert!(problem.starts_with("parameter `language`: there is no runtime"), "{problem}");
    }

    #[test]
    fn other_languages_of_a_response_are_named() {
        let response = "```java\nf()\n```\n```text\noutput\n```\n```rs\nf()\n```\n```java\ng()\n```";
        assert_eq!(others(&code_blocks::find(response)), ", but java and rust");
        assert_eq!(others(&[]), "");
    }
}
