//! `gradebox check`: is a file a grader, or a language runtime, for this host?

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::{
    args::Directories,
    assemble::parameter_names,
    components::{Components, component_directories, say_compiling},
    config::Config,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    graders, table,
};
use crate::{
    dataset::{Parts, Row},
    fields::FieldMap,
    grader::Grader,
    sample::Columns,
    sandbox::{self, ComponentGrader, Entry, GradeLimits, Grants, Language, Metering},
    score::{ErrorKind, Outcome},
};

/// Is a file a grader, or a language runtime, for this host? Runs its own examples
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gradebox check target/graders/math.wasm")]
pub(super) struct CheckArgs {
    /// The component
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) directories: Directories,
}

pub(super) async fn check(args: &CheckArgs, environment: &Environment) -> CommandResult {
    if !args.file.is_file() {
        let problem = if args.file.exists() { "is not a file" } else { "does not exist" };
        let failure = Failure::new(format!("{} {problem}", args.file.display()));
        return Err(failure.hint("give the path of a component, such as target/graders/math.wasm"));
    }
    // The runtimes of the directories, so that a grader that runs programs can show what it does.
    let directories = component_directories(&args.directories.graders, &Config::default(), environment)?;
    let components = Components::list(1, 0, Metering::Time, &directories, environment).await?;
    let status = match sandbox::inspect(&components.sandbox, &components.cache, &args.file, &say_compiling).await {
        Err(reason) => {
            console::print(&format!("{}: does not fit: it {reason}", args.file.display()))?;
            Status::Incomplete
        }
        Ok(catalog) => {
            for notice in catalog.notices() {
                console::say(&format!("note: {notice}"));
            }
            match (catalog.graders().first(), catalog.languages().first()) {
                (Some(entry), _) => check_grader(entry, &components).await?,
                (None, Some(language)) => describe_language(language)?,
                (None, None) => Status::Incomplete,
            }
        }
    };
    components.sandbox.close();
    Ok(status)
}

pub(super) async fn check_grader(entry: &Entry, components: &Components) -> CommandResult {
    console::print(&format!("{} {}: {}", entry.name, entry.version, entry.summary))?;
    console::print(&format!("  mode          {}", graders::mode(entry.mode)))?;
    console::print(&format!("  scale         {}", graders::scale(entry.scale)))?;
    console::print(&format!("  fields        {}", or_none(&graders::fields(&entry.needs))))?;
    console::print(&format!("  capabilities  {}", or_none(&entry.capabilities.join(", "))))?;
    console::print(&format!("  parameters    {}", or_none(&parameter_names(&entry.params_schema).join(", "))))?;
    console::print(&format!("  digest        sha256:{}", entry.digest))?;
    for capability in Grants::default().missing(entry) {
        console::print(&format!("  note: asks for `{capability}`, which a configuration must grant"))?;
    }
    let Value::Array(examples) = &entry.examples else {
        console::print("does not fit: its examples are not a JSON array")?;
        return Ok(Status::Incomplete);
    };
    let (mut failed, mut unasked) = (0, 0);
    for (index, example) in examples.iter().enumerate() {
        match check_example(entry, components, example).await {
            Ok(Checked::AsItSays) => {}
            Ok(Checked::AsksModels) => unasked += 1,
            Err(problem) => {
                failed += 1;
                console::print(&format!("  example {}: {problem}", index + 1))?;
            }
        }
    }
    if unasked > 0 {
        console::print(&format!("  {} would ask a model; no model is asked here", table::count(unasked, "example")))?;
    }
    let total = examples.len() as u64 - unasked;
    let verdict = match (total, failed) {
        (0, _) => "fits; it has no examples to run".to_owned(),
        (_, 0) => format!("fits; {} as it says", table::count(total, "example")),
        _ => format!("does not do what it says: {failed} of {} came out otherwise", table::count(total, "example")),
    };
    console::print(&verdict)?;
    Ok(if failed == 0 { Status::Done } else { Status::Incomplete })
}

fn describe_language(language: &Language) -> CommandResult {
    console::print(&format!("language runtime: {} {}", language.name, language.version))?;
    console::print(&format!("  aliases     {}", or_none(&language.aliases.join(", "))))?;
    console::print(&format!("  extensions  {}", or_none(&language.extensions.join(", "))))?;
    console::print(&format!("  digest      sha256:{}", language.digest))?;
    console::print("fits")?;
    Ok(Status::Done)
}

/// What came of an example, unless it came out otherwise than it says.
enum Checked {
    AsItSays,
    AsksModels,
}

async fn check_example(entry: &Entry, components: &Components, example: &Value) -> Result<Checked, String> {
    let object = |key: &str| match example.get(key) {
        Some(Value::Object(members)) => Ok(members.clone()),
        None if key == "params" => Ok(Columns::new()),
        _ => Err(format!("is malformed: `{key}` is not an object")),
    };
    let (sample, params, expected) = (object("sample")?, object("params")?, object("verdict")?);
    let row = Row { number: 1, line: 1, columns: sample };
    let sample = Parts::of_row(&row.columns).sample(&row).map_err(|error| error.to_string())?;
    let sandbox = components.sandbox.clone();
    let grader =
        ComponentGrader::new(sandbox, entry, &params, FieldMap::default(), Grants::default(), GradeLimits::default());
    let outcome = grader.grade(&sample).await.outcome;
    match compare(&outcome, &expected) {
        Ok(()) => Ok(Checked::AsItSays),
        Err(_) if is_denied(&outcome) && entry.imports("models") => Ok(Checked::AsksModels),
        Err(problem) => Err(problem),
    }
}

fn is_denied(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(error) if error.kind == ErrorKind::CapabilityDenied)
}

/// Whether an outcome is the expected one, as far as that says.
fn compare(outcome: &Outcome, expected: &Columns) -> Result<(), String> {
    let found = facts(outcome);
    for (key, wanted) in expected.iter().filter(|(key, _)| *key != "reason" && *key != "details") {
        let is_same = match found.get(key) {
            Some(value) => value == wanted || value.as_f64().is_some_and(|value| Some(value) == wanted.as_f64()),
            None => false,
        };
        if !is_same {
            let got = found.get(key).map_or("nothing".to_owned(), Value::to_string);
            return Err(format!("`{key}` is {got}, not {wanted}: {}", reason(outcome)));
        }
    }
    Ok(())
}

fn facts(outcome: &Outcome) -> Columns {
    let mut facts = Columns::new();
    let name = match outcome {
        Outcome::Scored(score) => {
            facts.insert("value".to_owned(), score.value.into());
            facts.insert("score".to_owned(), score.score.into());
            "scored"
        }
        Outcome::Ranked(ranking) => {
            facts.insert("ranks".to_owned(), ranking.ranks.clone().into());
            "ranked"
        }
        Outcome::NotApplicable { .. } => "not-applicable",
        Outcome::Undecided { .. } => "undecided",
        Outcome::Error(error) => {
            facts.insert("kind".to_owned(), error.kind.as_str().into());
            "error"
        }
    };
    facts.insert("outcome".to_owned(), name.into());
    facts
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Scored(score) => &score.reason,
        Outcome::Ranked(ranking) => &ranking.reason,
        Outcome::NotApplicable { reason } | Outcome::Undecided { reason } => reason,
        Outcome::Error(error) => &error.reason,
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::score::{GradeError, Score};

    fn columns(value: Value) -> Columns {
        let Value::Object(columns) = value else { panic!("an object") };
        columns
    }

    #[test]
    fn an_outcome_is_held_against_what_the_example_says_and_no_more() {
        let scored = Outcome::Scored(Score { score: 1.0, value: 5.0, reason: "r".to_owned(), details: Columns::new() });
        assert!(compare(&scored, &columns(json!({"outcome": "scored"}))).is_ok());
        assert!(compare(&scored, &columns(json!({"outcome": "scored", "value": 5}))).is_ok());
        let problem = compare(&scored, &columns(json!({"outcome": "scored", "value": 4.0}))).unwrap_err();
        assert_eq!(problem, "`value` is 5.0, not 4.0: r");
        let error = Outcome::Error(GradeError::new(ErrorKind::InvalidSample, "no tests"));
        assert!(compare(&error, &columns(json!({"outcome": "error", "kind": "invalid-sample"}))).is_ok());
        assert!(compare(&error, &columns(json!({"outcome": "undecided"}))).is_err());
    }
}
