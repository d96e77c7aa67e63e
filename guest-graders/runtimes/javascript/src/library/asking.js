// In the sandbox of a test: stands in for the objects of the program, which are in another.
'use strict';

const { pack, unpack, written } = require('wire');
const { inspect } = require('inspect');

const PEER = '*';
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** What the test was told of, by its number; and the numbers, for the way back. */
const standIns = new Map();
const numberOf = new WeakMap();
const prototypes = new Map();

/** Why the test cannot tell, and what the program threw last. */
const state = { refused: undefined, thrown: undefined };
let hasSentFunction = false;

/** Ends the test without a verdict: it needs what sandboxes that are apart cannot give. */
function refuse(reason) {
  state.refused ??= reason;
  throw new Error(reason);
}

/** Has the program do something. */
function ask(operation, ...operands) {
  const message = written([operation, ...operands.map(sent)]);
  const answer = JSON.parse(native.callPeer(PEER, '$answer', [message]));
  if (answer.isOutOfReach === true && hasSentFunction) refuse('a function that the test hands to the program uses names of the test');
  const read = (form) => unpack(form, (tag, content, item) => received(tag, content, item, operands.at(-1)));
  for (const [index, form] of answer.changes) update(operands[index], read(form));
  const result = read(answer.result);
  if (answer.how === 'returned') return result;
  if (answer.how === 'resolved') return Promise.resolve(result);
  if (answer.how !== 'rejected' && answer.how !== 'threw') throw new TypeError('the program answers with nothing that is known');
  if (Array.isArray(answer.error)) state.thrown = answer.error.map((part) => (typeof part === 'number' ? part : String(part)));
  if (answer.how === 'rejected') return Promise.reject(result);
  throw result;
}

function sent(value) {
  return pack(value, { refer: reference, other: ofTest });
}

function reference(value) {
  const number = numberOf.get(value);
  return number === undefined ? undefined : ['known', number];
}

/** A function, class or error of the test's. */
function ofTest(value, item) {
  if (native.isError(value)) {
    const kind = globalThis[value.name] === value.constructor ? value.name : 'Error';
    return ['error', kind, String(value.message), Object.keys(value).map((key) => [key, item(value[key])])];
  }
  if (typeof value !== 'function') refuse(`the test hands an object of its own to the program: ${inspect(value, { depth: 0 })}`);
  const text = Function.prototype.toString.call(value);
  if (!/\{\s*\[native code\]\s*\}$/.test(text)) {
    hasSentFunction = true;
    return ['function', text];
  }
  for (const owner of ['', 'Math', 'Number', 'String', 'Array', 'Object', 'JSON', 'Boolean', 'console']) {
    const place = owner === '' ? globalThis : globalThis[owner];
    if (place[value.name] === value) return ['global', owner === '' ? value.name : `${owner}.${value.name}`];
  }
  return refuse(`the test hands a function to the program that cannot leave its sandbox: ${value.name}`);
}

function received(tag, content, item, given) {
  switch (tag) {
    case 'argument': return given[content[0]];
    case 'error': return errorOf(content, item);
    case 'handle': return standIn(content);
    default: throw new TypeError(`the program answers with \`${tag}\``);
  }
}

function errorOf([number, kind, name, message, own], item) {
  if (standIns.has(number)) return standIns.get(number);
  const error = new ({ TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError }[kind] ?? Error)(message);
  const define = (key, value) => Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: key !== 'name' });
  if (error.name !== name) define('name', name);
  for (const [key, value] of own) define(key, item(value));
  return remember(number, error);
}

function remember(number, object) {
  standIns.set(number, object);
  if (typeof object !== 'symbol') numberOf.set(object, number);
  return object;
}

function standIn([number, kind, name, length, prototype]) {
  if (standIns.has(number)) return standIns.get(number);
  if (kind === 'symbol') return remember(number, Symbol(name));
  // The target decides only what the stand-in is to `typeof` and `new`.
  const target = kind === 'object' ? {} : kind === 'class' ? function () {} : () => undefined;
  if (kind !== 'object') Object.defineProperties(target, { name: { value: name, configurable: true }, length: { value: length, configurable: true } });
  return remember(number, new Proxy(target, traps(number, kind, name, prototype)));
}

function traps(number, kind, name, prototype) {
  const self = () => standIns.get(number);
  const shared = {
    get: (target, key) => property(self(), target, key, kind),
    set: (_, key, value) => {
      ask('set', self(), text(key), value);
      return true;
    },
    has: (_, key) => typeof key === 'string' && Boolean(ask('has', self(), key)),
    deleteProperty: (_, key) => Boolean(ask('remove', self(), text(key))),
    apply: (_, owner, given) => ask('call', self(), numberOf.has(Object(owner)) ? owner : undefined, given),
    construct: (_, given, asked) => {
      if (asked !== self()) refuse(`the test derives a class from \`${name}\`, a class of the program`);
      return ask('make', self(), given);
    },
  };
  if (kind !== 'object') return shared;
  return {
    ...shared,
    getPrototypeOf: () => {
      if (prototype === null) return null;
      if (!prototypes.has(prototype)) prototypes.set(prototype, Object.freeze(Object.create(null)));
      return prototypes.get(prototype);
    },
    ownKeys: () => [...new Set(ask('keys', self()).map(String))],
    getOwnPropertyDescriptor: (_, key) => {
      const value = typeof key === 'string' ? ask('get', self(), key) : undefined;
      return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
    },
  };
}

function property(self, target, key, kind) {
  switch (key) {
    case Symbol.hasInstance: return (value) => numberOf.has(Object(value)) && Boolean(ask('isOf', value, self));
    case Symbol.toPrimitive: return kind === 'object' ? (hint) => primitive(ask('primitive', self, hint)) : undefined;
    case Symbol.iterator: return kind === 'object' && ask('isIterable', self) ? () => iterator(ask('iterator', self)) : undefined;
    case Symbol.asyncIterator: return kind === 'object' && ask('isIterable', self) ? () => later(ask('itemsLater', self)) : undefined;
    case 'name':
    case 'length': if (kind !== 'object') return target[key];
  }
  return typeof key === 'symbol' ? undefined : ask('get', self, key);
}

function* iterator(steps) {
  let sentIn;
  for (;;) {
    const step = ask('next', steps, sentIn);
    if (step === null || typeof step !== 'object' || step.done) return step?.value;
    sentIn = yield step.value;
  }
}

async function* later(items) {
  yield* await items;
}

function primitive(value) {
  return typeof value === 'object' ? null : value;
}

function text(key) {
  return typeof key === 'string' ? key : refuse('the test uses a symbol as the name of a property of the program');
}

/** Makes an object of the test's what the program made of it, as far as possible in place. */
function update(old, now) {
  if (old === now || typeof old !== 'object' || old === null || typeof now !== 'object' || now === null) return;
  if (numberOf.has(old) || numberOf.has(now)) return;
  const merged = (before, after) => {
    if (!isSameKind(before, after)) return after;
    update(before, after);
    return before;
  };
  if (Array.isArray(old) && Array.isArray(now)) {
    const items = now.map((each, index) => merged(old[index], each));
    old.splice(0, old.length, ...items);
  } else if (old instanceof Map && now instanceof Map) {
    old.clear();
    for (const [key, value] of now) old.set(key, value);
  } else if (old instanceof Set && now instanceof Set) {
    old.clear();
    for (const item of now) old.add(item);
  } else if (ArrayBuffer.isView(old) && ArrayBuffer.isView(now) && old.length === now.length) {
    old.set(now);
  } else if (isSameKind(old, now)) {
    for (const key of Object.keys(old)) if (!Object.hasOwn(now, key)) delete old[key];
    for (const key of Object.keys(now)) {
      Object.defineProperty(old, key, { value: merged(old[key], now[key]), writable: true, enumerable: true, configurable: true });
    }
  }
}

function isSameKind(left, right) {
  return typeof left === 'object' && typeof right === 'object' && left !== null && right !== null && !numberOf.has(left) && !numberOf.has(right)
    && Object.getPrototypeOf(left) === Object.getPrototypeOf(right);
}

/**
 * The names that the program defines become names of the test, unless they are taken: whatever the test and its library
 * use stays what it is, but for the function under test.
 */
function defineNames(entryPoint) {
  const names = {};
  for (const [name, value] of ask('names')) {
    if (typeof name !== 'string' || !IDENTIFIER.test(name)) continue;
    // A function is what it was; a variable is looked up each time.
    const variable = { get: () => ask('name', name), set: (now) => { ask('assign', name, now); } };
    const property = { configurable: true, enumerable: true, ...(typeof value === 'function' ? { value, writable: true } : variable) };
    Object.defineProperty(names, name, property);
    if (!(name in globalThis) || name === entryPoint) Object.defineProperty(globalThis, name, property);
  }
  return names;
}

exports.ask = ask;
exports.state = state;
exports.refuse = refuse;
exports.defineNames = defineNames;
