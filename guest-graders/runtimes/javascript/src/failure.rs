//! How a program stops before its end.

use rquickjs::{Array, Ctx, Error, Value};

use crate::{
    bindings::{
        exports::gradebox::runtime::interpreter::{Diagnostic, Stop},
        gradebox::grader::program_types::Raised,
    },
    engine::ask,
    program::PREFIX,
};

/// What an error of a call into the engine comes to.
pub(crate) fn stop(ctx: &Ctx<'_>, error: &Error) -> Stop {
    match error {
        Error::Exception => Stop::Raised(raised(ctx, &ctx.catch())),
        Error::Allocation => Stop::Raised(plain("MemoryError", "out of memory")),
        other => Stop::Raised(plain("Error", &other.to_string())),
    }
}

/// What an exception says of itself.
pub(crate) fn raised<'js>(ctx: &Ctx<'js>, error: &Value<'js>) -> Raised {
    let described = ask::<_, Array>(ctx, "failure", (error.clone(), PREFIX.len())).and_then(|parts| {
        let line = Some(parts.get::<u32>(2)?).filter(|line| *line > 0);
        Ok(Raised { kind: parts.get(0)?, message: parts.get(1)?, line, traceback: parts.get(3)? })
    });
    described.unwrap_or_else(|_| {
        // Describing it failed as well: there is no memory left, or no stack.
        ctx.catch();
        plain("MemoryError", "out of memory")
    })
}

/// The place of a syntax error.
pub(crate) fn diagnostic<'js>(ctx: &Ctx<'js>, error: &Value<'js>, prefix: usize) -> Diagnostic {
    let place = ask::<_, Array>(ctx, "place", (error.clone(), prefix))
        .and_then(|parts| Ok(Diagnostic { line: parts.get(0)?, column: parts.get(1)?, message: parts.get(2)? }));
    match place {
        Ok(diagnostic) => diagnostic,
        Err(_) => Diagnostic { line: 1, column: 1, message: raised(ctx, &ctx.catch()).message },
    }
}

/// An exception without a place.
pub(crate) fn plain(kind: &str, message: &str) -> Raised {
    Raised { kind: kind.to_owned(), message: message.to_owned(), line: None, traceback: format!("{kind}: {message}\n") }
}
