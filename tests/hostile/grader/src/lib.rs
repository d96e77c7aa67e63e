//! A grader that misbehaves in the way that the response names. It fits the contract, and nothing else can be said for
//! it. Built on the raw bindings, because the SDK would not let most of this happen.
#![cfg(target_family = "wasm")]
#![allow(unsafe_code, unconditional_recursion, clippy::panic, clippy::pedantic, reason = "misbehaving is the point")]

wit_bindgen::generate!({
    path: "../../../wit/grader",
    inline: "
        package gradebox:hostile;
        world hostile {
            include gradebox:grader/pointwise-grader-with-programs@0.1.0;
            import gradebox:grader/models@0.1.0;
        }
    ",
    world: "gradebox:hostile/hostile",
    generate_all,
});

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

use exports::gradebox::grader::{descriptor, pointwise};
use gradebox::grader::{
    log, models,
    programs::{self, Action, Input, Limits, Program},
    types::{GradeError, Message, Sample, Scale, Score, Verdict},
};

struct Hostile;

impl descriptor::Guest for Hostile {
    fn describe() -> descriptor::Description {
        descriptor::Description {
            name: "hostile".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "Misbehaves as the response asks it to.".to_owned(),
            scale: Scale { worst: 0.0, best: 1.0 },
            required_fields: vec![],
            optional_fields: vec![],
            params_schema: "{}".to_owned(),
            examples: "[]".to_owned(),
            extra: "{}".to_owned(),
        }
    }
}

impl pointwise::Guest for Hostile {
    fn grade(sample: Sample, _params: String) -> Result<Verdict, GradeError> {
        misbehave(&sample.response).map(Verdict::Scored)
    }
}

export!(Hostile);

/// How often this instance has graded: more than once would mean that something survived a grade.
static GRADES: AtomicU64 = AtomicU64::new(0);

fn misbehave(how: &str) -> Result<Score, GradeError> {
    Ok(match how {
        "behave" => score(1.0, "as good as gold"),
        "count" => score(1.0, &format!("grade number {}", GRADES.fetch_add(1, Ordering::Relaxed) + 1)),
        "loop" => {
            let mut turns = 0_u64;
            while black_box(turns) != u64::MAX {
                turns += 1;
            }
            score(1.0, "an endless loop ended")
        }
        "recurse" => score(descend(0) as f64, "bottomless recursion returned"),
        "allocate" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(vec![1_u8; 1 << 20]);
                black_box(&hoard);
            }
        }
        "panic" => panic!("a panic with a message"),
        "unreachable" => std::arch::wasm32::unreachable(),
        "exit" => std::process::exit(0),
        "nan" => score(f64::NAN, "not a number"),
        "infinite" => score(f64::INFINITY, "too good"),
        "above the scale" => score(1.5, "better than best"),
        "bad details" => Score { details: "{\"a\": [[[".to_owned(), ..score(1.0, "") },
        "details not an object" => Score { details: "[1]".to_owned(), ..score(1.0, "") },
        "deep details" => Score { details: format!("{{\"a\": {}", "[".repeat(1 << 20)), ..score(1.0, "") },
        "huge details" => Score { details: format!("{{\"a\": \"{}\"}}", "x".repeat(8 << 20)), ..score(1.0, "") },
        "huge reason" => score(1.0, &"long ".repeat(1 << 20)),
        "gigantic reason" => score(1.0, &"x".repeat(96 << 20)),
        "terminal codes" => score(0.5, "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nforged line \u{202e}drawkcab\0"),
        "bad utf-8" => score(1.0, unsafe { std::str::from_utf8_unchecked(black_box(&[0xff, 0xfe, 0xc0, 0x80])) }),
        "wild pointer" => {
            let wild = unsafe { String::from_raw_parts(0xffff_fff0 as *mut u8, 100, 100) };
            Score { value: 1.0, reason: wild, details: "{}".to_owned() }
        }
        "flood the log" => {
            for _ in 0..1_000_000 {
                log::emit(log::Level::Info, "flood");
            }
            score(1.0, "flooded")
        }
        "sleep" => {
            std::thread::sleep(std::time::Duration::from_secs(3600));
            score(1.0, "slept for an hour")
        }
        "read a file" => text_or_error(std::fs::read_to_string("/etc/passwd")),
        "connect" => text_or_error(std::net::TcpStream::connect("127.0.0.1:80").map(|_| "connected".to_owned())),
        "environment" => score(
            1.0,
            &format!("{:?} {:?}", std::env::vars().collect::<Vec<_>>(), std::env::args().collect::<Vec<_>>()),
        ),
        "run a loop" => run("python", "while True: pass"),
        "run loops for ever" => loop {
            run("python", "while True: pass");
        },
        "run on too many inputs" => run_on(10_001, "pass"),
        "print too much" => run_on(40, "print('x' * 1_000_000)"),
        "open sessions" => open_sessions(None),
        "open large sessions" => open_sessions(Some(2048)),
        "flood standard error" => loop {
            eprintln!("flood");
        },
        "run in no language" => run("cobol", "DISPLAY 'x'."),
        "ask a model" => score(1.0, &ask("judge", "Well?", "{}")),
        "ask without end" => {
            for call in 0.. {
                ask("judge", &format!("Call {call}?"), "{}");
            }
            score(1.0, "asked enough")
        }
        "ask another model" => score(1.0, &ask("judge", "Well?", r#"{"model": "dearer"}"#)),
        "ask in another role" => score(1.0, &ask("writer", "Well?", "{}")),
        "ask for gigabytes" => score(1.0, &ask("judge", &"x".repeat(16 << 20), "{}")),
        "ask by the clock" => {
            // What a program prints differs between two runs only where its time runs out.
            run("python", "while True: pass");
            score(1.0, &ask("judge", "After a program?", "{}"))
        }
        "internal" => return Err(GradeError::Internal("the grader gives up".to_owned())),
        "bad sample" => return Err(GradeError::InvalidSample("column `x` is missing".to_owned())),
        "bad params" => return Err(GradeError::InvalidParams("parameter `x` is wrong".to_owned())),
        other => score(0.0, &format!("cannot misbehave like this: {other}")),
    })
}

fn score(value: f64, reason: &str) -> Score {
    Score { value, reason: reason.to_owned(), details: "{}".to_owned() }
}

fn text_or_error(result: std::io::Result<String>) -> Score {
    match result {
        Ok(text) => score(1.0, &format!("got through: {text}")),
        Err(error) => score(0.0, &format!("refused: {error}")),
    }
}

fn ask(role: &str, question: &str, options: &str) -> String {
    let message = Message { role: "user".to_owned(), content: question.to_owned(), extra: None };
    models::complete(role, &[message], options)
}

#[inline(never)]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    descend(depth + 1).wrapping_add(frame[(depth % 64) as usize])
}

fn python(source: &str, memory_mib: Option<u32>) -> Program {
    let limits = Limits { cpu_ms: Some(200), memory_mib, output_kib: None };
    Program { language: "python".to_owned(), source: source.to_owned(), limits }
}

fn run_on(inputs: usize, source: &str) -> Score {
    let inputs: Vec<Input> = (0..inputs).map(|_| Input { action: Action::Script, stdin: vec![] }).collect();
    score(1.0, &format!("ran {} times", programs::run_all(&python(source, None), &inputs).len()))
}

fn open_sessions(memory_mib: Option<u32>) -> Score {
    let mut open = Vec::new();
    loop {
        open.push(programs::Session::open(&python("pass", memory_mib), &[]));
        black_box(&open);
    }
}

fn run(language: &str, source: &str) -> Score {
    let limits = Limits { cpu_ms: Some(200), memory_mib: None, output_kib: None };
    let program = Program { language: language.to_owned(), source: source.to_owned(), limits };
    let executions = programs::run_all(&program, &[Input { action: Action::Script, stdin: vec![] }]);
    let ending = executions.into_iter().next().map(|execution| execution.ending);
    score(0.0, &format!("{ending:?}"))
}
