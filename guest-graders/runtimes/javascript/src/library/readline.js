// `readline`: lines of standard input, as events, as answers and as an iteration.
'use strict';

const { EventEmitter } = require('events');
const { defer } = require('timers');
const streams = require('streams');

class Interface extends EventEmitter {
  terminal = false;
  line = '';
  closed = false;
  #lines;
  #questions = [];
  #output;
  #prompt;
  #isPaused = false;
  #isScheduled = false;

  constructor(input, output) {
    super();
    const options = input !== null && typeof input === 'object' && 'input' in input ? input : { input, output };
    this.#output = options.output;
    this.#prompt = options.prompt ?? '> ';
    this.input = options.input;
  }

  on(event, listener) {
    super.on(event, listener);
    if (event === 'line' || event === 'close') this.#schedule();
    return this;
  }

  once(event, listener) {
    super.once(event, listener);
    if (event === 'line' || event === 'close') this.#schedule();
    return this;
  }

  addListener(event, listener) { return this.on(event, listener); }

  question(query, options, done = options) {
    if (this.closed) throw Object.assign(new Error('readline was closed'), { code: 'ERR_USE_AFTER_CLOSE' });
    this.#output?.write(query);
    this.#questions.push(done);
    this.#schedule();
  }

  prompt() {
    this.#output?.write(this.#prompt);
    this.#isPaused = false;
    this.#schedule();
  }

  setPrompt(text) { this.#prompt = text; }
  getPrompt() { return this.#prompt; }
  write() {}
  pause() { this.#isPaused = true; return this; }

  resume() {
    this.#isPaused = false;
    this.#schedule();
    return this;
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.emit('close');
  }

  /** The next line; undefined at the end. */
  nextLine() {
    this.#lines ??= lines();
    return this.#lines.shift();
  }

  async *[Symbol.asyncIterator]() {
    while (!this.closed) {
      const line = this.nextLine();
      if (line === undefined) break;
      yield line;
    }
    this.close();
  }

  #schedule() {
    if (this.#isScheduled || this.closed) return;
    this.#isScheduled = true;
    defer(() => {
      this.#isScheduled = false;
      this.#flow();
    });
  }

  /** Hands out lines while somebody listens, and closes behind the last one. */
  #flow() {
    while (!this.closed && !this.#isPaused) {
      const asked = this.#questions.shift();
      if (asked === undefined && this.listenerCount('line') === 0 && this.listenerCount('close') === 0) return;
      const line = this.nextLine();
      if (line === undefined) {
        this.close();
        return;
      }
      if (asked === undefined) {
        this.emit('line', line);
      } else {
        // What is asked next is asked in the answer, or in a promise that waits for it.
        asked(line);
        this.#schedule();
        return;
      }
    }
  }
}

/** All lines of standard input. */
function lines() {
  const text = streams.take().toString('utf8');
  if (text === '') return new Queue([]);
  const found = text.split(/\r\n|\n|\r/);
  if (found.at(-1) === '') found.pop();
  return new Queue(found);
}

/** An array that is taken from its front without moving the rest. */
class Queue {
  #items;
  #next = 0;

  constructor(items) { this.#items = items; }

  shift() {
    const item = this.#items[this.#next];
    this.#next += 1;
    return item;
  }
}

class PromisingInterface extends Interface {
  question(query) {
    return new Promise((resolve) => { super.question(query, resolve); });
  }
}

const unused = (...values) => {
  values.findLast((value) => typeof value === 'function')?.();
  return true;
};
const promises = { Interface: PromisingInterface, createInterface: (...values) => new PromisingInterface(...values) };
exports.readline = {
  Interface, promises, createInterface: (...values) => new Interface(...values),
  clearLine: unused, cursorTo: unused, moveCursor: unused, clearScreenDown: unused, emitKeypressEvents: unused,
};
