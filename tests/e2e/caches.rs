//! `gradebox cache`: what it shows, what it removes, and what it leaves alone.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use gradebox::{
    caches::InUse,
    sandbox::{CompileCache, Metering},
};
use serde_json::{Value, json};

use crate::{
    crafted::Craft,
    support::{Bench, Ran},
};

const DAY: Duration = Duration::from_hours(24);

/// A cache of its own, with a component that was compiled for a run, a package and two files of responses. The binary
/// stands where no other components are beside it.
struct Kept {
    bench: Bench,
}

impl Kept {
    fn new() -> Self {
        let bench = Bench::new();
        let (built, program) = (env!("CARGO_BIN_EXE_gradebox"), bench.path("bin/gradebox"));
        fs::create_dir(bench.path("bin")).expect("a folder");
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).expect("the binary");
        bench.write("graders/crafted.wasm", Craft { name: "crafted".to_owned(), ..Craft::default() }.component());
        bench.write_rows("rows.jsonl", &[json!({"response": "a"})]);
        let kept = Self { bench };
        // A directory that was written just now is indexed by a later search.
        std::thread::sleep(Duration::from_millis(60));
        kept.grade();
        kept.bench.write(&format!("cache/packages/{}/remote.wasm", "a".repeat(64)), "a component");
        for number in [1, 2] {
            kept.bench.write(&format!("cache/responses/{number:024}-7.responses"), "an answer\n");
        }
        kept
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(self.bench.path("bin/gradebox"));
        command.args(arguments).current_dir(self.bench.path("")).env_clear().stdin(Stdio::null());
        command.env("HOME", self.bench.path("")).env("GRADEBOX_CACHE", self.path());
        Ran::from(command.output().expect("the binary starts"))
    }

    fn grade(&self) -> Ran {
        self.run(&["grade", "rows.jsonl", "--graders", "graders", "-g", "crafted", "-o", "graded.jsonl"])
            .expect_status(0)
    }

    fn clean(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["cache", "clean"], arguments].concat())
    }

    fn listed(&self, kind: &str, member: &str) -> u64 {
        let ran = self.run(&["cache", "--json"]).expect_status(0);
        let listed: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let caches = listed["caches"].as_array().expect("a list").iter();
        let of_kind = caches.clone().find(|cache| cache["kind"] == kind).expect("the kind");
        of_kind[member].as_u64().unwrap_or_default()
    }

    fn entries(&self) -> [u64; 4] {
        ["compiled", "indexes", "packages", "responses"].map(|kind| self.listed(kind, "entries"))
    }

    /// Makes everything look as if it had been used so long ago.
    fn age(folder: &Path, days: u32) {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                Self::age(&path, days);
            }
            File::open(&path).expect("ours").set_modified(SystemTime::now() - DAY * days).expect("ours");
        }
    }

    fn path(&self) -> PathBuf {
        self.bench.path("cache")
    }
}

#[test]
fn what_was_not_used_for_long_is_removed_and_is_made_again() {
    let kept = Kept::new();
    let before = kept.entries();
    let [compiled, indexes, ..] = before;
    assert!(compiled >= 1 && indexes >= 1, "{before:?}");
    assert_eq!((before[2], before[3], kept.listed("packages", "bytes")), (1, 2, 11));
    kept.clean(&[]).expect_status(0).expect_stderr(&["nothing to remove"]);
    Kept::age(&kept.path(), 20);
    kept.clean(&[]).expect_status(0).expect_stderr(&["nothing to remove"]);
    // What the next run uses is new again.
    kept.grade();
    kept.clean(&["--older-than", "19", "--dry-run"]).expect_status(0).expect_stderr(&["would remove", "packages: 1"]);
    assert_eq!(kept.entries(), before);
    kept.clean(&["--older-than", "19"]).expect_status(0).expect_stderr(&["packages: 1 (11 B)", "responses", "stay"]);
    let [compiled_left, indexes_left, packages, responses] = kept.entries();
    assert!(0 < compiled_left && 0 < indexes_left, "what was used is there");
    assert_eq!((packages, responses), (0, 2));
    assert!(!kept.path().join("packages").join("a".repeat(64)).exists());

    kept.clean(&["--all"]).expect_status(0).expect_stderr(&["removed compiled:"]);
    assert_eq!(kept.entries(), [0, 0, 0, 2]);
    assert!(kept.grade().stderr.contains("compiling crafted.wasm"));
    assert!(kept.entries()[0] >= 1);
}

#[test]
fn responses_are_removed_only_where_they_are_named() {
    let kept = Kept::new();
    Kept::age(&kept.path(), 400);
    kept.clean(&["--all"]).expect_status(0);
    assert_eq!(kept.entries(), [0, 0, 0, 2]);
    let newest = kept.path().join("responses").join(format!("{:024}-7.responses", 2));
    File::open(&newest).expect("ours").set_modified(SystemTime::now()).expect("ours");
    kept.clean(&["responses"]).expect_status(0).expect_stderr(&["responses: 1"]);
    assert!(newest.exists());
    kept.clean(&["responses", "--all"]).expect_status(0);
    assert!(!newest.exists());
    kept.clean(&["answers"])
        .expect_status(2)
        .expect_stderr(&["possible values: compiled, indexes, packages, responses"]);
}

#[test]
fn what_is_not_of_the_cache_is_left_alone() {
    let kept = Kept::new();
    let cache = kept.path();
    let outside = kept.bench.write("outside/kept.wasm", "a user's own");
    let hex = "b".repeat(64);
    let strangers = [
        kept.bench.write("cache/notes.json", "{}"),
        kept.bench.write("cache/old.cwasm", "compiled by hand"),
        kept.bench.write("cache/more/nested.index", "nested"),
        kept.bench.write("cache/packages/readme.wasm", "not in a folder of its digest"),
        kept.bench.write(&format!("cache/packages/{}/notes.txt", "c".repeat(64)), "notes"),
        kept.bench.write("cache/responses/mine.responses", "mine"),
        kept.bench.write("cache/responses/rows.jsonl", "{}"),
        cache.join(format!("{hex}-0123456789abcdef.cwasm")),
        cache.join("packages").join(&hex),
    ];
    symlink(&outside, &strangers[7]).expect("a link");
    symlink(kept.bench.path("outside"), &strangers[8]).expect("a link");
    kept.clean(&["compiled", "indexes", "packages", "responses", "--all"]).expect_status(0);
    assert_eq!(kept.entries().iter().sum::<u64>(), 1, "the folder with a stranger in it");
    for path in strangers.iter().chain([&outside]) {
        assert!(path.symlink_metadata().is_ok(), "{} is gone", path.display());
    }
}

#[test]
fn a_cache_in_use_is_not_cleaned() {
    let kept = Kept::new();
    let before = kept.entries();
    let refused = || kept.clean(&["--all"]).expect_status(2).expect_stderr(&["in use by another gradebox"]);
    let cache = CompileCache::open(&kept.path(), Metering::Time).expect("the cache");
    refused();
    drop(cache);
    let responses = InUse::of(&kept.path().join("responses"));
    let all = ["compiled", "responses", "--all"];
    kept.clean(&all).expect_status(2).expect_stderr(&["in use by another gradebox", "nothing was removed"]);
    assert_eq!(kept.entries(), before);
    drop(responses);
    kept.clean(&all).expect_status(0);
    assert_eq!(kept.entries(), [0, before[1], before[2], 0]);
}

#[test]
fn a_cache_that_is_not_there_is_empty_and_not_made() {
    let bench = Bench::new();
    let cache = bench.path("absent");
    let bench = bench.with("GRADEBOX_CACHE", &cache.display().to_string());
    bench.run(&["cache"]).expect_status(0);
    bench.run(&["cache", "clean", "--all"]).expect_status(0).expect_stderr(&["nothing to remove"]);
    assert!(!cache.exists());
}
