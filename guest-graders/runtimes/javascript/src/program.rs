//! The program: a `CommonJS` module as Node.js would run it, or an ES module where its syntax is one.

use rquickjs::{Array, Ctx, Function, Module, Object, Persistent, Result, Value};

use crate::{bytecode, engine::ask};

/// The program's name in tracebacks.
const FILE: &str = "program.js";

/// What stands before the program's first line, on the same line.
pub(crate) const PREFIX: &str = "(function (exports, require, module, __filename, __dirname) {";

/// What stands behind the program: a function that looks into its top level. It is strict, so that an expression cannot
/// add names, which would make every look-up of the program slow.
const SUFFIX: &str = "\n;return function () { 'use strict'; return eval(arguments[0]); };\n})";

/// The same for an ES module.
const MODULE_SUFFIX: &str = "\n;export function gradebox$look() { return eval(arguments[0]); }\n";
const LOOK: &str = "gradebox$look";

/// A program that was compiled and has not run yet.
pub(crate) enum Program {
    /// Its bytecode, which makes the function that runs it.
    Script(Persistent<Value<'static>>),
    /// Its source: the engine keeps compiled modules to itself.
    Module(String),
}

/// What running a program left behind.
pub(crate) struct Running {
    /// Evaluates an expression at the program's top level.
    pub(crate) look: Option<Persistent<Function<'static>>>,
    /// `module.exports`, or the namespace of an ES module.
    pub(crate) exported: Persistent<Value<'static>>,
    /// Settled when an ES module has run to its end.
    pub(crate) done: Option<Persistent<Value<'static>>>,
}

/// Why a program cannot be compiled: the exception, and what the wrapper put before its first line.
pub(crate) struct Refused<'js> {
    pub(crate) error: Value<'js>,
    pub(crate) prefix: usize,
}

impl Program {
    /// Compiles the program; nothing of it runs.
    pub(crate) fn compile<'js>(ctx: &Ctx<'js>, source: &str) -> std::result::Result<Self, Refused<'js>> {
        // Kept as a line, so that numbers stay right.
        let source = if source.starts_with("#!") { format!("//{source}") } else { source.to_owned() };
        let refused = match bytecode::compile(ctx, format!("{PREFIX}{source}{SUFFIX}"), FILE) {
            Ok(script) => return Ok(Self::Script(Persistent::save(ctx, script))),
            Err(error) => Refused { error: caught(ctx, &error), prefix: PREFIX.len() },
        };
        if !["import", "export", "await"].iter().any(|word| source.contains(word)) {
            return Err(refused);
        }
        let source = format!("{source}{MODULE_SUFFIX}");
        match Module::declare(ctx.clone(), FILE, source.as_str()) {
            Ok(_) => Ok(Self::Module(source)),
            Err(error) => {
                let as_module = Refused { error: caught(ctx, &error), prefix: 0 };
                Err(if has_module_lines(&source) { as_module } else { refused })
            }
        }
    }

    /// The program for another instance, as bytes; None of an ES module.
    pub(crate) fn written(&self, ctx: &Ctx<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Script(script) => bytecode::written(ctx, &script.clone().restore(ctx).ok()?),
            Self::Module(_) => None,
        }
    }

    /// The program that another instance has written; None where it cannot be read.
    pub(crate) fn read(ctx: &Ctx<'_>, bytes: &[u8]) -> Option<Self> {
        Some(Self::Script(Persistent::save(ctx, bytecode::read(ctx, bytes)?)))
    }

    /// Runs the top level, up to where an ES module waits for the first time.
    pub(crate) fn run(self, ctx: &Ctx<'_>) -> Result<Running> {
        match self {
            Self::Script(script) => run_script(ctx, &bytecode::run(ctx, &script.restore(ctx)?)?),
            Self::Module(source) => {
                let (module, done) = Module::declare(ctx.clone(), FILE, source)?.eval()?;
                let namespace = module.namespace()?;
                Ok(Running {
                    look: Some(Persistent::save(ctx, namespace.get::<_, Function>(LOOK)?)),
                    exported: Persistent::save(ctx, namespace.into_value()),
                    done: Some(Persistent::save(ctx, done.into_value())),
                })
            }
        }
    }
}

fn run_script<'js>(ctx: &Ctx<'js>, function: &Function<'js>) -> Result<Running> {
    let arguments: Array = ask(ctx, "moduleArguments", ())?;
    let given: Vec<Value> = arguments.iter().collect::<Result<_>>()?;
    let module: Object = arguments.get(2)?;
    let mut call = rquickjs::function::Args::new(ctx.clone(), given.len());
    call.this(arguments.get::<Value>(0)?)?;
    call.push_args(given)?;
    let look: Value = function.call_arg(call)?;
    // A program that returns at its top level has no look into it.
    let look = look.into_function();
    Ok(Running {
        look: look.map(|look| Persistent::save(ctx, look)),
        exported: Persistent::save(ctx, module.get::<_, Value>("exports")?),
        done: None,
    })
}

fn caught<'js>(ctx: &Ctx<'js>, error: &rquickjs::Error) -> Value<'js> {
    match error {
        rquickjs::Error::Exception => ctx.catch(),
        other => {
            let thrown = rquickjs::Exception::throw_syntax(ctx, &other.to_string());
            drop(thrown);
            ctx.catch()
        }
    }
}

/// Whether a line begins as only an ES module's can.
fn has_module_lines(source: &str) -> bool {
    source.lines().any(|line| {
        let line = line.trim_start();
        ["import ", "import{", "import\"", "import'", "export "].iter().any(|start| line.starts_with(start))
    })
}
