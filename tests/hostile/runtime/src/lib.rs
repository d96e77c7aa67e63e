//! A language runtime whose programs say what it does when it is asked for what it compiled, and when it is given that.
//!
//! A program prints how it came into its sandbox: `source`, `compiled` or `foreign`, and `asked` where this sandbox was
//! asked for what it compiled. With a line `warns` it also says something while it is loaded.
#![cfg(target_family = "wasm")]

#[allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit/grader", "../../../wit/runtime", "../../../wit/compiling"],
        world: "gradebox:compiling/compiling-runtime",
        generate_all,
    });

    use super::Mischief;
    export!(Mischief);
}

use std::cell::RefCell;

use bindings::{
    exports::gradebox::{
        compiling::compiler,
        runtime::interpreter::{self, Action, Diagnostic, Language, Outcome, Stop},
    },
    gradebox::runtime::host::{Channel, write},
};

struct Mischief;

/// What is before the source in what this compiles to.
const COMPILED: &str = "compiled: ";

thread_local! {
    static PROGRAM: RefCell<Program> = const { RefCell::new(Program { source: String::new(), came: "", ran: false }) };
}

struct Program {
    source: String,
    came: &'static str,
    ran: bool,
}

fn load(source: &str, came: &'static str) {
    PROGRAM.with_borrow_mut(|program| {
        source.clone_into(&mut program.source);
        program.came = came;
    });
}

fn asks(source: &str, what: &str) -> bool {
    source.lines().any(|line| line == what)
}

impl interpreter::Guest for Mischief {
    fn describe() -> Language {
        let (name, version) = ("mischief".to_owned(), "1".to_owned());
        Language { name, version, aliases: vec![], extensions: vec!["mischief".to_owned()] }
    }

    fn check(_source: String) -> Vec<Diagnostic> {
        vec![]
    }

    fn load(source: String, _peers: Vec<String>) -> Result<(), Stop> {
        if asks(&source, "warns") {
            write(Channel::Stderr, b"a warning\n");
        }
        load(&source, "source");
        Ok(())
    }

    fn perform(_action: Action, _stdin: Vec<u8>) -> Result<Outcome, Stop> {
        PROGRAM.with_borrow_mut(|program| {
            program.ran = true;
            if asks(&program.source, "takes its time") {
                (0..20_000_000_u64).for_each(|number| {
                    std::hint::black_box(number);
                });
            }
            write(Channel::Stdout, program.came.as_bytes());
        });
        Ok(Outcome { value: None, args_after: vec![] })
    }
}

impl compiler::Guest for Mischief {
    fn compiled() -> Option<Vec<u8>> {
        PROGRAM.with_borrow_mut(|program| {
            program.came = if program.ran { "asked too late" } else { "source, asked" };
            match program.source.as_str() {
                source if asks(source, "none when asked") => None,
                source if asks(source, "traps when asked") => trap(),
                source if asks(source, "loops when asked") => forever(),
                source if asks(source, "gives 2 MiB") => Some(vec![0; 2 << 20]),
                source if asks(source, "gives 20 MiB") => Some(vec![0; 20 << 20]),
                source => Some(format!("{COMPILED}{source}").into_bytes()),
            }
        })
    }

    fn load_compiled(source: String, compiled: Vec<u8>, _peers: Vec<String>) -> bool {
        if asks(&source, "cannot load") {
            return false;
        }
        if asks(&source, "traps when loading") {
            trap();
        }
        if asks(&source, "loops when loading") {
            forever();
        }
        let is_own = compiled == format!("{COMPILED}{source}").as_bytes();
        load(&source, if is_own { "compiled" } else { "foreign" });
        true
    }
}

fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

fn forever() -> ! {
    loop {
        std::hint::spin_loop();
    }
}
