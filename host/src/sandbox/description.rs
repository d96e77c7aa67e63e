//! What a component says of itself, believed as far as it is well formed.

use std::path::PathBuf;

use serde_json::Value;

use super::{
    catalog::{Entry, NOT_READY},
    wire::{WireDescription, WireLanguage, WireMode},
};
use crate::{
    fields::Needs,
    grader::Mode,
    score::Scale,
    text::{clean_line, is_clean_line},
};

/// Longest name, version, column, alias or extension, in characters.
const WORD: usize = 64;

/// Longest summary that is shown, in characters.
const SUMMARY: usize = 500;

/// Largest schema of parameters, and largest golden cases, in bytes of JSON.
const DOCUMENT: usize = 1 << 20;

/// Columns that a grader may name.
const COLUMNS: usize = 1_000;

/// A grader's description as an entry of the catalog, not registered yet; the reason, where it cannot be used.
pub(super) fn grader(
    description: WireDescription,
    mode: WireMode,
    capabilities: &[String],
    path: PathBuf,
    digest: String,
) -> Result<Entry, String> {
    require_name(&description.name)?;
    require_columns(&description)?;
    if mode == WireMode::Pointwise && !description.scale.is_valid() {
        let Scale { worst, best } = description.scale;
        return Err(format!(
            "declares a scale from {worst} to {best}, which has no two ends that differ by a finite number"
        ));
    }
    Ok(Entry {
        mode: match mode {
            WireMode::Pointwise => Mode::Pointwise,
            WireMode::Listwise => Mode::Listwise,
        },
        params_schema: document("parameters", &description.params_schema)?,
        examples: document("examples", &description.examples)?,
        name: description.name,
        version: clean_line(&description.version, WORD),
        summary: clean_line(&description.summary, SUMMARY),
        path,
        digest,
        scale: description.scale,
        needs: Needs { required: description.required_fields, optional: description.optional_fields },
        capabilities: capabilities.to_vec(),
        component: NOT_READY,
    })
}

/// A runtime's description of its language; the reason, where it cannot be used.
pub(super) fn language(language: WireLanguage) -> Result<WireLanguage, String> {
    require_name(&language.name)?;
    if let Some(word) = language.aliases.iter().chain(&language.extensions).find(|word| !is_clean_line(word, WORD)) {
        return Err(format!("goes by `{}`, which is no name that can be shown", clean_line(word, WORD)));
    }
    Ok(WireLanguage { version: clean_line(&language.version, WORD), ..language })
}

fn document(what: &str, text: &str) -> Result<Value, String> {
    if DOCUMENT < text.len() {
        let (size, most) = (text.len() >> 10, DOCUMENT >> 10);
        return Err(format!("describes its {what} in {size} KiB of JSON; at most {most} KiB are read"));
    }
    serde_json::from_str(text).map_err(|error| format!("describes its {what} in JSON that does not parse: {error}"))
}

/// Columns stand in messages, and in what the user types.
fn require_columns(description: &WireDescription) -> Result<(), String> {
    let columns = || description.required_fields.iter().flatten().chain(&description.optional_fields);
    if COLUMNS < columns().take(COLUMNS + 1).count() {
        return Err(format!("names more than {COLUMNS} columns"));
    }
    match columns().find(|column| !is_clean_line(column, WORD)) {
        Some(column) => {
            Err(format!("reads a column `{}`, which is no name that can be shown", clean_line(column, WORD)))
        }
        None => Ok(()),
    }
}

/// Names stand in tables, columns and configuration files.
fn require_name(name: &str) -> Result<(), String> {
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= WORD
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if fits {
        Ok(())
    } else {
        let shown = clean_line(name, WORD);
        Err(format!("calls itself `{shown}`: a name is lower-case letters, digits and `-`, at most {WORD} of them"))
    }
}
