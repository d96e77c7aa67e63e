//! `gradebox new`: begins the project of a grader.

use std::path::{Path, PathBuf};

use super::{
    args::NewArgs,
    console,
    failure::{CommandResult, Failure, Status},
};
use crate::author::{ScaffoldError, scaffold};

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
