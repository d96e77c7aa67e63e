//! Runs the binary in a cleared environment and a folder of its own.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host crate stands in the repository").to_owned()
}

/// A folder of its own for one test, and the binary to run in it.
pub struct Bench {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command did.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Self {
        let built = root().join("target/graders/runtimes/python.wasm");
        assert!(built.is_file(), "{} is missing: run `make graders` first", built.display());
        Self { folder: tempfile::tempdir().expect("a temporary folder"), variables: vec![] }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Writes a script that can be run. Another process writes it: one that a test beside this one starts meanwhile would
    /// take a copy of the open file along, and as long as somebody may write to a file the kernel does not run it.
    pub fn write_script(&self, name: &str, script: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh");
        writer.stdin.take().expect("a pipe").write_all(script.as_ref()).expect("a script");
        assert!(writer.wait().expect("sh ends").success(), "{}", path.display());
        path
    }

    /// Writes rows as JSONL.
    pub fn write_rows(&self, name: &str, rows: &[Value]) -> PathBuf {
        self.write(name, rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    pub fn read_rows(&self, name: &str) -> Vec<Value> {
        rows(&std::fs::read_to_string(self.path(name)).expect("an output file"))
    }

    /// The command, not started yet; for tests that watch it run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradebox"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            // One cache for all tests: compiling CPython takes seconds.
            .env("GRADEBOX_CACHE", root().join("target/test-cache"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let feeder = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().expect("the binary ends");
        feeder.join().expect("the input was offered");
        Ran::from(output)
    }

    /// Grades rows with the given further arguments and gives them back graded.
    pub fn grade(&self, rows: &[Value], arguments: &[&str]) -> (Ran, Vec<Value>) {
        self.write_rows("rows.jsonl", rows);
        let mut all = vec!["grade", "rows.jsonl", "-o", "graded.jsonl"];
        all.extend(arguments);
        let ran = self.run(&all);
        let graded = if self.path("graded.jsonl").exists() { self.read_rows("graded.jsonl") } else { vec![] };
        (ran, graded)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Fails with everything that the command said unless it ended with this status.
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless standard error holds each of these.
    #[track_caller]
    pub fn expect_stderr(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in:\n{}", self.stderr);
        }
        self
    }
}

/// The rows of JSONL text.
pub fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a row of JSON")).collect()
}

/// One grade of a row.
#[track_caller]
pub fn grade<'a>(row: &'a Value, grader: &str) -> &'a Value {
    row.get("grades").and_then(|grades| grades.get(grader)).unwrap_or_else(|| panic!("no grade of {grader} in {row}"))
}

/// The directory with the hostile component, and nothing else in it.
pub fn hostile_graders(bench: &Bench) -> PathBuf {
    let built = root().join("target/hostile/hostile.wasm");
    let bytes = std::fs::read(&built).expect("target/hostile/hostile.wasm: run `make graders` first");
    bench.write("hostile/hostile.wasm", bytes);
    bench.path("hostile")
}
