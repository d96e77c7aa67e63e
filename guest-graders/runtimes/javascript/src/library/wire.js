// How values cross between a test and its program: as JSON, in which whatever is not null, a boolean, a plain number or a
// text is a list with a tag in front.
'use strict';

const MAX_DEPTH = 200;
const MAX_TEXT = 3 << 20;
const TYPED = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array',
  'BigInt64Array', 'BigUint64Array'];
const ERRORS = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError'];
const prototypeOf = Object.getPrototypeOf;
const constructors = new Map([...TYPED, ...ERRORS].map((name) => [name, globalThis[name]]));

/**
 * A value as JSON. `refer(value)` says how an object or function crosses that stays on its side, and undefined where it
 * is to be copied; `other(value)` does so for what cannot be copied.
 */
function pack(value, { refer, other }, depth = 0) {
  switch (typeof value) {
    case 'undefined': return ['undefined'];
    case 'boolean':
    case 'string': return value;
    case 'number': return Number.isFinite(value) && !Object.is(value, -0) ? value : ['number', Object.is(value, -0) ? '-0' : String(value)];
    case 'bigint': return ['bigint', String(value)];
    case 'object': if (value === null) return null;
  }
  const reference = refer(value);
  if (reference !== undefined) return reference;
  if (depth > MAX_DEPTH) throw new RangeError(`a value contains itself, or is nested more than ${MAX_DEPTH} levels deep`);
  const item = (each) => pack(each, { refer, other }, depth + 1);
  return copied(value, item) ?? other(value, item);
}

function copied(value, item) {
  if (typeof value !== 'object' || native.proxyTarget(value) !== undefined) return undefined;
  const prototype = prototypeOf(value);
  if (Array.isArray(value)) return prototype === Array.prototype ? ['list', ...Array.from(value, item)] : undefined;
  switch (native.kindOf(value)) {
    case 'map': return prototype === Map.prototype ? ['map', ...native.mapPairs(value).map(([key, each]) => [item(key), item(each)])] : undefined;
    case 'set': return prototype === Set.prototype ? ['set', ...native.setItems(value).map(item)] : undefined;
    case 'date': return prototype === Date.prototype ? ['date', value.getTime()] : undefined;
    case 'regexp': return prototype === RegExp.prototype ? ['regexp', value.source, value.flags] : undefined;
    case 'typed': {
      const name = [...TYPED].find((each) => prototype === constructors.get(each).prototype);
      return name === undefined ? undefined : [name, ...Array.from(value, item)];
    }
    case undefined:
      if (prototype !== Object.prototype && prototype !== null) return undefined;
      return [prototype === null ? 'bare' : 'object', ...Object.keys(value).map((key) => [key, item(value[key])])];
    default: return undefined;
  }
}

/** The value of its JSON. `more(tag, content, item)` makes what the other side has tags of its own for. */
function unpack(form, more) {
  if (!Array.isArray(form)) return form;
  const [tag, ...content] = form;
  const item = (each) => unpack(each, more);
  switch (tag) {
    case 'undefined': return undefined;
    case 'number': return Number(content[0]);
    case 'bigint': return BigInt(content[0]);
    case 'list': return content.map(item);
    case 'map': return new Map(content.map((pair) => pair.map(item)));
    case 'set': return new Set(content.map(item));
    case 'date': return new Date(content[0]);
    case 'regexp': return new RegExp(content[0], content[1]);
    case 'object':
    case 'bare': return withEntries(tag === 'bare' ? Object.create(null) : {}, content, item);
    default:
      if (TYPED.includes(tag)) return constructors.get(tag).from(content.map(item));
      return more(tag, content, item);
  }
}

function withEntries(object, pairs, item) {
  for (const [key, value] of pairs) {
    Object.defineProperty(object, key, { value: item(value), writable: true, enumerable: true, configurable: true });
  }
  return object;
}

/** The text of a message. */
function written(message) {
  const text = JSON.stringify(message);
  if (text.length > MAX_TEXT) throw new RangeError(`what is to cross takes ${text.length} characters, more than ${MAX_TEXT}`);
  return text;
}

exports.pack = pack;
exports.unpack = unpack;
exports.written = written;
exports.ERRORS = ERRORS;
