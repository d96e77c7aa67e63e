// Deep equality, as `assert` and `util.isDeepStrictEqual` understand it.
'use strict';

const tagOf = (value) => Object.prototype.toString.call(value);

/** Whether two values are equal all the way down; strictly, or as `==` compares primitives. */
function isDeepEqual(left, right, isStrict, pairs = []) {
  if (Object.is(left, right)) return true;
  if (!isObject(left) || !isObject(right)) {
    if (isStrict) return false;
    return (!isObject(left) && !isObject(right) && left == right) || (left !== left && right !== right);
  }
  if (tagOf(left) !== tagOf(right)) return false;
  if (isStrict && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (pairs.some(([one, other]) => one === left && other === right)) return true;
  return isSameContent(left, right, isStrict, [...pairs, [left, right]]);
}

function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function isSameContent(left, right, isStrict, pairs) {
  const kind = native.kindOf(left);
  if (kind !== native.kindOf(right) || typeof left === 'function') return false;
  if (kind === 'date' && left.getTime() !== right.getTime()) return false;
  if (kind === 'regexp' && String(left) !== String(right)) return false;
  if (kind === 'boxed' && !Object.is(left.valueOf(), right.valueOf())) return false;
  if (kind === 'error' && (left.message !== right.message || left.name !== right.name)) return false;
  if (kind === 'set' && !isSameSet(left, right, isStrict, pairs)) return false;
  if (kind === 'map' && !isSameMap(left, right, isStrict, pairs)) return false;
  if (Array.isArray(left) && left.length !== right.length) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isDeepEqual(left[key], right[key], isStrict, pairs));
}

function isSameSet(left, right, isStrict, pairs) {
  if (left.size !== right.size) return false;
  const others = [...right];
  return [...left].every((item) => {
    if (right.has(item)) return true;
    const index = others.findIndex((other) => isObject(other) === isObject(item) && isDeepEqual(item, other, isStrict, pairs));
    if (index < 0) return false;
    others.splice(index, 1);
    return true;
  });
}

function isSameMap(left, right, isStrict, pairs) {
  if (left.size !== right.size) return false;
  return [...left].every(([key, value]) => {
    if (right.has(key)) return isDeepEqual(value, right.get(key), isStrict, pairs);
    return [...right].some(([other, item]) => isDeepEqual(key, other, isStrict, pairs) && isDeepEqual(value, item, isStrict, pairs));
  });
}

exports.isDeepEqual = isDeepEqual;
