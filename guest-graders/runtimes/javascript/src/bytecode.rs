//! Scripts as the engine compiles them, and as bytes for other instances that run the same script.
#![expect(unsafe_code, reason = "the binding offers neither")]

mod constants;

use std::ffi::CString;

use rquickjs::{Ctx, Error, FromJs, Result, Value, qjs};

const COMPILE: i32 = (qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY).cast_signed();
const WRITE: i32 = qjs::JS_WRITE_OBJ_BYTECODE.cast_signed();
const READ: i32 = qjs::JS_READ_OBJ_BYTECODE.cast_signed();

/// Compiles a script; nothing of it runs. What comes back is no value of the language: it is for the functions below.
pub(crate) fn compile<'js>(ctx: &Ctx<'js>, source: String, file: &str) -> Result<Value<'js>> {
    let (length, source, file) = (source.len(), CString::new(source)?, CString::new(file)?);
    // SAFETY: both texts end in a null byte, which the length does not count, and outlive the call.
    let compiled = unsafe { qjs::JS_Eval(ctx.as_raw().as_ptr(), source.as_ptr(), length as _, file.as_ptr(), COMPILE) };
    owned(ctx, compiled)
}

/// Runs a script that was compiled. What it evaluates to.
pub(crate) fn run<'js, T: FromJs<'js>>(ctx: &Ctx<'js>, compiled: &Value<'js>) -> Result<T> {
    // SAFETY: the function takes what it is given, which the copy of the reference leaves to the caller.
    let result = unsafe {
        let again = qjs::JS_DupValue(ctx.as_raw().as_ptr(), compiled.as_raw());
        qjs::JS_EvalFunction(ctx.as_raw().as_ptr(), again)
    };
    T::from_js(ctx, owned(ctx, result)?)
}

/// The script as bytes; None where memory does not suffice, or where another script would be read.
pub(crate) fn written(ctx: &Ctx<'_>, compiled: &Value<'_>) -> Option<Vec<u8>> {
    let mut size = 0;
    // SAFETY: the engine allocates so many bytes, which are copied before they are freed.
    unsafe {
        let bytes = qjs::JS_WriteObject(ctx.as_raw().as_ptr(), &raw mut size, compiled.as_raw(), WRITE);
        if bytes.is_null() {
            ctx.catch();
            return None;
        }
        let copy = std::slice::from_raw_parts(bytes, usize::try_from(size).ok()?).to_vec();
        qjs::js_free(ctx.as_raw().as_ptr(), bytes.cast());
        constants::are_read_as_they_were(&copy).then_some(copy)
    }
}

/// The script that another instance of the same engine wrote; None where these are no such bytes. The engine looks at a sum
/// of them and no further: what they do to it, they do to the sandbox of their own program.
pub(crate) fn read<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Option<Value<'js>> {
    // SAFETY: the bytes outlive the call; the engine keeps none of them.
    let read = unsafe { qjs::JS_ReadObject(ctx.as_raw().as_ptr(), bytes.as_ptr(), bytes.len() as _, READ) };
    let Ok(value) = owned(ctx, read) else {
        ctx.catch();
        return None;
    };
    // SAFETY: only the tag of the value is looked at.
    let tag = unsafe { qjs::JS_VALUE_GET_TAG(value.as_raw()) };
    (tag == qjs::JS_TAG_FUNCTION_BYTECODE).then_some(value)
}

fn owned<'js>(ctx: &Ctx<'js>, value: qjs::JSValue) -> Result<Value<'js>> {
    // SAFETY: the engine has just given the value away, so that it is counted once.
    let value = unsafe { Value::from_raw(ctx.clone(), value) };
    // SAFETY: only the tag of the value is looked at.
    if unsafe { qjs::JS_IsException(value.as_raw()) } { Err(Error::Exception) } else { Ok(value) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use rquickjs::{Context, Runtime};

    use super::{compile, read, run, written};

    fn in_context<T>(act: impl FnOnce(&rquickjs::Ctx<'_>) -> T) -> T {
        Context::full(&Runtime::new().unwrap()).unwrap().with(|ctx| act(&ctx))
    }

    fn passed_on(source: &str) -> Option<Vec<u8>> {
        in_context(|ctx| written(ctx, &compile(ctx, source.to_owned(), "f.js").unwrap()))
    }

    #[test]
    fn another_engine_runs_what_one_compiled() {
        let bytes = passed_on("[1.5, 'ä€', 7n, `${2}`, /a/g, class { #p; *m() {} }, null].map(String).join()").unwrap();
        let text: String = in_context(|ctx| run(ctx, &read(ctx, &bytes).unwrap()).unwrap());
        assert_eq!(text, "1.5,ä€,7,2,/a/g,class { #p; *m() {} },null");
    }

    #[test]
    fn tagged_templates_are_not_passed_on() {
        assert!(passed_on("const f = () => String.raw`a${1}`; f()").is_none());
    }

    #[test]
    fn what_is_no_script_is_not_read() {
        let bytes = passed_on("1").unwrap();
        for bytes in [&[][..], b"nonsense", &bytes[..bytes.len() - 1]] {
            assert!(in_context(|ctx| read(ctx, bytes).is_none()));
        }
    }
}
