//! What the library asks of Rust: output, the end of the program, the clock, text encodings, looks into the engine, peers.

use std::{cell::RefCell, rc::Rc, thread, time::Duration};

use base64::{Engine as _, engine::general_purpose};
use rquickjs::{Array, ArrayBuffer, Ctx, Function, IntoJs, Object, Result, TypedArray, Value, promise::PromiseState};

use crate::{
    bindings::gradebox::{grader::program_types::Call, runtime::host},
    decoding::decode,
    encoding::{Handles, encode},
    engine::{self, ask, bytes_of},
    output::Output,
};

/// What a program's calls into Rust leave behind.
#[derive(Debug)]
pub(crate) struct Traces {
    pub(crate) output: Output,
    /// The code that the program asked to end with.
    pub(crate) exit_code: Option<i32>,
    /// The objects that were spoken of.
    pub(crate) handles: Handles,
}

/// The state that the engine, the session and the library's calls share.
pub(crate) type Shared = Rc<RefCell<Traces>>;

/// Makes the object `native` of the library.
pub(crate) fn object<'js>(ctx: &Ctx<'js>, shared: &Shared) -> Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("version", engine::VERSION)?;
    add_output(ctx, &native, shared)?;
    add_text(ctx, &native)?;
    add_looks(ctx, &native)?;
    let handles = Rc::clone(shared);
    native.set(
        "callPeer",
        Function::new(ctx.clone(), move |ctx: Ctx<'js>, peer: String, target: String, args: Array<'js>| {
            call_peer(&ctx, &handles, &peer, target, &args)
        })?,
    )?;
    Ok(native)
}

fn add_output<'js>(ctx: &Ctx<'js>, native: &Object<'js>, shared: &Shared) -> Result<()> {
    let traces = Rc::clone(shared);
    native.set(
        "write",
        Function::new(ctx.clone(), move |number: i32, text: rquickjs::String<'js>| -> Result<()> {
            traces.borrow_mut().output.write(number, text.to_string()?.as_bytes());
            Ok(())
        })?,
    )?;
    let traces = Rc::clone(shared);
    native.set(
        "writeBytes",
        Function::new(ctx.clone(), move |number: i32, bytes: TypedArray<'js, u8>| {
            traces.borrow_mut().output.write(number, &bytes_of(&bytes));
        })?,
    )?;
    let traces = Rc::clone(shared);
    native.set("exit", Function::new(ctx.clone(), move |code: i32| traces.borrow_mut().exit_code = Some(code))?)?;
    native.set(
        "sleep",
        Function::new(ctx.clone(), |milliseconds: f64| {
            thread::sleep(Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default());
        })?,
    )
}

fn add_text<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    native.set(
        "encodeText",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, text: rquickjs::String<'js>| {
            ArrayBuffer::new(ctx, text.to_string()?.into_bytes())
        })?,
    )?;
    native.set(
        "decodeText",
        Function::new(ctx.clone(), |bytes: TypedArray<'js, u8>| {
            String::from_utf8_lossy(&bytes_of(&bytes)).into_owned()
        })?,
    )?;
    native.set(
        "encodeBase64",
        Function::new(ctx.clone(), |bytes: TypedArray<'js, u8>| general_purpose::STANDARD.encode(bytes_of(&bytes)))?,
    )?;
    native.set(
        "decodeBase64",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, text: String| {
            let text: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || "+/".contains(*c)).collect();
            let lenient = general_purpose::GeneralPurposeConfig::new()
                .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true);
            let engine = general_purpose::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
            ArrayBuffer::new(ctx, engine.decode(text).unwrap_or_default())
        })?,
    )
}

fn add_looks<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    native.set("isError", Function::new(ctx.clone(), |value: Value<'js>| value.is_error())?)?;
    native.set("isPromise", Function::new(ctx.clone(), |value: Value<'js>| value.is_promise())?)?;
    native.set(
        "proxyTarget",
        Function::new(ctx.clone(), |value: Value<'js>| match value.as_proxy() {
            Some(proxy) => proxy.target().map(Object::into_value),
            None => Ok(Value::new_undefined(value.ctx().clone())),
        })?,
    )?;
    native.set(
        "promiseState",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, value: Value<'js>| {
            let Some(promise) = value.as_promise() else {
                return ("pending", Value::new_undefined(ctx)).into_js_pair(&ctx_of(&value));
            };
            let (state, result) = match promise.state() {
                PromiseState::Pending => ("pending", Value::new_undefined(ctx.clone())),
                PromiseState::Resolved => {
                    ("fulfilled", promise.result::<Value>().unwrap_or_else(|| Ok(Value::new_undefined(ctx.clone())))?)
                }
                PromiseState::Rejected => {
                    let _ = promise.result::<Value>();
                    ("rejected", ctx.catch())
                }
            };
            (state, result).into_js_pair(&ctx)
        })?,
    )
}

fn ctx_of<'js>(value: &Value<'js>) -> Ctx<'js> {
    value.ctx().clone()
}

/// A pair as an array.
trait IntoPair<'js> {
    fn into_js_pair(self, ctx: &Ctx<'js>) -> Result<Array<'js>>;
}

impl<'js, A: IntoJs<'js>, B: IntoJs<'js>> IntoPair<'js> for (A, B) {
    fn into_js_pair(self, ctx: &Ctx<'js>) -> Result<Array<'js>> {
        let array = Array::new(ctx.clone())?;
        array.set(0, self.0)?;
        array.set(1, self.1)?;
        Ok(array)
    }
}

fn call_peer<'js>(
    ctx: &Ctx<'js>,
    shared: &Shared,
    peer: &str,
    target: String,
    args: &Array<'js>,
) -> Result<Value<'js>> {
    let args = args.iter::<Value>().map(|value| encode(&value?, None)).collect::<Result<Vec<_>>>()?;
    match host::call_peer(peer, &Call { target, args, kwargs: vec![] }) {
        Ok(value) => decode(ctx, &value, &shared.borrow().handles),
        Err(raised) => {
            let error: Value = ask(ctx, "peerError", (raised.kind, raised.message, raised.line.unwrap_or(0)))?;
            Err(ctx.throw(error))
        }
    }
}
