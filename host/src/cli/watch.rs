//! `gradebox grade --watch`: grades again whenever something that decides the grades changes.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use super::{
    args::GradeArgs,
    components::component_directories,
    config::Config,
    config_file::ConfigFile,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    grade, interrupt,
};

/// How often the files are looked at; what changed must then stand still for as long.
const PERIOD: Duration = Duration::from_millis(250);

/// What the kernel says of each file that is watched.
type Marks = BTreeMap<PathBuf, (SystemTime, u64)>;

pub(super) async fn watch(args: &GradeArgs, environment: &Environment) -> CommandResult {
    if args.selection.reads_stdin() {
        return Err(Failure::new("--watch needs a dataset that can be read again, and standard input cannot"));
    }
    let mut status = Status::Done;
    let mut ended = std::pin::pin!(interrupt::signal());
    loop {
        // Before the run: what changes in its course is graded next.
        let before = marks(args, environment);
        clear();
        status = tokio::select! {
            biased;
            () = &mut ended => return Ok(status),
            graded = grade::grade(args, false, environment) => graded.unwrap_or_else(|failure| {
                // A broken file is there to be repaired.
                console::say(&failure.to_string());
                Status::Incomplete
            }),
        };
        console::say("\nwatching the dataset, the graders and the configuration; Ctrl-C ends");
        tokio::select! {
            biased;
            () = &mut ended => return Ok(status),
            () = change(args, environment, before) => {}
        }
    }
}

/// Resolves when the files are not as they were and have stopped changing.
async fn change(args: &GradeArgs, environment: &Environment, before: Marks) {
    let mut last = before.clone();
    loop {
        tokio::time::sleep(PERIOD).await;
        let now = marks(args, environment);
        if now != before && now == last {
            return;
        }
        last = now;
    }
}

/// The dataset, the configuration and every component in the directories of graders.
fn marks(args: &GradeArgs, environment: &Environment) -> Marks {
    let selection = &args.selection;
    let file = ConfigFile::load(selection.config.as_deref());
    let config = selection.config.clone().unwrap_or_else(|| PathBuf::from("gradebox.toml"));
    let config_of_file = file.map_or_else(|_| Config::default(), |file| file.config);
    let directories = component_directories(&selection.directories.graders, &config_of_file, environment);
    let directories = directories.unwrap_or_default();
    let single = directories.clone();
    let components = directories.into_iter().flat_map(|directory| {
        [directory.join("runtimes"), directory]
            .into_iter()
            .flat_map(|folder| fs::read_dir(folder).into_iter().flatten())
    });
    let components = components.filter_map(|entry| Some(entry.ok()?.path())).chain(single);
    let components = components.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    selection.dataset.iter().cloned().chain([config]).chain(components).filter_map(mark).collect()
}

fn mark(path: PathBuf) -> Option<(PathBuf, (SystemTime, u64))> {
    let metadata = fs::metadata(&path).ok()?;
    Some((path, (metadata.modified().ok()?, metadata.len())))
}

/// A terminal shows the last run alone; elsewhere a line parts the runs.
fn clear() {
    if console::is_watched() {
        console::say_bytes(b"\x1b[2J\x1b[3J\x1b[H");
    }
}
