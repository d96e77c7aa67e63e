// Standard input, output and error, as `process` and `fs` offer them.
'use strict';

const { EventEmitter } = require('events');
const { Buffer } = require('buffer');
const { defer, nextTick } = require('timers');

/** What is left of the step's input. */
let bytes = new Uint8Array(0);

/** Gives standard input its content for one step; what the step before left unread is gone. */
exports.feed = (input) => { bytes = new Uint8Array(input); };

/** Takes at most `length` bytes of standard input. */
function take(length = bytes.length) {
  const taken = bytes.subarray(0, length);
  bytes = bytes.subarray(taken.length);
  return Buffer.from(taken);
}
exports.take = take;
exports.available = () => bytes.length;

class StandardInput extends EventEmitter {
  fd = 0;
  isTTY = false;
  readable = true;
  #encoding = null;
  #isFlowing = false;
  #hasEnded = false;

  setEncoding(encoding) { this.#encoding = encoding ?? 'utf8'; return this; }
  resume() { this.#flow(); return this; }
  pause() { this.#isFlowing = false; return this; }
  isPaused() { return !this.#isFlowing; }
  setRawMode() { return this; }
  ref() { return this; }
  unref() { return this; }
  destroy() { this.#hasEnded = true; return this; }

  on(event, listener) {
    super.on(event, listener);
    if (event === 'data') this.#flow();
    if (event === 'readable') defer(() => this.#announce());
    return this;
  }

  once(event, listener) {
    super.once(event, listener);
    if (event === 'data') this.#flow();
    if (event === 'readable') defer(() => this.#announce());
    return this;
  }

  addListener(event, listener) { return this.on(event, listener); }

  read(size) {
    if (bytes.length === 0) return null;
    return this.#converted(take(size ?? undefined));
  }

  pipe(target) {
    this.on('data', (chunk) => target.write(chunk));
    this.on('end', () => target.end?.());
    return target;
  }

  async *[Symbol.asyncIterator]() {
    if (bytes.length > 0) yield this.#converted(take());
    this.#hasEnded = true;
  }

  #converted(chunk) { return this.#encoding === null ? chunk : chunk.toString(this.#encoding); }

  #flow() {
    if (this.#isFlowing || this.#hasEnded) return;
    this.#isFlowing = true;
    defer(() => {
      if (!this.#isFlowing || this.#hasEnded) return;
      if (bytes.length > 0) this.emit('data', this.#converted(take()));
      if (this.#isFlowing) this.#end();
    });
  }

  /** The paused mode: `readable`, once with what there is and once at the end. */
  #announce() {
    if (this.#hasEnded) return;
    if (bytes.length > 0) this.emit('readable');
    this.emit('readable');
    this.#end();
  }

  #end() {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.readable = false;
    this.emit('end');
    this.emit('close');
  }
}

class StandardOutput extends EventEmitter {
  isTTY = false;
  writable = true;

  constructor(number) {
    super();
    this.fd = number;
  }

  write(chunk, encoding, done) {
    write(this.fd, chunk);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') nextTick(callback);
    return true;
  }

  end(chunk, encoding, done) {
    if (chunk !== undefined && typeof chunk !== 'function') this.write(chunk);
    const callback = [chunk, encoding, done].find((value) => typeof value === 'function');
    if (callback !== undefined) nextTick(callback);
    return this;
  }

  cork() {}
  uncork() {}
}

/** Writes text or bytes to standard output (1) or error (2). */
function write(number, chunk) {
  if (typeof chunk === 'string') native.write(number, chunk.toWellFormed());
  else if (ArrayBuffer.isView(chunk)) native.writeBytes(number, new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  else {
    const error = new TypeError('The "chunk" argument must be of type string or an instance of Buffer or Uint8Array.'
      + ` Received ${chunk === null ? 'null' : `type ${typeof chunk}`}`);
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  }
}

exports.write = write;
exports.makeInput = () => new StandardInput();
exports.stdin = new StandardInput();
exports.stdout = new StandardOutput(1);
exports.stderr = new StandardOutput(2);
exports.StandardInput = StandardInput;
