//! Directories of many components: listed from an index, which is never believed for more than a listing.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    crafted::Craft,
    support::{Bench, Ran, grade},
};

/// A directory of small graders, each with a name of its own, and a cache of its own; and the binary at a place where
/// no built-in graders stand beside it, for compiling `CPython` into each cache takes long.
struct Many {
    bench: Bench,
}

impl Many {
    fn new(count: usize) -> Self {
        let bench = Bench::new();
        let (built, program) = (env!("CARGO_BIN_EXE_gradebox"), bench.path("bin/gradebox"));
        fs::create_dir(bench.path("bin")).expect("a folder");
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).expect("the binary");
        for number in 0..count {
            bench.write(&format!("many/{}.wasm", name(number)), component(&name(number)));
        }
        // What was only just written may be written again within one tick of the kernel's clock, and is not indexed.
        std::thread::sleep(Duration::from_millis(200));
        Self { bench }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.bench.path("bin/gradebox"));
        command.args(arguments).current_dir(self.bench.path("")).env_clear();
        command.env("HOME", self.bench.path("")).env("GRADEBOX_CACHE", self.bench.path("cache"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).stdin(Stdio::null()).output().expect("the binary starts"))
    }

    /// Grades a row with one of the graders.
    fn grade(&self, grader: &str) -> (Ran, Value) {
        self.bench.write_rows("rows.jsonl", &[json!({"response": "a"})]);
        let arguments = ["grade", "rows.jsonl", "--graders", "many", "-g", grader, "-o", "graded.jsonl"];
        let ran = self.run(&arguments).expect_status(0);
        (ran, self.bench.read_rows("graded.jsonl").remove(0))
    }

    fn arguments() -> [&'static str; 4] {
        ["graders", "--json", "--graders", "many"]
    }

    /// The names of the graders in the directory, and what was said of it.
    fn list(&self) -> (BTreeSet<String>, String) {
        let ran = self.run(&Self::arguments()).expect_status(0);
        (names(&ran.stdout), ran.stderr)
    }

    fn cached(&self, extension: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.bench.path("cache")).expect("the cache").flatten().map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == extension)).collect()
    }

    /// The index of the directory.
    fn index(&self) -> PathBuf {
        self.cached("index").pop().expect("an index of the directory")
    }

    /// Forgets what was compiled of the graders of the directory, so that a look at one shows.
    fn forget_compiled(&self) {
        for path in self.cached("note") {
            fs::remove_file(path).expect("a file of ours");
        }
    }
}

fn name(number: usize) -> String {
    format!("grader-{number:04}")
}

fn component(name: &str) -> Vec<u8> {
    Craft { name: name.to_owned(), ..Craft::default() }.component()
}

/// What is done to the content of an index.
type Damage = fn(&mut Vec<u8>);

fn digest_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn names(listing: &str) -> BTreeSet<String> {
    let listing: Value = serde_json::from_str(listing).expect("a listing in JSON");
    let graders = listing["graders"].as_array().expect("graders");
    let of_directory = graders.iter().filter(|grader| grader["summary"] == "Made by hand.");
    of_directory.map(|grader| grader["name"].as_str().expect("a name").to_owned()).collect()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[test]
fn many_components_are_listed_from_the_index_and_looked_at_when_they_are_used() {
    let many = Many::new(60);
    let all: BTreeSet<String> = (0..60).map(name).collect();
    let (listed, said) = many.list();
    assert_eq!(listed, all);
    assert_eq!(said.matches("compiling grader-").count(), 60, "{said}");

    many.forget_compiled();
    let (listed, said) = many.list();
    assert_eq!(listed, all);
    assert!(!said.contains("compiling"), "{said}");

    let (ran, row) = many.grade("grader-0007");
    assert_eq!(grade(&row, "grader-0007")["outcome"], "scored");
    assert_eq!(ran.stderr.matches("compiling").count(), 1, "{}", ran.stderr);

    // What is new, changed or gone shows at once.
    many.bench.write("many/new.wasm", component("new"));
    many.bench.write(&format!("many/{}.wasm", name(3)), component("other"));
    fs::remove_file(many.bench.path(&format!("many/{}.wasm", name(5)))).expect("a file of ours");
    let (listed, said) = many.list();
    let mut expected = all;
    expected.retain(|grader| ![name(3), name(5)].contains(grader));
    expected.extend(["new".to_owned(), "other".to_owned()]);
    assert_eq!(listed, expected);
    assert_eq!(said.matches("compiling").count(), 2, "{said}");
}

#[test]
fn a_file_of_the_same_size_and_time_is_told_by_the_kernels_marks() {
    let many = Many::new(2);
    many.list();
    let path = many.bench.path(&format!("many/{}.wasm", name(0)));
    let before = fs::metadata(&path).expect("a file");
    fs::write(&path, component("grader-9999")).expect("a file of ours");
    let file = fs::File::options().write(true).open(&path).expect("a file of ours");
    file.set_modified(before.modified().expect("a time")).expect("a file of ours");
    assert_eq!(fs::metadata(&path).expect("a file").len(), before.len(), "the test wants files of one size");
    assert_eq!(many.list().0, BTreeSet::from(["grader-9999".to_owned(), name(1)]));
}

#[test]
fn an_index_that_is_wrong_is_corrected_before_a_grader_runs() {
    let many = Many::new(2);
    many.list();
    // One who knows how it is made can exchange names in an index; the listing is wrong then.
    let forge = || {
        let index = many.index();
        let text = fs::read(&index).expect("an index");
        let mut content = text[64..].to_vec();
        // The name of the file comes first, then that of the description.
        let second = |content: &[u8], name: &str| {
            let first = find(content, name.as_bytes()).expect("the file");
            first + 1 + find(&content[first + 1..], name.as_bytes()).expect("the description")
        };
        let places = [second(&content, &name(0)), second(&content, &name(1))];
        for (place, other) in places.into_iter().zip([name(1), name(0)]) {
            content[place..place + other.len()].copy_from_slice(other.as_bytes());
        }
        let seal = digest_of(&content);
        fs::write(&index, [seal.as_bytes(), &content].concat()).expect("a file of ours");
    };
    forge();
    let listing: Value = serde_json::from_str(&many.run(&Many::arguments()).stdout).expect("JSON");
    let of_file = |listing: &Value, file: &str| -> String {
        let graders = listing["graders"].as_array().expect("graders").clone();
        let found = graders.into_iter().find(|grader| grader["path"].as_str().is_some_and(|path| path.ends_with(file)));
        found.expect("the file")["name"].as_str().expect("a name").to_owned()
    };
    assert_eq!(of_file(&listing, "grader-0000.wasm"), name(1), "the forged index is listed");

    let (ran, row) = many.grade("grader-0001");
    let ran = ran.expect_stderr(&["was listed as `grader-0001` and is `grader-0000` now"]);
    let digest = &digest_of(&component(&name(1)))[..16];
    let told = grade(&row, "grader-0001")["grader"].to_string();
    assert!(told.contains(digest), "{told}, not {digest}; {}", ran.stderr);
    let listing: Value = serde_json::from_str(&many.run(&Many::arguments()).stdout).expect("JSON");
    assert_eq!(of_file(&listing, "grader-0000.wasm"), name(0), "the index is right again");
}

#[test]
fn a_damaged_index_costs_a_search_and_nothing_else() {
    let many = Many::new(2);
    let (all, _) = many.list();
    let damages: [(&str, Damage); 4] = [
        ("a flipped bit", |index| {
            let middle = index.len() / 2;
            index[middle] ^= 1;
        }),
        ("cut short", |index| index.truncate(index.len() / 2)),
        ("empty", Vec::clear),
        ("something else", |index| *index = b"not an index".to_vec()),
    ];
    for (what, damage) in damages {
        let path = many.index();
        let mut index = fs::read(&path).expect("an index");
        damage(&mut index);
        fs::write(&path, index).expect("a file of ours");
        let (listed, said) = many.list();
        assert_eq!(listed, all, "{what}");
        assert!(!said.contains("warning") && !said.contains("compiling"), "{what}: {said}");
        many.index();
    }
}

#[test]
fn several_processes_list_one_directory_at_once() {
    let many = Many::new(8);
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = many.command(&Many::arguments());
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
        })
        .collect();
    let all: BTreeSet<String> = (0..8).map(name).collect();
    for child in children {
        let output = child.wait_with_output().expect("the binary ends");
        assert_eq!(names(&String::from_utf8_lossy(&output.stdout)), all);
    }
    many.forget_compiled();
    let (listed, said) = many.list();
    assert_eq!(listed, all);
    assert!(!said.contains("compiling"), "{said}");
}

/// Prints figures: `cargo test --release --test e2e listing:: -- --ignored --nocapture`. `GRADEBOX_MANY` sets how many.
#[test]
#[ignore = "takes minutes, and its figures are for people"]
fn how_long_a_listing_takes() {
    let count = std::env::var("GRADEBOX_MANY").map_or(10_000, |count| count.parse().expect("a number"));
    let many = Many::new(count);
    for what in ["first, compiling each", "again, from the index", "again, from the index"] {
        let begun = std::time::Instant::now();
        assert_eq!(many.list().0.len(), count);
        println!("{count} components listed {what}: {:.0?}", begun.elapsed());
    }
    let begun = std::time::Instant::now();
    many.grade(&name(count / 2));
    println!("one row graded with one of them: {:.0?}", begun.elapsed());
    fs::remove_file(many.index()).expect("a file of ours");
    let begun = std::time::Instant::now();
    assert_eq!(many.list().0.len(), count);
    println!("listed without the index, from what is compiled: {:.0?}", begun.elapsed());
}
