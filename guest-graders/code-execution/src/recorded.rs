//! A runner for unit tests that answers from what it was told instead of running anything.

use std::cell::RefCell;

use gradebox_sdk::{
    programs::{Diagnostic, Ending, Execution, Input, Program, Raised, Runner, Steps},
    value::Value,
};

/// Answers each run with `execution`, each check with `diagnostics`; remembers what it was asked.
pub(crate) struct Recorded<E, D> {
    pub(crate) execution: E,
    pub(crate) diagnostics: D,
    pub(crate) asked: RefCell<Vec<(Program, Vec<Input>)>>,
}

impl<E: Fn(&Program, &Input) -> Execution> Recorded<E, fn(&str) -> Vec<Diagnostic>> {
    /// Finds no syntax errors.
    pub(crate) fn new(execution: E) -> Self {
        Self { execution, diagnostics: |_| Vec::new(), asked: RefCell::default() }
    }
}

impl<E, D> Runner for Recorded<E, D>
where
    E: Fn(&Program, &Input) -> Execution,
    D: Fn(&str) -> Vec<Diagnostic>,
{
    type Session = Silent;

    fn run_all(&self, program: &Program, inputs: &[Input]) -> Vec<Execution> {
        self.asked.borrow_mut().push((program.clone(), inputs.to_vec()));
        inputs.iter().map(|input| (self.execution)(program, input)).collect()
    }

    fn check(&self, _language: &str, source: &str) -> Vec<Diagnostic> {
        (self.diagnostics)(source)
    }

    fn languages(&self) -> Vec<String> {
        vec!["javascript".to_owned(), "python".to_owned()]
    }

    fn open(&self, _program: &Program, _peers: &[(&str, &Silent)]) -> Silent {
        Silent
    }
}

/// A session in which nothing happens.
pub(crate) struct Silent;

impl Steps for Silent {
    fn step(&self, _input: &Input) -> Execution {
        ended(Ending::Completed)
    }
}

pub(crate) fn ended(ending: Ending) -> Execution {
    Execution { ending, stdout: Vec::new(), stderr: Vec::new(), value: None, args_after: Vec::new() }
}

pub(crate) fn printed(stdout: &str) -> Execution {
    Execution { stdout: stdout.as_bytes().to_vec(), ..ended(Ending::Completed) }
}

pub(crate) fn returned(value: Value) -> Execution {
    Execution { value: Some(value), ..ended(Ending::Completed) }
}

pub(crate) fn raised(kind: &str, message: &str, line: u32) -> Execution {
    let (kind, message) = (kind.to_owned(), message.to_owned());
    ended(Ending::Raised(Raised { kind, message, line: Some(line), traceback: String::new() }))
}

/// What a run of statements returns that reached their end: the value that the last line sets.
pub(crate) fn reached(program: &Program) -> Execution {
    let last = program.source.lines().last().unwrap_or_default();
    let token = last.split('\'').nth(1).unwrap_or_default();
    returned(Value::from(token))
}
