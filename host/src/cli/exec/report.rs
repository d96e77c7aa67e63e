//! What a program did, for machines and for people.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::tagged::plain;
use crate::{
    cli::console::harmless,
    sandbox::{Ending, Execution, Raised},
};

/// The object that `--json` prints; a key without meaning for the ending is absent.
pub(super) fn json(execution: &Execution) -> Value {
    let mut report = Map::new();
    report.insert("ending".to_owned(), execution.ending.name().into());
    match &execution.ending {
        Ending::Exited(code) => {
            report.insert("exit_code".to_owned(), (*code).into());
        }
        Ending::Raised(raised) => {
            report.insert("raised".to_owned(), raised_json(raised));
        }
        Ending::Crashed(how) => {
            report.insert("reason".to_owned(), how.clone().into());
        }
        _ => {}
    }
    insert_output(&mut report, "stdout", &execution.stdout);
    insert_output(&mut report, "stderr", &execution.stderr);
    if let Some(value) = &execution.value {
        let parsed = serde_json::from_str(value).map_or_else(|_| Value::from(value.clone()), |value| plain(&value));
        report.insert("value".to_owned(), parsed);
    }
    report.insert("wall_ms".to_owned(), milliseconds(execution.wall));
    report.insert("cpu_ms".to_owned(), milliseconds(execution.cpu));
    if let Some(fuel) = execution.fuel {
        report.insert("fuel".to_owned(), fuel.into());
    }
    report.insert("peak_memory".to_owned(), execution.peak_memory.into());
    Value::Object(report)
}

/// The line for people.
pub(super) fn line(execution: &Execution) -> String {
    let ending = match &execution.ending {
        Ending::Raised(raised) => {
            let line = raised.line.map(|line| format!(" at line {line}")).unwrap_or_default();
            format!("raised {}{line}", harmless(&raised.kind))
        }
        Ending::Exited(code) => format!("exited with {code}"),
        Ending::TimedOut => "timed out; --timeout gives it more processor time".to_owned(),
        Ending::OutOfMemory => "out of memory; --memory gives it more".to_owned(),
        Ending::StackOverflow => "stack overflow".to_owned(),
        Ending::OutputExceeded => "wrote more than it may; what came before is above".to_owned(),
        Ending::Crashed(how) => format!("crashed: {how}"),
        Ending::Completed => "completed".to_owned(),
    };
    #[expect(clippy::cast_precision_loss, reason = "no sandbox has 2^53 bytes")]
    let memory = execution.peak_memory as f64 / f64::from(1 << 20);
    let fuel = execution.fuel.map(|fuel| format!(", {fuel} instructions")).unwrap_or_default();
    format!(
        "[{ending}] {:.1} ms, {:.1} ms of processor time{fuel}, {memory:.1} MiB",
        execution.wall.as_secs_f64() * 1e3,
        execution.cpu.as_secs_f64() * 1e3
    )
}

fn raised_json(raised: &Raised) -> Value {
    let mut report = Map::new();
    report.insert("kind".to_owned(), raised.kind.clone().into());
    report.insert("message".to_owned(), raised.message.clone().into());
    if let Some(line) = raised.line {
        report.insert("line".to_owned(), line.into());
    }
    report.insert("traceback".to_owned(), raised.traceback.clone().into());
    Value::Object(report)
}

/// Text as it is, anything else in Base64 under another key.
fn insert_output(report: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => report.insert(name.to_owned(), text.into()),
        Err(_) => report.insert(format!("{name}_base64"), STANDARD.encode(bytes).into()),
    };
}

fn milliseconds(duration: Duration) -> Value {
    json!((duration.as_secs_f64() * 1e6).round() / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(ending: Ending) -> Execution {
        Execution {
            ending,
            stdout: b"out".to_vec(),
            stderr: vec![],
            value: None,
            args_after: vec![],
            cpu: Duration::from_micros(1100),
            wall: Duration::from_micros(1200),
            fuel: None,
            peak_memory: 20 << 20,
        }
    }

    #[test]
    fn keys_without_a_meaning_are_absent() {
        let report = json(&execution(Ending::Completed));
        assert_eq!(
            report,
            json!({"ending": "completed", "stdout": "out", "stderr": "", "wall_ms": 1.2, "cpu_ms": 1.1,
                   "peak_memory": 20_971_520})
        );
        assert_eq!(json(&execution(Ending::Exited(3)))["exit_code"], json!(3));
    }

    #[test]
    fn an_exception_is_told_in_full() {
        let raised = Raised {
            kind: "ValueError".to_owned(),
            message: "no".to_owned(),
            line: Some(3),
            traceback: "Traceback …".to_owned(),
        };
        let execution = execution(Ending::Raised(raised));
        assert_eq!(
            json(&execution)["raised"],
            json!({"kind": "ValueError", "message": "no", "line": 3, "traceback": "Traceback …"})
        );
        assert!(line(&execution).starts_with("[raised ValueError at line 3]"));
    }

    #[test]
    fn a_value_is_json_and_null_is_a_value() {
        let mut returned = execution(Ending::Completed);
        returned.value = Some("{\"$tuple\":[1,2.0]}".to_owned());
        assert_eq!(json(&returned)["value"].to_string(), "{\"$tuple\":[1,2.0]}");
        returned.value = Some("null".to_owned());
        assert_eq!(json(&returned).get("value"), Some(&Value::Null));
    }

    #[test]
    fn output_that_is_no_text_is_base64() {
        let mut binary = execution(Ending::Completed);
        binary.stdout = vec![0xff, 0xfe];
        let report = json(&binary);
        assert_eq!(report["stdout_base64"], json!("//4="));
        assert!(report.get("stdout").is_none());
    }
}
