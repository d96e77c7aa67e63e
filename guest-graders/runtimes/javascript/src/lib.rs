//! JavaScript as a language runtime: `QuickJS`, and the parts of Node.js that programs use, written in JavaScript
//! (`library/`).
//!
//! Nothing here protects one part of a program from another: whatever a program does to the library, it does to itself.
//! What leaves the sandbox is only "what the program said".

mod bindings;
mod bytecode;
mod decoding;
mod encoding;
mod engine;
mod failure;
mod native;
mod output;
mod program;
mod session;

use std::cell::RefCell;

use bindings::{
    Guest,
    exports::gradebox::{
        compiling::compiler,
        runtime::interpreter::{self, Action, Diagnostic, Language, Outcome, Stop},
    },
};
use session::Session;

/// The component.
struct JavaScript;

thread_local! {
    /// There is one program at a time, and nothing survives its instance.
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

fn with_session<T>(act: impl FnOnce(&mut Session) -> T) -> T {
    SESSION.with_borrow_mut(|session| act(session.get_or_insert_with(Session::new)))
}

impl Guest for JavaScript {
    fn initialize() {
        with_session(|_| ());
    }
}

impl interpreter::Guest for JavaScript {
    fn describe() -> Language {
        Language {
            name: "javascript".to_owned(),
            version: format!("ES2023 (QuickJS {})", engine::VERSION),
            aliases: ["js", "node", "nodejs", "ecmascript"].map(str::to_owned).to_vec(),
            extensions: ["js", "mjs", "cjs"].map(str::to_owned).to_vec(),
        }
    }

    fn check(source: String) -> Vec<Diagnostic> {
        with_session(|session| session.check(&source))
    }

    fn load(source: String, peers: Vec<String>) -> Result<(), Stop> {
        with_session(|session| session.load(&source, &peers))
    }

    fn perform(action: Action, stdin: Vec<u8>) -> Result<Outcome, Stop> {
        with_session(|session| session.perform(action, &stdin))
    }
}

impl compiler::Guest for JavaScript {
    fn compiled() -> Option<Vec<u8>> {
        with_session(|session| session.compiled())
    }

    fn load_compiled(source: String, compiled: Vec<u8>, peers: Vec<String>) -> bool {
        with_session(|session| session.load_compiled(&source, &compiled, &peers))
    }
}
