//! `gradebox new`: begins the project of a grader.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    console,
    failure::{CommandResult, Failure, Status},
};
use crate::author::{ScaffoldError, SourceLanguage, scaffold};

/// Begin a grader of your own: a project that builds and passes its own tests
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox new too-long --lang python
  gradebox new cites-sources --lang rust --directory graders/cites-sources")]
pub(super) struct NewArgs {
    /// The grader's name: lower-case words joined by `-`
    pub(super) name: String,
    /// The language to write it in: rust, python, javascript, typescript, c, zig or go
    #[arg(long, value_name = "LANGUAGE", value_parser = parse_language)]
    pub(super) lang: SourceLanguage,
    /// Where the project goes [default: a new folder of the grader's name]
    #[arg(long, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
}

pub(super) fn new(args: &NewArgs) -> CommandResult {
    let folder = args.directory.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    scaffold(&folder, &args.name, args.lang).map_err(|error| match error {
        ScaffoldError::Occupied(_) => Failure::from(error).hint("--directory DIR names another place"),
        other => other.into(),
    })?;
    let main = folder.join(args.lang.main_file());
    console::say(&format!("{} is a grader to begin with; make it yours, then", main.display()));
    let is_here = folder == Path::new(".");
    console::say(&if is_here {
        "  gradebox build".to_owned()
    } else {
        format!("  gradebox build {}", folder.display())
    });
    Ok(Status::Done)
}

fn parse_language(text: &str) -> Result<SourceLanguage, String> {
    SourceLanguage::from_name(text).ok_or_else(|| {
        let known = SourceLanguage::ALL.map(SourceLanguage::name).join(", ");
        format!("there are {known}; any other that makes a component serves without a template")
    })
}
