//! `gradebox cache`: what lies in the caches, and how it is removed.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{
    components::{cache_directory, toolchain_directory},
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    quantity::bytes,
    record::responses_directory,
    table,
};
use crate::{
    caches::{Alone, Cached},
    packages::Store,
    run::ResponseCache,
    sandbox::kept,
};

/// Show what is kept in the caches, or clean them
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  gradebox cache
  gradebox cache clean
  gradebox cache clean --older-than 7 --dry-run
  gradebox cache clean responses --older-than 90"
)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    Clean(CleanArgs),
}

/// Remove what has not been used for a while
///
/// Compiled components, indexes and packages are made or fetched again when they are needed. The responses of models are
/// removed only where they are named, because they cost money. Nothing is removed while another gradebox runs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox cache clean
  gradebox cache clean compiled indexes --all
  gradebox cache clean responses --older-than 90")]
struct CleanArgs {
    /// What to remove [default: compiled indexes packages]
    #[arg(value_name = "KIND")]
    kinds: Vec<Kind>,
    /// Only what was last used more than so many days ago
    #[arg(long, value_name = "DAYS", default_value_t = 30, conflicts_with = "all")]
    older_than: u32,
    /// Whenever it was used
    #[arg(long)]
    all: bool,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Compiled components
    Compiled,
    /// What was found in directories of components
    Indexes,
    /// Components from registries
    Packages,
    /// Responses of models
    Responses,
}

/// What costs nothing but time to have again.
const REPLACEABLE: [Kind; 3] = [Kind::Compiled, Kind::Indexes, Kind::Packages];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::Indexes => "indexes",
            Self::Packages => "packages",
            Self::Responses => "responses",
        }
    }
}

/// What there is of a kind.
struct Shelf {
    kind: Kind,
    /// The directory whose lock stands for it.
    directory: PathBuf,
    cached: Vec<Cached>,
}

impl Shelf {
    fn bytes(&self) -> u64 {
        self.cached.iter().map(|cached| cached.bytes).sum()
    }

    fn used(&self) -> Option<SystemTime> {
        self.cached.iter().map(|cached| cached.used).max()
    }
}

pub(super) fn cache(args: &CacheArgs, environment: &Environment) -> CommandResult {
    match &args.action {
        None => list(args.json, environment),
        Some(Action::Clean(args)) => clean(args, environment),
    }
}

fn shelves(environment: &Environment) -> CommandResult<[Shelf; 4]> {
    let (components, responses) = (cache_directory(environment), responses_directory(environment));
    let of_components = kept(&components).map_err(|error| unreadable(&components, error))?;
    let store = Store::within(&components);
    let packages = store.kept().map_err(|error| unreadable(&components, error))?;
    let of_responses = ResponseCache::kept(&responses).map_err(|error| unreadable(&responses, error))?;
    let shelf = |kind, cached| Shelf { kind, directory: components.clone(), cached };
    Ok([
        shelf(Kind::Compiled, of_components.compiled),
        shelf(Kind::Indexes, of_components.indexes),
        shelf(Kind::Packages, packages),
        Shelf { kind: Kind::Responses, directory: responses, cached: of_responses },
    ])
}

fn unreadable(directory: &std::path::Path, error: std::io::Error) -> Failure {
    anyhow::Error::new(error).context(format!("cannot look into the cache {}", directory.display())).into()
}

fn list(as_json: bool, environment: &Environment) -> CommandResult {
    let shelves = shelves(environment)?;
    if as_json {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let shelves: Vec<_> = shelves
            .iter()
            .map(|shelf| {
                json!({
                    "kind": shelf.kind.name(),
                    "directory": shelf.directory,
                    "entries": shelf.cached.len(),
                    "bytes": shelf.bytes(),
                    "last_used": shelf.used().map(seconds),
                })
            })
            .collect();
        console::print(&json!({ "caches": shelves }).to_string())?;
        return Ok(Status::Done);
    }
    let row = |shelf: &Shelf| {
        let used = shelf.used().map_or("-".to_owned(), ago);
        [shelf.kind.name().to_owned(), shelf.cached.len().to_string(), bytes(shelf.bytes()), used].to_vec()
    };
    console::print(&table::table(&["kind", "entries", "size", "last used"], 1, shelves.iter().map(row)))?;
    let [compiled, .., responses] = &shelves;
    console::say(&format!(
        "\ncomponents are in {}, responses in {}; `gradebox cache clean` removes what was not used for 30 days, and \
         responses only where they are named",
        compiled.directory.display(),
        responses.directory.display()
    ));
    let toolchains = toolchain_directory(environment);
    if toolchains.is_dir() {
        console::say(&format!(
            "the compilers of `gradebox build` are in {}; while none runs, the directory may be removed",
            toolchains.display()
        ));
    }
    Ok(Status::Done)
}

/// How long ago, as people say it.
fn ago(time: SystemTime) -> String {
    match time.elapsed().unwrap_or_default().as_secs() / 86_400 {
        0 => "today".to_owned(),
        days => format!("{} ago", table::count(days, "day")),
    }
}

fn clean(args: &CleanArgs, environment: &Environment) -> CommandResult {
    let least = (!args.all).then(|| Duration::from_hours(24) * args.older_than);
    let kinds = if args.kinds.is_empty() { &REPLACEABLE } else { args.kinds.as_slice() };
    let is_meant = |shelf: &Shelf| kinds.contains(&shelf.kind) && !outdated(shelf, least).is_empty();
    let mut locked: Vec<(PathBuf, Alone)> = Vec::new();
    if !args.dry_run {
        for shelf in shelves(environment)?.iter().filter(|shelf| is_meant(shelf)) {
            if !locked.iter().any(|(directory, _)| *directory == shelf.directory) {
                locked.push((shelf.directory.clone(), alone(shelf)?));
            }
        }
    }
    // Looked at once more: what was used in between is not old.
    let shelves = shelves(environment)?;
    let (mut told, mut is_whole) = (Vec::new(), true);
    for shelf in shelves.iter().filter(|shelf| is_meant(shelf)) {
        let (mut count, mut freed) = (0, 0);
        for cached in outdated(shelf, least) {
            let removed = if args.dry_run { Ok(()) } else { cached.remove() };
            match removed {
                Ok(()) => (count, freed) = (count + 1, freed + cached.bytes),
                Err((path, error)) => {
                    is_whole = false;
                    console::say(&format!("warning: cannot remove {}: {error}", path.display()));
                }
            }
        }
        told.push(format!("{}: {} ({})", shelf.kind.name(), count, bytes(freed)));
    }
    let (done, nothing) =
        if args.dry_run { ("would remove", "would remove nothing") } else { ("removed", "nothing to remove") };
    let age = if args.all {
        String::new()
    } else {
        format!("; not used for {}", table::count(args.older_than.into(), "day"))
    };
    console::say(&if told.is_empty() { format!("{nothing}{age}") } else { format!("{done} {}{age}", told.join(", ")) });
    let [.., responses] = &shelves;
    if args.kinds.is_empty() && !responses.cached.is_empty() {
        console::say(&format!(
            "the responses of models ({}) stay: `gradebox cache clean responses` removes them too",
            bytes(responses.bytes())
        ));
    }
    Ok(if is_whole { Status::Done } else { Status::Incomplete })
}

/// What was used longer ago than `least`; everything without it.
fn outdated(shelf: &Shelf, least: Option<Duration>) -> Vec<&Cached> {
    let is_old = |cached: &Cached| least.is_none_or(|least| cached.used.elapsed().is_ok_and(|age| least <= age));
    shelf.cached.iter().filter(|cached| is_old(cached)).collect()
}

fn alone(shelf: &Shelf) -> CommandResult<Alone> {
    let directory = shelf.directory.display();
    match Alone::with(&shelf.directory) {
        Ok(Some(alone)) => Ok(alone),
        Ok(None) => {
            Err(Failure::new(format!("the cache {directory} is in use by another gradebox; nothing was removed"))
                .hint("try again when that has ended"))
        }
        Err(error) => {
            let context = format!("cannot tell whether the cache {directory} is in use; nothing was removed");
            Err(Failure::from(anyhow::Error::new(error).context(context))
                .hint("is the file system read-only, or one without locks?"))
        }
    }
}
