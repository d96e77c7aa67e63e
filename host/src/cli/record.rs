//! What is kept of a run: its directory, and the responses that runs share.

use std::{
    collections::HashSet,
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use directories::ProjectDirs;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    args::{RecordArgs, Selection},
    components::Components,
    console,
    environment::Environment,
    failure::Failure,
    plan::Plan,
    table::count,
};
use crate::{
    budget::{Budget, Charge},
    dataset::Dataset,
    run::{DirectoryError, Recorder, ResponseCache, Results, RunDirectory, read_told},
};

/// The file of a shard's directory that has the columns of its rows, and none of them.
pub(super) const COLUMNS: &str = "columns.parquet";

/// The record of a run that is about to begin.
pub(super) struct Record {
    directory: Option<RunDirectory>,
    pub(super) recorder: Option<Recorder>,
    pub(super) budget: Budget,
}

impl Record {
    /// Opens what the command line asks for. `told` is what decides the results of the run.
    pub(super) fn open(
        args: &RecordArgs,
        plan: &Plan,
        told: &Value,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let mut directory = args.run.as_deref().map(|path| open_directory(path, args, told)).transpose()?;
        let cache = if args.no_cache || plan.models.is_empty() { None } else { open_cache(environment) };
        let charge = directory.as_ref().map_or(Charge::default(), RunDirectory::charge);
        let recorder = match &mut directory {
            Some(directory) => Some(directory.recorder(cache).map_err(Failure::from)?),
            None => cache.map(Recorder::of_cache),
        };
        Ok(Self { directory, recorder, budget: Budget::new(plan.budget, charge) })
    }

    /// The same for a run that is only looked at: makes no directory, and nothing is recorded.
    pub(super) fn look(
        args: &RecordArgs,
        plan: &Plan,
        told: &Value,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let directory = match args.run.as_deref() {
            Some(path) if args.resume => Some(open_directory(path, args, told)?),
            Some(path) if read_told(path).is_ok() => {
                return Err(explain(DirectoryError::Taken { path: path.to_owned() }));
            }
            _ => None,
        };
        let has_cache = !args.no_cache && responses_directory(environment).is_dir();
        let cache = if has_cache && !plan.models.is_empty() { open_cache(environment) } else { None };
        let charge = directory.as_ref().map_or(Charge::default(), RunDirectory::charge);
        Ok(Self { directory, recorder: cache.map(Recorder::of_cache), budget: Budget::new(plan.budget, charge) })
    }

    /// Rows that an earlier run has done.
    pub(super) fn rows_before(&self) -> u64 {
        self.directory.as_ref().map_or(0, RunDirectory::rows_done)
    }

    /// Rows among them that are done anew.
    pub(super) fn retried(&self) -> Arc<HashSet<u64>> {
        self.directory.as_ref().map_or_else(Arc::default, RunDirectory::retried)
    }

    /// Whether the run can be continued when it stops early.
    pub(super) fn is_kept(&self) -> bool {
        self.directory.is_some()
    }

    /// What a grader with a budget of its own has used so far.
    pub(super) fn charge_of(&self, grader: &str) -> Charge {
        self.directory.as_ref().map_or(Charge::default(), |directory| directory.charge_of(grader))
    }

    /// The directory, for messages.
    pub(super) fn path(&self) -> Option<&Path> {
        self.directory.as_ref().map(RunDirectory::path)
    }

    pub(super) fn results(&self) -> Result<Option<Results>, DirectoryError> {
        self.directory.as_ref().map(RunDirectory::results).transpose()
    }
}

fn open_directory(path: &Path, args: &RecordArgs, told: &Value) -> Result<RunDirectory, Failure> {
    if !args.resume {
        return RunDirectory::create(path, told).map_err(explain);
    }
    let mut directory = RunDirectory::resume(path, told).map_err(explain)?;
    let used = directory.charge();
    let cost = if used.cost > 0.0 { format!(" and cost {:.4}", used.cost) } else { String::new() };
    // With calls under way, it is what they may have used at the worst.
    let used = match used.calls {
        0 => String::new(),
        calls => format!("; it has used at most {}{cost}", count(calls, "call")),
    };
    console::say(&format!(
        "continuing the run in {}: {} done{}{used}",
        path.display(),
        count(directory.rows_done(), "row"),
        match directory.calls_under_way() {
            0 => String::new(),
            calls => format!(", {} under way when it ended may be made again", count(calls as u64, "call")),
        }
    ));
    if args.retry_errors {
        directory.retry_errors().map_err(explain)?;
        let rows = count(directory.retried().len() as u64, "row");
        console::say(&format!("{rows} that ended in an error which may pass, to be done anew"));
    }
    Ok(directory)
}

fn explain(error: DirectoryError) -> Failure {
    let hint = match &error {
        DirectoryError::Taken { .. } => "--resume continues it; a new run wants another directory",
        DirectoryError::Missing { .. } => "without --resume, a new run begins there",
        DirectoryError::Differs { .. } => "run it as before, or begin a new run in another directory",
        DirectoryError::Locked { .. } => "wait for it to end, or stop it",
        DirectoryError::Unusable { .. } => "does its folder exist, and may you write there?",
    };
    Failure::from(error).hint(hint)
}

/// A cache that cannot be used is no reason not to run.
fn open_cache(environment: &Environment) -> Option<ResponseCache> {
    let directory = responses_directory(environment);
    match ResponseCache::open(&directory) {
        Ok(cache) => Some(cache),
        Err(error) => {
            let place = directory.display();
            console::say(&format!("warning: responses are not cached: cannot use {place}: {error}"));
            None
        }
    }
}

/// Where the responses are that runs share.
pub(super) fn responses_directory(environment: &Environment) -> PathBuf {
    if let Some(directory) = environment.variable("GRADEBOX_CACHE") {
        return Path::new(directory).join("responses");
    }
    match ProjectDirs::from("", "", "gradebox") {
        Some(directories) => directories.cache_dir().join("responses"),
        None => std::env::temp_dir().join("gradebox-responses"),
    }
}

/// Everything that decides the results of a run.
pub(super) fn told(
    plan: &Plan,
    components: &Components,
    dataset: &Dataset,
    selection: &Selection,
) -> Result<Value, Failure> {
    let digests = dataset.stored().map(|path| {
        digest_of(path).map_err(|error| anyhow::Error::new(error).context(format!("cannot read {}", path.display())))
    });
    let formats: Vec<String> = dataset.formats().map(|format| format.to_string()).collect();
    let dataset = json!({
        "sha256": digests.collect::<Result<Vec<_>, _>>()?.join(" "),
        "format": formats.join(" "),
        "rows": dataset.len(),
        "limit": selection.limit,
        "shard": selection.shard.map(|shard| shard.to_string()),
    });
    let used = plan.component_names().filter_map(|name| components.catalog.find(name));
    let graders = used.map(|entry| (entry.name.clone(), Value::from(entry.digest.clone())));
    let runtimes = components
        .catalog
        .languages()
        .iter()
        .map(|language| (language.name.clone(), Value::from(language.digest.clone())));
    let mut told = json!({
        "gradebox": env!("CARGO_PKG_VERSION"),
        "dataset": dataset,
        "limits": components.sandbox.metering().name(),
        "plan": plan.told(),
        "components": Value::Object(graders.collect()),
        "runtimes": Value::Object(runtimes.collect()),
    });
    if let (Some(told), true) = (told.as_object_mut(), selection.receipts) {
        told.insert("receipts".to_owned(), true.into());
    }
    Ok(told)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hexadecimal(&digest.finalize()));
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}
