// Timers on the virtual clock, and the queues of the event loop: waiting costs nothing.
'use strict';

const ticks = [];
const polls = [];
const immediates = [];
const timers = new Map();

/** The timers by when they are due, the first one last; those that were stopped are still among them. */
const queue = [];
const failures = [];
const rejected = new Map();
let batch = [];
let nextNumber = 1;
let hasStarted = false;

/** Milliseconds on the loop's own clock, which stands still while a callback runs. */
let time = 0;

class Timeout {
  constructor(number) { this.number = number; }
  ref() { return this; }
  unref() { const timer = timers.get(this.number); if (timer !== undefined) timer.isWaitedFor = false; return this; }
  hasRef() { return timers.get(this.number)?.isWaitedFor ?? false; }
  refresh() { const timer = timers.get(this.number); if (timer !== undefined) enqueue({ ...timer, due: time + timer.delay }); return this; }
  close() { timers.delete(this.number); return this; }
  [Symbol.toPrimitive]() { return this.number; }
}

function start(callback, delay, values, isRepeated) {
  if (typeof callback !== 'function') {
    throw new TypeError('The "callback" argument must be of type function');
  }
  delay = Number(delay);
  if (!(delay >= 1 && delay <= 2147483647)) delay = 1;
  delay = Math.trunc(delay);
  const number = nextNumber;
  nextNumber += 1;
  enqueue({ number, callback, values, delay, isRepeated, due: time + delay, isWaitedFor: true });
  return new Timeout(number);
}

exports.setTimeout = (callback, delay, ...values) => start(callback, delay, values, false);
exports.setInterval = (callback, delay, ...values) => start(callback, delay, values, true);
exports.clearTimeout = (timeout) => {
  timers.delete(timeout instanceof Timeout ? timeout.number : Number(timeout ?? 0));
};
exports.clearInterval = exports.clearTimeout;
exports.setImmediate = (callback, ...values) => {
  const entry = { callback, values };
  immediates.push(entry);
  return entry;
};
exports.clearImmediate = (entry) => {
  for (const entries of [immediates, batch]) {
    const index = entries.indexOf(entry);
    if (index >= 0) entries.splice(index, 1);
  }
};
exports.queueMicrotask = (callback) => { Promise.resolve().then(callback).catch((error) => failures.push(error)); };
exports.nextTick = (callback, ...values) => { ticks.push({ callback, values }); };
/** For standard input, which is there at once. */
exports.defer = (callback) => { polls.push(callback); };

exports.promises = {
  setTimeout: (delay, value) => new Promise((resolve) => { exports.setTimeout(resolve, delay, value); }),
  setImmediate: (value) => new Promise((resolve) => { exports.setImmediate(resolve, value); }),
};

/** Runs what `process.nextTick` was given; whether there was any. */
exports.runTicks = () => {
  const found = ticks.length > 0;
  while (ticks.length > 0) {
    const { callback, values } = ticks.shift();
    callback(...values);
  }
  return found;
};

/** Runs the next callback of the event loop: timers that are due, then input, then immediates; whether there was one. */
exports.runNext = () => {
  if (!hasWork()) return false;
  if (!hasStarted) {
    // A program takes a millisecond to get here, so that `setTimeout(…, 0)` comes before `setImmediate`.
    hasStarted = true;
    time += 1;
  }
  const timer = nextTimer();
  if (timer !== undefined && timer.due <= time) fire(timer);
  else if (polls.length > 0) polls.shift()();
  else if (batch.length > 0 || immediates.length > 0) runImmediate();
  else {
    advance(timer.due - time);
    fire(timer);
  }
  return true;
};

function hasWork() {
  if (polls.length > 0 || immediates.length > 0 || batch.length > 0) return true;
  for (const timer of timers.values()) if (timer.isWaitedFor) return true;
  return false;
}

function nextTimer() {
  while (queue.length > 0 && timers.get(queue.at(-1).number) !== queue.at(-1)) queue.pop();
  return queue.at(-1);
}

/** Puts a timer behind those that are due before it or with it; the first one due stands last. */
function enqueue(timer) {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle].due > timer.due) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, timer);
  timers.set(timer.number, timer);
}

function fire(timer) {
  queue.pop();
  timers.delete(timer.number);
  if (timer.isRepeated) enqueue({ ...timer, due: time + timer.delay });
  timer.callback(...timer.values);
}

/** Those that immediates ask for wait for the next round. */
function runImmediate() {
  if (batch.length === 0) batch = immediates.splice(0);
  const { callback, values } = batch.shift();
  if (batch.length === 0) advance(1);
  callback(...values);
}

function advance(milliseconds) {
  time += milliseconds;
  native.sleep(milliseconds);
}

/** The engine's word on promises that were rejected, and on those that found a handler later. */
exports.trackRejection = (promise, reason, isHandled) => {
  if (isHandled) rejected.delete(promise);
  else rejected.set(promise, reason);
};

/** What nothing caught, once: an array of one value, or undefined. */
exports.takeFailure = () => {
  if (failures.length > 0) return [failures.shift()];
  for (const [promise, reason] of rejected) {
    rejected.delete(promise);
    return [reason];
  }
  return undefined;
};
