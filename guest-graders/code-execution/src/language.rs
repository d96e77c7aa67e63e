//! Which language the program is in.

use gradebox_sdk::{GradeError, programs::Runner};

use crate::{
    params::Params,
    suite::{Case, Suite},
};

/// What a program is in where nothing says otherwise.
pub(crate) const DEFAULT: &str = "python";

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

fn provided(name: &str, runner: &impl Runner) -> Result<String, String> {
    let normalised = code_blocks::normalised(name);
    if normalised == DEFAULT {
        return Ok(normalised);
    }
    let known = runner.languages();
    let matching = [normalised, name.trim().to_lowercase()].into_iter().find(|name| known.contains(name));
    matching.ok_or_else(|| {
        let name = crate::excerpt::excerpt(&name, 60);
        format!("there is no runtime for the language `{name}`; expected one of: {}", known.join(", "))
    })
}
