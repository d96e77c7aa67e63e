//! One `QuickJS` with the library in it.

use std::{cell::RefCell, rc::Rc};

use rquickjs::{
    CatchResultExt, Context, Ctx, Error, FromJs, Function, Module, Object, Persistent, Result, Runtime, TypedArray,
    Value,
    context::EvalOptions,
    function::IntoArgs,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
};

use crate::{
    encoding::Handles,
    native::{self, Shared, Traces},
    output::Output,
};

/// Of the engine.
pub(crate) const VERSION: &str = "0.16.2";

/// What recursion may use of the shadow stack, in bytes. The build gives the component twice as much; the engine's own
/// frames on Wasmtime's stack stay below its limit with it.
const STACK: usize = 8 << 20;

/// The library, in the order in which its files need each other.
const FILES: &[(&str, &str)] = &[
    ("locale", include_str!("library/locale.js")),
    ("kinds", include_str!("library/kinds.js")),
    ("inspect", include_str!("library/inspect.js")),
    ("events", include_str!("library/events.js")),
    ("timers", include_str!("library/timers.js")),
    ("buffer", include_str!("library/buffer.js")),
    ("streams", include_str!("library/streams.js")),
    ("console", include_str!("library/console.js")),
    ("files", include_str!("library/files.js")),
    ("readline", include_str!("library/readline.js")),
    ("equality", include_str!("library/equality.js")),
    ("assert", include_str!("library/assert.js")),
    ("process", include_str!("library/process.js")),
    ("clone", include_str!("library/clone.js")),
    ("modules", include_str!("library/modules.js")),
    ("values", include_str!("library/values.js")),
    ("failures", include_str!("library/failures.js")),
    ("targets", include_str!("library/targets.js")),
    ("wire", include_str!("library/wire.js")),
    ("answering", include_str!("library/answering.js")),
    ("asking", include_str!("library/asking.js")),
    ("expect", include_str!("library/expect.js")),
    ("testing", include_str!("library/testing.js")),
    ("main", include_str!("library/main.js")),
];

thread_local! {
    /// What `main.js` exports, of the one engine that there is.
    static LIBRARY: RefCell<Option<Persistent<Object<'static>>>> = const { RefCell::new(None) };
}

/// The engine with its global object.
pub(crate) struct Engine {
    context: Context,
    pub(crate) shared: Shared,
}

impl Engine {
    /// Starts the engine and runs the library. That takes milliseconds, once, while the image is made.
    ///
    /// # Errors
    /// What the library threw: a defect of its own.
    pub(crate) fn start() -> std::result::Result<Self, String> {
        let shared: Shared =
            Rc::new(RefCell::new(Traces { output: Output::new(), exit_code: None, handles: Handles::default() }));
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        runtime.set_max_stack_size(STACK);
        let traces = Rc::clone(&shared);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            traces.try_borrow().is_ok_and(|traces| traces.exit_code.is_some())
        })));
        runtime.set_host_promise_rejection_tracker(Some(Box::new(|ctx, promise, reason, is_handled| {
            let track = library(&ctx).and_then(|library| library.get::<_, Function>("trackRejection"));
            // It appends to a map; where memory is short, the program ends for that.
            drop(track.and_then(|track| track.call::<_, ()>((promise, reason, is_handled))));
        })));
        runtime.set_loader(Modules, Modules);
        let context = Context::full(&runtime).map_err(|error| error.to_string())?;
        context.with(|ctx| start_library(&ctx, &shared).catch(&ctx).map_err(|error| error.to_string()))?;
        runtime.run_gc();
        Ok(Self { context, shared })
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&Ctx<'_>) -> T) -> T {
        self.context.with(|ctx| act(&ctx))
    }
}

/// The object of what the library offers to Rust.
pub(crate) fn library<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    match LIBRARY.with_borrow(Clone::clone) {
        Some(library) => library.restore(ctx),
        None => Err(Error::Unknown),
    }
}

/// Calls a function of the library.
pub(crate) fn ask<'js, A: IntoArgs<'js>, R: FromJs<'js>>(ctx: &Ctx<'js>, name: &str, args: A) -> Result<R> {
    library(ctx)?.get::<_, Function>(name)?.call(args)
}

/// A copy of the bytes.
#[expect(unsafe_code, reason = "the binding lends the engine's own memory")]
pub(crate) fn bytes_of(array: &TypedArray<'_, u8>) -> Vec<u8> {
    // SAFETY: the engine runs nothing, and so frees nothing, before the bytes are copied.
    unsafe { array.as_bytes() }.unwrap_or_default().to_vec()
}

fn start_library(ctx: &Ctx<'_>, shared: &Shared) -> Result<()> {
    let native = native::object(ctx, shared)?;
    let loaded = Object::new(ctx.clone())?;
    let require = Function::new(ctx.clone(), {
        let loaded = Persistent::save(ctx, loaded.clone());
        move |ctx: Ctx<'_>, name: String| -> Result<Persistent<Value<'static>>> {
            let found: Value = loaded.clone().restore(&ctx)?.get(name)?;
            Ok(Persistent::save(&ctx, found))
        }
    })?;
    for (name, source) in FILES {
        let wrapped = format!("(function (exports, require, native) {{{source}\n}})");
        let options = options(&format!("{name}.js"));
        let run: Function = ctx.eval_with_options(wrapped, options)?;
        let exports = Object::new(ctx.clone())?;
        loaded.set(*name, exports.clone())?;
        run.call::<_, ()>((exports.clone(), require.clone(), native.clone()))?;
        if *name == "main" {
            LIBRARY.set(Some(Persistent::save(ctx, exports)));
        }
    }
    Ok(())
}

/// Options for a script of that name.
pub(crate) fn options(file: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    options
}

/// `import` finds what `require` finds.
struct Modules;

impl Resolver for Modules {
    fn resolve<'js>(&mut self, _: &Ctx<'js>, _: &str, name: &str, _: Option<ImportAttributes<'js>>) -> Result<String> {
        Ok(name.to_owned())
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let source: String = ask(ctx, "moduleSource", (name,))?;
        Module::declare(ctx.clone(), name, source)
    }
}
