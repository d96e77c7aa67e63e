// `EventEmitter`, the part of it that programs use.
'use strict';

// Beside the objects, because old programs call the constructor without `new`.
const all = new WeakMap();

function listenersOf(emitter) {
  if (!all.has(emitter)) all.set(emitter, new Map());
  return all.get(emitter);
}

class EventEmitter {
  on(event, listener) { return add(this, event, listener, false, false); }
  addListener(event, listener) { return this.on(event, listener); }
  prependListener(event, listener) { return add(this, event, listener, false, true); }
  once(event, listener) { return add(this, event, listener, true, false); }
  prependOnceListener(event, listener) { return add(this, event, listener, true, true); }

  off(event, listener) {
    const entries = listenersOf(this).get(event) ?? [];
    const index = entries.findLastIndex((entry) => entry.listener === listener);
    if (index >= 0) listenersOf(this).set(event, entries.toSpliced(index, 1));
    return this;
  }

  removeListener(event, listener) { return this.off(event, listener); }

  removeAllListeners(event) {
    if (event === undefined) listenersOf(this).clear();
    else listenersOf(this).delete(event);
    return this;
  }

  emit(event, ...values) {
    const entries = listenersOf(this).get(event) ?? [];
    if (entries.length === 0 && event === 'error') {
      throw values[0] instanceof Error ? values[0] : new Error(`Unhandled error. (${String(values[0])})`);
    }
    for (const { listener, isOnce } of entries) {
      if (isOnce) this.off(event, listener);
      listener.apply(this, values);
    }
    return entries.length > 0;
  }

  listeners(event) { return (listenersOf(this).get(event) ?? []).map((entry) => entry.listener); }
  rawListeners(event) { return this.listeners(event); }
  listenerCount(event) { return (listenersOf(this).get(event) ?? []).length; }
  eventNames() { return [...listenersOf(this)].filter(([, entries]) => entries.length > 0).map(([event]) => event); }
  setMaxListeners() { return this; }
  getMaxListeners() { return 10; }
}

function add(emitter, event, listener, isOnce, isFirst) {
  if (typeof listener !== 'function') throw new TypeError('The "listener" argument must be of type function');
  const entries = listenersOf(emitter).get(event) ?? [];
  const entry = { listener, isOnce };
  listenersOf(emitter).set(event, isFirst ? [entry, ...entries] : [...entries, entry]);
  return emitter;
}

/** A promise of the next time that the event is emitted. */
function once(emitter, event) {
  return new Promise((resolve, reject) => {
    emitter.once(event, (...values) => resolve(values));
    if (event !== 'error') emitter.once('error', reject);
  });
}

// Old programs inherit with `EventEmitter.call(this)`, which a class refuses.
const Emitter = new Proxy(EventEmitter, {
  apply() { return undefined; },
});
Emitter.EventEmitter = Emitter;
Emitter.once = once;
Emitter.defaultMaxListeners = 10;

exports.EventEmitter = Emitter;
exports.once = once;
