// What objects are, whatever they claim: by what the engine's own methods accept, kept before any program runs.
'use strict';

const uncurried = Function.prototype.bind.bind(Function.prototype.call);
const getter = (prototype, name) => uncurried(Object.getOwnPropertyDescriptor(prototype, name).get);
const typedArrays = Object.getPrototypeOf(Uint8Array).prototype;
const mapEach = uncurried(Map.prototype.forEach);
const setEach = uncurried(Set.prototype.forEach);
const plainTag = uncurried(Object.prototype.toString);
const instanceOf = uncurried(Function.prototype[Symbol.hasInstance]);

/** Brands: a class, the kind of its objects, and a call that only those survive. */
const BRANDS = [
  [Map, 'map', getter(Map.prototype, 'size')],
  [Set, 'set', getter(Set.prototype, 'size')],
  [Date, 'date', uncurried(Date.prototype.getTime)],
  [RegExp, 'regexp', getter(RegExp.prototype, 'flags')],
  [Number, 'boxed', uncurried(Number.prototype.valueOf)],
  [String, 'boxed', uncurried(String.prototype.valueOf)],
  [Boolean, 'boxed', uncurried(Boolean.prototype.valueOf)],
  [Symbol, 'boxed', uncurried(Symbol.prototype.valueOf)],
  [BigInt, 'boxed', uncurried(BigInt.prototype.valueOf)],
  [ArrayBuffer, 'buffer', getter(ArrayBuffer.prototype, 'byteLength')],
  [Object.getPrototypeOf(Uint8Array), 'typed', getter(typedArrays, 'length')],
];

/** `map`, `set`, `date`, `regexp`, `boxed`, `buffer`, `typed`, `error` or `promise`; undefined for every other object. */
native.kindOf = (value) => {
  if (native.isPromise(value)) return 'promise';
  if (native.isError(value)) return 'error';
  for (const [constructor, kind, brand] of BRANDS) {
    if (!instanceOf(constructor, value)) continue;
    try {
      brand(value);
      return kind;
    } catch {
      continue;
    }
  }
  return undefined;
};

/** What a boxed value holds. */
native.unboxed = (value) => {
  for (const [constructor, kind, brand] of BRANDS) {
    if (kind !== 'boxed' || !instanceOf(constructor, value)) continue;
    try {
      return brand(value);
    } catch {
      continue;
    }
  }
  return undefined;
};

native.mapPairs = (map) => {
  const pairs = [];
  mapEach(map, (value, key) => { pairs[pairs.length] = [key, value]; });
  return pairs;
};

native.setItems = (set) => {
  const items = [];
  setEach(set, (item) => { items[items.length] = item; });
  return items;
};

native.isArguments = (value) => plainTag(value) === '[object Arguments]' && !(Symbol.toStringTag in value);
