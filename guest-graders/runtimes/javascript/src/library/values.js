// What the encoding and decoding of values leave to JavaScript.
'use strict';

const { inspect, constructorName } = require('inspect');

const LONGEST_TEXT = 500;
const objectPrototype = Object.prototype;
const prototypeOf = Object.getPrototypeOf;
const keysOf = Object.keys;
const isoText = Function.prototype.call.bind(Date.prototype.toISOString);
const timeOf = Function.prototype.call.bind(Date.prototype.getTime);
const typedName = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(prototypeOf(Uint8Array).prototype, Symbol.toStringTag).get);
const toDigits = Function.prototype.call.bind(BigInt.prototype.toString);
const toArray = Array.from;

/**
 * How an object that is neither an array nor a function crosses: `[form, content]`, where the form is `dict` (pairs), `set`
 * (items), `list` (items), `datetime` (text), `bytes` (a `Uint8Array`), `value` (what a boxed value holds) or `opaque`.
 */
exports.classify = (object) => {
  switch (native.kindOf(object)) {
    case 'map': return ['dict', native.mapPairs(object)];
    case 'set': return ['set', native.setItems(object)];
    case 'date': return Number.isNaN(timeOf(object)) ? ['opaque'] : ['datetime', dateText(object)];
    case 'boxed': return ['value', native.unboxed(object)];
    case 'buffer': return ['bytes', new Uint8Array(object)];
    case 'typed':
      return /^Uint8/.test(typedName(object))
        ? ['bytes', new Uint8Array(object.buffer, object.byteOffset, object.byteLength)] : ['list', toArray(object)];
    case undefined: {
      const prototype = prototypeOf(object);
      if (prototype !== objectPrototype && prototype !== null) return ['opaque'];
      return ['dict', keysOf(object).map((key) => [key, object[key]])];
    }
    default: return ['opaque'];
  }
};

function dateText(date) {
  return isoText(date).replace('.000Z', '').replace('Z', '');
}

/** The type and the text of an object that stays in the sandbox. Never throws. */
exports.describe = (value) => {
  let type = typeof value;
  let text = '';
  try {
    type = type === 'object' ? constructorName(value) ?? 'Object' : type;
    text = inspect(value, { depth: 1 }).toWellFormed();
  } catch {
    text = `<${type} whose text fails>`;
  }
  return [String(type).toWellFormed(), text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…`.toWellFormed() : text];
};

exports.digits = (integer) => toDigits(integer);
exports.units = (text) => toArray({ length: text.length }, (_, index) => text.charCodeAt(index));

exports.makeText = (units) => units.map((unit) => String.fromCharCode(unit)).join('');
exports.makeInteger = (text) => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};
exports.makeSet = (items) => new Set(items);
exports.makeDict = (pairs) => {
  if (!pairs.every(([key]) => typeof key === 'string')) return new Map(pairs);
  const object = {};
  for (const [key, value] of pairs) {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return object;
};
exports.makeDate = (text) => new Date(/T/.test(text) && !/(Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text);
exports.makeBytes = (buffer) => new (require('buffer').Buffer)(buffer);
