//! What a run says and does when it is told to stop.

use std::path::PathBuf;

use tokio::signal::{
    self,
    unix::{Signal, SignalKind},
};

use super::{console, progress::Display, table::count};

/// What stays of a run that stops early, and how it goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    /// Where the run is kept in a directory: the command that continues it.
    pub(super) resume: Option<String>,
    /// Where the rows go, where that is a file.
    pub(super) output: Option<PathBuf>,
    /// Whether models are asked.
    pub(super) asks_models: bool,
    /// Whether other runs find their answers.
    pub(super) has_cache: bool,
    /// Whether the dataset is read from standard input.
    pub(super) reads_stdin: bool,
}

impl Kept {
    /// Of a run whose command line was this.
    pub(super) fn resume_of(arguments: &[String]) -> String {
        let (mut words, mut rest) = (arguments.to_vec(), Vec::new());
        if let Some(end) = words.iter().position(|word| word == "--") {
            rest = words.split_off(end);
        }
        if !words.iter().any(|word| word == "--resume") {
            words.push("--resume".to_owned());
        }
        words.append(&mut rest);
        let words = words.iter().map(String::as_str);
        // A command line holds no zero byte.
        shlex::try_join(words).unwrap_or_else(|_| arguments.join(" "))
    }

    /// What to do to have the rest of the rows.
    pub(super) fn advice(&self) -> String {
        if let Some(command) = &self.resume {
            let input = if self.reads_stdin { ", with the same standard input" } else { "" };
            return format!("what was done is kept; to go on{input}:\n  {command}");
        }
        let rows = match &self.output {
            Some(path) => format!("the rows that were done stand in {}.partial", path.display()),
            None => "the rows that were done are written".to_owned(),
        };
        let answers = match (self.asks_models, self.has_cache) {
            (false, _) => "",
            (true, true) => " but no answer that came is asked for again: they are in the cache",
            (true, false) => " and every answer is asked for again",
        };
        format!("{rows}; run again, all rows are done anew{answers}; --run DIR keeps a run so that it can go on")
    }
}

/// Resolves when the user or the system wants the run to stop, and says what that means. A second signal stops it at
/// once; what was written by then stays.
pub(super) async fn shutdown(display: &Display, kept: &Kept) {
    // One listener for both: a second signal that comes while the first is answered is not lost.
    let mut signals = Signals::listen();
    signals.next().await;
    display.stop();
    let (rows, calls) = display.under_way();
    display.say(&stopping(rows, calls, kept));
    let kept = kept.clone();
    tokio::spawn(async move {
        signals.next().await;
        console::say(&format!("stopped at once; {}", kept.advice()));
        stop_at_once();
    });
}

fn stopping(rows: u64, calls: u64, kept: &Kept) -> String {
    let under_way = format!("{} under way, with {} in flight", count(rows, "row"), count(calls, "model call"));
    let lost = match kept {
        Kept { resume: Some(_), .. } => "calls in flight are then made again",
        _ => "calls in flight are then lost, and made again by another run",
    };
    format!(
        "stopping: no further row is begun; {under_way}, are finished first\nonce more stops at once: {lost}\n{}",
        kept.advice()
    )
}

/// Resolves at the next wish of the user or the system that the process end.
pub(super) async fn signal() {
    Signals::listen().next().await;
}

/// What asks the process to end; a kind that cannot be listened for never comes.
struct Signals([Option<Signal>; 2]);

impl Signals {
    fn listen() -> Self {
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal::unix::signal(kind).ok()))
    }

    async fn next(&mut self) {
        let [interrupted, terminated] = &mut self.0;
        tokio::select! {
            () = one(interrupted) => {}
            () = one(terminated) => {}
        }
    }
}

async fn one(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[expect(clippy::exit, reason = "the user asked twice; workers end when their pipe closes")]
fn stop_at_once() {
    std::process::exit(130);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_command_that_goes_on_is_the_same_with_resume() {
        for (line, expected) in [
            ("gradebox refine a.jsonl --run d", "gradebox refine a.jsonl --run d --resume"),
            ("gradebox refine --resume a.jsonl --run d", "gradebox refine --resume a.jsonl --run d"),
            ("gradebox grade --run d -- -a.jsonl", "gradebox grade --run d --resume -- -a.jsonl"),
        ] {
            assert_eq!(Kept::resume_of(&words(line)), expected);
        }
        let quoted = Kept::resume_of(&["gradebox".to_owned(), "my rows.jsonl".to_owned()]);
        assert_eq!(quoted, "gradebox 'my rows.jsonl' --resume");
    }

    #[test]
    fn what_is_kept_is_said_as_it_is() {
        let resumable = Kept { resume: Some("gradebox … --resume".to_owned()), ..Kept::default() };
        let text = stopping(3, 1, &resumable);
        assert!(text.contains("3 rows under way, with 1 model call in flight"), "{text}");
        assert!(text.ends_with("to go on:\n  gradebox … --resume"), "{text}");
        let plain = Kept { output: Some("out.jsonl".into()), asks_models: true, ..Kept::default() };
        let advice = plain.advice();
        assert!(advice.starts_with("the rows that were done stand in out.jsonl.partial; run again"), "{advice}");
        assert!(advice.contains("and every answer is asked for again"), "{advice}");
        assert!(Kept { has_cache: true, ..plain }.advice().contains("they are in the cache"));
        assert!(!Kept::default().advice().contains("answer"));
    }
}
