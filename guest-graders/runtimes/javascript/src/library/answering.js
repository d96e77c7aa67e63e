// In the sandbox of the program under test: does what the test asks of the program's objects. The test trusts nothing of
// the answers.
'use strict';

const { pack, unpack, written, ERRORS } = require('wire');
const { find } = require('targets');
const { describe } = require('failures');

const MAX_ITEMS = 100000;
/** Where names may be defined; whether the top level has them is asked of itself. */
const DEFINITIONS = [/\b(?:function\s*\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)/g, /(?:^|,)\s*([A-Za-z_$][\w$]*)\s*=[^=]/gm];
const DESTRUCTURED = /\b(?:const|let|var)\s*[{[]([^=]*)[}\]]\s*=/g;
const MAX_NAMES = 1000;

/** The objects that the test was told of, and their numbers. */
const objects = [];
const numbers = new Map();
/** Whether a function of the test's needed what only the test has. */
let isOutOfReach = false;

/** The answer, as text, or a promise of it. */
exports.answer = (look, exported, source, text) => {
  const [operation, ...operands] = JSON.parse(text);
  const program = { look, exported, source };
  const read = [];
  try {
    for (const operand of operands) read.push(unpack(operand, made));
    const before = read.map((each) => written(packed(each)));
    const result = OPERATIONS[operation](program, ...read);
    const finish = (value, how) => finished(value, how, read, before);
    if (!native.isPromise(result)) return finish(result, 'returned');
    return result.then((value) => finish(value, 'resolved'), (error) => finish(error, 'rejected'));
  } catch (error) {
    return finished(error, 'threw', [], []);
  }
};

function finished(value, how, read, before) {
  try {
    const given = Array.isArray(read.at(-1)) && typeof value === 'object' && value !== null ? read.at(-1) : [];
    const result = given.includes(value) ? ['argument', given.indexOf(value)] : packed(value);
    const after = read.map((each) => packed(each));
    const changes = after.map((each, index) => [index, each]).filter(([index, each]) => written(each) !== before[index]);
    return written({ how, result, changes, error: told(value, how), isOutOfReach });
  } catch (error) {
    return written({ how: 'threw', result: packed(error), changes: [], error: told(error, 'threw'), isOutOfReach });
  }
}

function told(value, how) {
  return how === 'threw' || how === 'rejected' ? describe(value, 0).slice(0, 3) : null;
}

function packed(value) {
  return pack(value, { refer: () => undefined, other: handle });
}

/** An object, function or symbol that stays here. */
function handle(object) {
  const number = numbered(object);
  if (native.isError(object)) return error(object, number);
  if (typeof object === 'symbol') return ['handle', number, 'symbol', String(object), 0, null];
  const kind = typeof object !== 'function' ? 'object' : isClass(object) ? 'class' : 'function';
  const prototype = Object.getPrototypeOf(object);
  const owner = kind === 'object' && prototype !== null ? prototype.constructor : undefined;
  const name = String(kind === 'object' ? owner?.name ?? 'Object' : object.name);
  return ['handle', number, kind, name, Number(object.length) || 0, numbered(prototype)];
}

function error(object, number) {
  const kind = ERRORS.find((name) => object instanceof globalThis[name] && name !== 'Error') ?? 'Error';
  const own = Object.keys(object).filter((key) => key !== 'message').map((key) => [key, packed(object[key])]);
  return ['error', number, kind, String(object.name), String(object.message), own];
}

function numbered(object) {
  if (object === null) return null;
  if (!numbers.has(object)) numbers.set(object, objects.push(object) - 1);
  return numbers.get(object);
}

function isClass(value) {
  return /^class\b/.test(Function.prototype.toString.call(value)) || Object.getOwnPropertyNames(value.prototype ?? {}).length > 1;
}

function made(tag, content, item) {
  switch (tag) {
    case 'known': return objects[content[0]];
    case 'global': return content[0].split('.').reduce((owner, name) => owner[name], globalThis);
    case 'function': return ofTest(content[0]);
    case 'error': return Object.assign(new globalThis[content[0]](content[1]), Object.fromEntries(content[2].map(([key, value]) => [key, item(value)])));
    default: throw new TypeError(`a test sent \`${tag}\``);
  }
}

/** A function or class of the test's, from its text. */
function ofTest(text) {
  let code;
  try {
    code = (0, eval)(`(${text}\n)`);
  } catch {
    code = Object.values((0, eval)(`({${text}\n})`))[0];
  }
  if (/^class\b/.test(text)) return code;
  const noted = (problem) => {
    if (problem instanceof ReferenceError) isOutOfReach = true;
    throw problem;
  };
  const call = function (...given) {
    try {
      const result = new.target === undefined ? Reflect.apply(code, this, given) : Reflect.construct(code, given);
      return native.isPromise(result) ? result.catch(noted) : result;
    } catch (problem) {
      return noted(problem);
    }
  };
  return Object.defineProperties(call, { length: { value: code.length, configurable: true }, name: { value: code.name, configurable: true } });
}

function lookUp({ look, exported, source }, name) {
  const found = look(name);
  if (found !== undefined) return found;
  if (exported !== null && exported !== undefined && Object.hasOwn(exported, name)) return exported[name];
  return find(name, look, exported, source);
}

const OPERATIONS = {
  /** The names of the top level and of what is exported, with the functions that some of them stand for. */
  names(program) {
    const { look, exported, source } = program;
    const names = new Set();
    for (const pattern of DEFINITIONS) for (const [, name] of source.matchAll(pattern)) names.add(name);
    for (const [, list] of source.matchAll(DESTRUCTURED)) for (const [name] of list.matchAll(/[A-Za-z_$][\w$]*/g)) names.add(name);
    if (exported !== null && (typeof exported === 'object' || typeof exported === 'function')) for (const name of Object.keys(exported)) names.add(name);
    const found = [];
    for (const name of [...names].slice(0, MAX_NAMES)) {
      const value = look(name) ?? exported?.[name];
      if (value !== undefined) found.push([name, typeof value === 'function' ? value : null]);
    }
    return found;
  },
  name: lookUp,
  exported: ({ exported }) => exported,
  assign: ({ look, exported }, name, value) => {
    globalThis.gradebox$value = value;
    try {
      look(`(${name} = globalThis.gradebox$value)`);
    } finally {
      delete globalThis.gradebox$value;
    }
  },
  call: (_, called, self, given) => Reflect.apply(called, self, given),
  make: (_, called, given) => Reflect.construct(called, given),
  get: (_, object, key) => object[key],
  set: (_, object, key, value) => { object[key] = value; },
  has: (_, object, key) => key in object,
  remove: (_, object, key) => delete object[key],
  keys: (_, object) => Object.keys(object),
  isOf: (_, object, of) => object instanceof of,
  primitive: (_, object, hint) => (hint === 'string' ? String(object) : hint === 'number' ? Number(object) : object[Symbol.toPrimitive]?.(hint) ?? plain(object)),
  isIterable: (_, object) => typeof object[Symbol.iterator] === 'function' || typeof object[Symbol.asyncIterator] === 'function',
  async itemsLater(_, object) {
    const items = [];
    for await (const item of object) if (items.push(item) >= MAX_ITEMS) break;
    return items;
  },
  iterator: (_, object) => object[Symbol.iterator](),
  next: (_, iterator, value) => iterator.next(value),
};

function plain(object) {
  const value = object.valueOf();
  return typeof value === 'object' || typeof value === 'function' ? String(object) : value;
}
