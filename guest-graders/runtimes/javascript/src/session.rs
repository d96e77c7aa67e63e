//! One program, from its source to what its steps leave behind.

use rquickjs::{
    Array, ArrayBuffer, Ctx, Error, Function, IntoJs as _, Persistent, Promise, Result, Value, promise::PromiseState,
};

use crate::{
    bindings::{
        exports::gradebox::runtime::interpreter::{Action, Diagnostic, Outcome, Stop},
        gradebox::grader::program_types::Call,
    },
    decoding::decode,
    encoding::{encode, encode_opaque},
    engine::{Engine, ask, library},
    failure::{self, plain},
    program::{Program, Running},
};

/// The peer that is every name which the program itself does not define: the program is a test of that peer.
const EVERY_NAME: &str = "*";
/// The target that runs a test.
const RUN_TEST: &str = "$test";
/// The target by which a test asks for something.
const ANSWER: &str = "$answer";

/// Bytes of memory beyond what the image has, with which a program is too large to be passed on: each function has a copy of
/// its source, and so each that is in another a copy of a copy.
const LARGE: usize = 4 << 20;
/// Of WebAssembly's memory, in bytes.
const PAGE: usize = 64 << 10;

/// Holds at most one program.
pub(crate) struct Session {
    /// Absent where the library itself failed, with the reason.
    engine: std::result::Result<Engine, String>,
    source: String,
    program: Option<Program>,
    /// Whether compiling it took much memory: writing it down would take as much again.
    is_large: bool,
    running: Option<Running>,
    /// Whether the program is a test of a peer.
    is_test: bool,
    /// How the top level ended; every later step ends so.
    failure: Option<Stop>,
}

/// What an action left behind, not encoded yet.
struct Left<'js> {
    value: Option<Value<'js>>,
    args: Vec<Value<'js>>,
}

impl Session {
    pub(crate) fn new() -> Self {
        Self {
            engine: Engine::start(),
            source: String::new(),
            program: None,
            is_large: false,
            running: None,
            is_test: false,
            failure: None,
        }
    }

    pub(crate) fn check(&self, source: &str) -> Vec<Diagnostic> {
        let Ok(engine) = &self.engine else { return vec![] };
        let refused = |ctx: &Ctx<'_>| match Program::compile(ctx, without_mark(source)) {
            Ok(_) => vec![],
            Err(refused) => vec![failure::diagnostic(ctx, &refused.error, refused.prefix)],
        };
        engine.with(refused)
    }

    /// Compiles the program and keeps it.
    pub(crate) fn load(&mut self, source: &str, peers: &[String]) -> std::result::Result<(), Stop> {
        let engine = self.engine.as_ref().map_err(|problem| Stop::Raised(plain("InternalError", problem)))?;
        without_mark(source).clone_into(&mut self.source);
        self.is_test = peers.iter().any(|peer| peer == EVERY_NAME);
        let (is_test, source) = (self.is_test, &self.source);
        let before = memory();
        self.program = engine.with(|ctx| {
            add_peers(ctx, peers).map_err(|error| failure::stop(ctx, &error))?;
            // The imports of a test find the program only when its names are known.
            if is_test { Ok(None) } else { compile(ctx, source).map(Some) }
        })?;
        self.is_large = LARGE < memory() - before;
        Ok(())
    }

    /// What `load` made of the program, as bytes for another instance.
    pub(crate) fn compiled(&self) -> Option<Vec<u8>> {
        let (Ok(engine), Some(program), false) = (&self.engine, &self.program, self.is_large) else { return None };
        engine.with(|ctx| program.written(ctx))
    }

    /// Does what `load` does, with what another instance has compiled. Whether it could.
    pub(crate) fn load_compiled(&mut self, source: &str, compiled: &[u8], peers: &[String]) -> bool {
        let Ok(engine) = &self.engine else { return false };
        self.program = engine.with(|ctx| {
            let program = Program::read(ctx, compiled)?;
            add_peers(ctx, peers).ok()?;
            Some(program)
        });
        without_mark(source).clone_into(&mut self.source);
        self.program.is_some()
    }

    /// Does one thing with the program.
    pub(crate) fn perform(&mut self, action: Action, stdin: &[u8]) -> std::result::Result<Outcome, Stop> {
        if let Some(stop) = &self.failure {
            return Err(stop.clone());
        }
        let engine = self.engine.as_ref().map_err(|problem| Stop::Raised(plain("InternalError", problem)))?;
        let (program, running, source, is_test) = (&mut self.program, &mut self.running, &self.source, self.is_test);
        let result = engine.with(|ctx| {
            let step = Step { ctx, engine, source };
            step.feed(stdin)?;
            if let Action::Call(call) = &action
                && is_test
                && call.target == RUN_TEST
            {
                return step.test(call);
            }
            if let Some(program) = program.take() {
                *running = Some(step.start(program)?);
            }
            match running {
                Some(running) => step.act(action, running),
                None => Err(Stop::Raised(plain("Error", "no program is loaded"))),
            }
        });
        engine.shared.borrow_mut().output.flush();
        if let Err(stop) = &result
            && (self.running.is_none() || matches!(stop, Stop::Exited(_)))
        {
            self.failure = Some(stop.clone());
        }
        result
    }
}

/// One step of a program.
struct Step<'a, 'js> {
    ctx: &'a Ctx<'js>,
    engine: &'a Engine,
    source: &'a str,
}

impl<'js> Step<'_, 'js> {
    fn feed(&self, stdin: &[u8]) -> std::result::Result<(), Stop> {
        let fed = ArrayBuffer::new(self.ctx.clone(), stdin).and_then(|bytes| ask::<_, ()>(self.ctx, "feed", (bytes,)));
        fed.map_err(|error| self.stop(&error))
    }

    /// Runs the top level and everything that it waits for.
    fn start(&self, program: Program) -> std::result::Result<Running, Stop> {
        let running = program.run(self.ctx).map_err(|error| self.stop(&error))?;
        let done = match &running.done {
            Some(done) => Some(done.clone().restore(self.ctx).map_err(|error| self.stop(&error))?),
            None => None,
        };
        self.run_loop(None)?;
        if let Some(promise) = done.and_then(Value::into_promise) {
            self.settled(&promise)?;
        }
        Ok(running)
    }

    fn act(&self, action: Action, running: &Running) -> std::result::Result<Outcome, Stop> {
        let left = match action {
            Action::Script => {
                let code: i32 = ask(self.ctx, "finish", ()).map_err(|error| self.stop(&error))?;
                self.exit()?;
                if code != 0 {
                    return Err(Stop::Exited(code));
                }
                Left { value: None, args: vec![] }
            }
            Action::Call(call) => self.call(&call, running)?,
            Action::Evaluate(expression) => {
                let value = look(self.ctx, running, &format!("({}\n)", expression.trim()));
                Left { value: Some(self.awaited(value.map_err(|error| self.stop(&error))?)?), args: vec![] }
            }
        };
        self.encoded(&left).map_err(|error| self.stop(&error))
    }

    fn call(&self, call: &Call, running: &Running) -> std::result::Result<Left<'js>, Stop> {
        let called = self.target(&call.target, running).and_then(|target| {
            let mut args = self.arguments(call)?;
            if call.target == ANSWER {
                let place = [self.look(running)?.into_value(), self.exported(running)?, self.source.into_js(self.ctx)?];
                args.splice(0..0, place);
            }
            let mut given = rquickjs::function::Args::new(self.ctx.clone(), args.len());
            given.push_args(args.iter().cloned())?;
            Ok((target.call_arg::<Value>(given)?, args))
        });
        let (value, args) = called.map_err(|error| self.stop(&error))?;
        let args = if call.target == ANSWER { vec![] } else { args };
        Ok(Left { value: Some(self.awaited(value)?), args })
    }

    /// Runs the program, which is a test of a peer. What it came to is the report that `testing.js` describes.
    fn test(&self, call: &Call) -> std::result::Result<Outcome, Stop> {
        let (part, entry_point) = self.options_of_test(call).map_err(|error| self.stop(&error))?;
        let begun = ask::<_, ()>(self.ctx, "beginTest", (self.source, entry_point.clone()));
        let ended = match begun.map_err(|error| self.stop(&error)) {
            Ok(()) => self.run_test(compile(self.ctx, self.source)?, &part, entry_point),
            stopped => stopped,
        };
        let ended = match ended {
            Err(Stop::Exited(0)) | Ok(()) => None,
            Err(Stop::Exited(code)) => Some(plain("Exit", &format!("the test exits with {code}"))),
            Err(Stop::Raised(raised)) => Some(raised),
        };
        self.engine.shared.borrow_mut().exit_code = None;
        let report = match ended {
            None => ask::<_, Value>(self.ctx, "reportOfTest", ()),
            Some(raised) => ask(self.ctx, "reportOfTest", (raised.kind, raised.message, raised.line)),
        };
        let left = report.map(|report| Left { value: Some(report), args: vec![] });
        left.and_then(|left| self.encoded(&left)).map_err(|error| self.stop(&error))
    }

    fn run_test(&self, program: Program, part: &str, entry_point: Option<String>) -> std::result::Result<(), Stop> {
        let running = self.start(program)?;
        let finished = self.look(&running).and_then(|look| ask(self.ctx, "finishTest", (part, entry_point, look)));
        self.awaited(finished.map_err(|error| self.stop(&error))?)?;
        self.run_loop(None)
    }

    /// What of the test is run, and the function under test where it is named.
    fn options_of_test(&self, call: &Call) -> Result<(String, Option<String>)> {
        let options = self.arguments(call)?.into_iter().next().and_then(Value::into_object).ok_or(Error::Unknown)?;
        let part: Array = options.get("part")?;
        Ok((part.get(0)?, options.get("entry_point")?))
    }

    fn target(&self, target: &str, running: &Running) -> Result<Function<'js>> {
        if target == ANSWER {
            return library(self.ctx)?.get("answer");
        }
        ask(self.ctx, "find", (target, self.look(running)?, self.exported(running)?, self.source))
    }

    fn exported(&self, running: &Running) -> Result<Value<'js>> {
        running.exported.clone().restore(self.ctx)
    }

    /// A function that finds a name of the program's top level; undefined where it has none.
    fn look(&self, running: &Running) -> Result<Function<'js>> {
        let looking = running.look.clone();
        Function::new(self.ctx.clone(), move |ctx: Ctx<'_>, name: String| -> Persistent<Value<'static>> {
            let found = looking.clone().and_then(|look| {
                let look = look.restore(&ctx).ok()?;
                look.call::<_, Value>((format!("typeof {name} === 'undefined' ? undefined : {name}"),)).ok()
            });
            if found.is_none() {
                ctx.catch();
            }
            let found = found.unwrap_or_else(|| Value::new_undefined(ctx.clone()));
            Persistent::save(&ctx, found)
        })
    }

    /// The arguments; those that are given by name form one object behind the others.
    fn arguments(&self, call: &Call) -> Result<Vec<Value<'js>>> {
        let shared = self.engine.shared.borrow();
        let read = |text: &String| decode(self.ctx, text, &shared.handles);
        let mut args = call.args.iter().map(read).collect::<Result<Vec<_>>>()?;
        if !call.kwargs.is_empty() {
            let named = rquickjs::Object::new(self.ctx.clone())?;
            for (name, value) in &call.kwargs {
                named.set(name.as_str(), read(value)?)?;
            }
            args.push(named.into_value());
        }
        Ok(args)
    }

    /// The value; of a promise, what it comes to.
    fn awaited(&self, value: Value<'js>) -> std::result::Result<Value<'js>, Stop> {
        let Some(promise) = value.as_promise() else {
            self.exit()?;
            return Ok(value);
        };
        self.run_loop(Some(promise))?;
        self.settled(promise)
    }

    fn settled(&self, promise: &Promise<'js>) -> std::result::Result<Value<'js>, Stop> {
        match promise.result::<Value>() {
            Some(result) => result.map_err(|error| self.stop(&error)),
            None => Err(Stop::Raised(plain("Error", "the program waits for a promise that nothing settles"))),
        }
    }

    /// Runs callbacks until there are none, or until the promise is settled.
    fn run_loop(&self, until: Option<&Promise<'js>>) -> std::result::Result<(), Stop> {
        loop {
            self.run_microtasks()?;
            if until.is_some_and(|promise| promise.state() != PromiseState::Pending) {
                return Ok(());
            }
            self.require_no_failure()?;
            match ask::<_, bool>(self.ctx, "runNext", ()) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => self.thrown(&error)?,
            }
        }
    }

    fn run_microtasks(&self) -> std::result::Result<(), Stop> {
        loop {
            let ran = match ask::<_, bool>(self.ctx, "runTicks", ()) {
                Ok(ran) => ran,
                Err(error) => {
                    self.thrown(&error)?;
                    true
                }
            };
            let mut jobs = false;
            while self.ctx.execute_pending_job() {
                jobs = true;
                self.exit()?;
            }
            self.exit()?;
            if !ran && !jobs {
                return Ok(());
            }
        }
    }

    /// A promise that was rejected with nobody to handle it.
    fn require_no_failure(&self) -> std::result::Result<(), Stop> {
        while let Some(failure) =
            ask::<_, Option<Array>>(self.ctx, "takeFailure", ()).map_err(|error| self.stop(&error))?
        {
            let reason: Value = failure.get(0).map_err(|error| self.stop(&error))?;
            if !ask::<_, bool>(self.ctx, "isHandled", (reason.clone(), true)).map_err(|error| self.stop(&error))? {
                return Err(Stop::Raised(failure::raised(self.ctx, &reason)));
            }
            self.run_microtasks()?;
        }
        Ok(())
    }

    /// What a callback threw: the end, unless the program has a handler for it.
    fn thrown(&self, error: &Error) -> std::result::Result<(), Stop> {
        self.exit()?;
        if !matches!(error, Error::Exception) {
            return Err(self.stop(error));
        }
        let error = self.ctx.catch();
        match ask::<_, bool>(self.ctx, "isHandled", (error.clone(), false)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Stop::Raised(failure::raised(self.ctx, &error))),
            Err(second) => Err(self.stop(&second)),
        }
    }

    fn encoded(&self, left: &Left<'js>) -> Result<Outcome> {
        let handles = Some(&self.engine.shared);
        let value = left.value.as_ref().map(|value| encode(value, handles)).transpose()?;
        let after = |arg: &Value<'js>| {
            // An argument that became one that cannot be encoded must not undo a call that succeeded.
            encode(arg, handles).or_else(|_| {
                self.ctx.catch();
                encode_opaque(arg, handles)
            })
        };
        Ok(Outcome { value, args_after: left.args.iter().map(after).collect::<Result<_>>()? })
    }

    fn exit(&self) -> std::result::Result<(), Stop> {
        match self.engine.shared.borrow().exit_code {
            Some(code) => Err(Stop::Exited(code)),
            None => Ok(()),
        }
    }

    fn stop(&self, error: &Error) -> Stop {
        self.exit().err().unwrap_or_else(|| failure::stop(self.ctx, error))
    }
}

fn add_peers(ctx: &Ctx<'_>, peers: &[String]) -> Result<()> {
    peers.iter().filter(|peer| *peer != EVERY_NAME).try_for_each(|peer| ask(ctx, "addPeer", (peer.as_str(),)))
}

/// What the instance has of memory, in bytes.
fn memory() -> usize {
    #[cfg(target_family = "wasm")]
    let pages = core::arch::wasm32::memory_size(0);
    #[cfg(not(target_family = "wasm"))]
    let pages = 0;
    pages * PAGE
}

fn compile(ctx: &Ctx<'_>, source: &str) -> std::result::Result<Program, Stop> {
    Program::compile(ctx, source).map_err(|refused| Stop::Raised(failure::raised(ctx, &refused.error)))
}

/// Evaluates an expression at the program's top level.
fn look<'js>(ctx: &Ctx<'js>, running: &Running, expression: &str) -> Result<Value<'js>> {
    match &running.look {
        Some(look) => look.clone().restore(ctx)?.call((expression,)),
        None => ctx.eval(expression),
    }
}

/// The source without a byte order mark.
fn without_mark(source: &str) -> &str {
    source.strip_prefix('\u{feff}').unwrap_or(source)
}
