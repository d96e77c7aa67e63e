//! `gradebox graders`: lists what there is to grade with.

use clap::Args;
use serde_json::{Value, json};

use super::{
    args::Directories,
    components::{Components, component_directories},
    config::Config,
    console,
    environment::Environment,
    failure::{CommandResult, Status},
    judges, table,
};
use crate::{
    fields::Needs,
    grader::Mode,
    sandbox::{Entry, Language, Metering, Rejected},
    score::Scale,
};

/// List the graders: components and judges of the rubric library
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox graders
  gradebox graders --graders ./my-graders --json")]
pub(super) struct GradersArgs {
    #[command(flatten)]
    pub(super) directories: Directories,
    /// Print one JSON object, with schemas and what was rejected
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) async fn graders(args: &GradersArgs, environment: &Environment) -> CommandResult {
    let directories = component_directories(&args.directories.graders, &Config::default(), environment)?;
    let components = Components::list(1, 0, Metering::Time, &directories, environment).await?;
    components.sandbox.close();
    let catalog = &components.catalog;
    if args.json {
        let report = json!({
            "graders": catalog.graders().iter().map(entry_json).collect::<Vec<_>>(),
            "judges": judges::to_json(),
            "languages": catalog.languages().iter().map(language_json).collect::<Vec<_>>(),
            "rejected": catalog.rejected().iter().map(rejected_json).collect::<Vec<_>>(),
        });
        console::print(&report.to_string())?;
        return Ok(Status::Done);
    }
    if catalog.graders().is_empty() {
        console::say("no components here: `make graders` builds the built-in ones; --graders DIR names others");
    } else {
        let header = ["component", "version", "scale", "mode", "fields", "capabilities"];
        console::print(&table::table(&header, usize::MAX, catalog.graders().iter().map(entry_row)))?;
    }
    console::print("")?;
    console::print(&table::table(&["judge", "scale", "fields", "asks"], usize::MAX, judges::rows()))?;
    if !catalog.languages().is_empty() {
        console::print("")?;
        let header = ["language", "version", "aliases"];
        console::print(&table::table(&header, usize::MAX, catalog.languages().iter().map(language_row)))?;
    }
    console::say("\njudges need a model: gradebox grade DATASET -g helpfulness --model NAME --base-url URL");
    Ok(Status::Done)
}

pub(super) fn scale(scale: Scale) -> String {
    format!("{}..{}", scale.worst, scale.best)
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Pointwise => "pointwise",
        Mode::Listwise => "listwise",
    }
}

/// The fields that a grader cannot do without, on one line.
fn required(needs: &Needs) -> String {
    if needs.required.is_empty() {
        return "-".to_owned();
    }
    needs.required.iter().map(|group| shortened(group)).collect::<Vec<_>>().join(", ")
}

/// The alternatives of a group of fields; of many, the first: `--json` has all.
fn shortened(group: &[String]) -> String {
    match group {
        [first, second, third, others @ ..] if others.len() > 1 => {
            format!("{first} | {second} | {third} | {} others", others.len())
        }
        _ => group.join(" | "),
    }
}

/// The fields of a grader on one line, those in brackets optional.
pub(super) fn fields(needs: &Needs) -> String {
    let groups = needs.required.iter().map(|group| group.join(" | "));
    let optional = needs.optional.iter().map(|field| format!("[{field}]"));
    groups.chain(optional).collect::<Vec<_>>().join(", ")
}

fn entry_row(entry: &Entry) -> Vec<String> {
    let scale = if entry.mode == Mode::Listwise { "ranks".to_owned() } else { scale(entry.scale) };
    vec![
        entry.name.clone(),
        entry.version.clone(),
        scale,
        mode(entry.mode).to_owned(),
        required(&entry.needs),
        entry.capabilities.join(", "),
    ]
}

fn language_row(language: &Language) -> Vec<String> {
    vec![language.name.clone(), language.version.clone(), language.aliases.join(", ")]
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "version": entry.version,
        "summary": entry.summary,
        "mode": mode(entry.mode),
        "scale": {"worst": entry.scale.worst, "best": entry.scale.best},
        "required_fields": entry.needs.required,
        "optional_fields": entry.needs.optional,
        "params_schema": entry.params_schema,
        "capabilities": entry.capabilities,
        "path": entry.path.display().to_string(),
        "digest": entry.digest,
    })
}

fn language_json(language: &Language) -> Value {
    json!({
        "name": language.name,
        "version": language.version,
        "aliases": language.aliases,
        "extensions": language.extensions,
        "path": language.path.display().to_string(),
        "digest": language.digest,
    })
}

fn rejected_json(rejected: &Rejected) -> Value {
    json!({"path": rejected.path.display().to_string(), "reason": rejected.reason})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_alternatives_the_first_are_shown() {
        let fields: Vec<String> = ('a'..='h').map(String::from).collect();
        assert_eq!(shortened(&fields[..4]), "a | b | c | d");
        assert_eq!(shortened(&fields), "a | b | c | 5 others");
    }

    #[test]
    fn fields_show_alternatives_and_options() {
        let needs = Needs {
            required: vec![vec!["tests".to_owned(), "test+entry_point".to_owned()]],
            optional: vec!["setup".to_owned()],
        };
        assert_eq!(fields(&needs), "tests | test+entry_point, [setup]");
    }
}
