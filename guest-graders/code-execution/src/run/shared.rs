//! Runs the calls of a sample in one sandbox, for `instance = "per-sample"`.

use gradebox_sdk::{
    GradeError,
    programs::{Action, Ending, Execution, Input, Program, Runner, Steps},
};

/// Runs calls one after the other in one sandbox, which `shared` keeps for the next ones; a test that ended it leaves
/// none, so that no later test ends the same way for it. A script runs once in a sandbox, so each has its own.
pub(super) fn run_all<R: Runner>(
    runner: &R,
    program: &Program,
    inputs: &[Input],
    shared: &mut Option<R::Session>,
) -> Result<Vec<Execution>, GradeError> {
    let mut executions = Vec::with_capacity(inputs.len());
    for input in inputs {
        if input.action == Action::Script {
            let once = runner.run_all(program, std::slice::from_ref(input));
            executions.push(once.into_iter().next().ok_or_else(super::missing)?);
            continue;
        }
        let session = shared.take().unwrap_or_else(|| runner.open(program, &[]));
        let execution = session.step(input);
        if matches!(execution.ending, Ending::Completed | Ending::Raised(_)) {
            *shared = Some(session);
        }
        executions.push(execution);
    }
    Ok(executions)
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use gradebox_sdk::{
        programs::{Diagnostic, Limits},
        value::Value,
    };

    use super::*;
    use crate::recorded::{ended, printed, returned};

    /// Counts sandboxes; an expression is what a step in one comes to.
    #[derive(Default)]
    struct Counting {
        opened: RefCell<i64>,
        scripts: RefCell<usize>,
    }

    struct Sandbox {
        number: i64,
        steps: Rc<RefCell<i64>>,
    }

    impl Steps for Sandbox {
        fn step(&self, input: &Input) -> Execution {
            *self.steps.borrow_mut() += 1;
            match &input.action {
                Action::Evaluate(expression) if expression == "loop()" => ended(Ending::TimedOut),
                _ => returned(Value::Tuple(vec![Value::from(self.number), Value::from(*self.steps.borrow())])),
            }
        }
    }

    impl Runner for Counting {
        type Session = Sandbox;

        fn run_all(&self, _program: &Program, inputs: &[Input]) -> Vec<Execution> {
            *self.scripts.borrow_mut() += inputs.len();
            inputs.iter().map(|_| printed("")).collect()
        }

        fn check(&self, _language: &str, _source: &str) -> Vec<Diagnostic> {
            Vec::new()
        }

        fn languages(&self) -> Vec<String> {
            Vec::new()
        }

        fn open(&self, _program: &Program, _peers: &[(&str, &Sandbox)]) -> Sandbox {
            *self.opened.borrow_mut() += 1;
            Sandbox { number: *self.opened.borrow(), steps: Rc::default() }
        }
    }

    #[test]
    fn a_sandbox_serves_until_a_test_ends_it() {
        let program = Program { language: "python".to_owned(), source: String::new(), limits: Limits::default() };
        let evaluate = |text: &str| Input { action: Action::Evaluate(text.to_owned()), stdin: Vec::new() };
        let script = Input { action: Action::Script, stdin: Vec::new() };
        let runner = Counting::default();
        let mut shared = None;
        let first = [evaluate("f()"), script, evaluate("f()"), evaluate("loop()"), evaluate("f()")];
        let executions = run_all(&runner, &program, &first, &mut shared).unwrap();
        let values: Vec<String> =
            executions.iter().filter_map(|execution| Some(execution.value.as_ref()?.to_string())).collect();
        assert_eq!(values, ["(1, 1)", "(1, 2)", "(2, 1)"]);
        let executions = run_all(&runner, &program, &[evaluate("f()")], &mut shared).unwrap();
        assert_eq!(executions[0].value.as_ref().map(ToString::to_string).as_deref(), Some("(2, 2)"));
        assert_eq!((*runner.opened.borrow(), *runner.scripts.borrow()), (2, 1));
    }
}
