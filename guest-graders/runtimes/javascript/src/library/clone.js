// `structuredClone`.
'use strict';

function structuredClone(value, seen = new Map()) {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw Object.assign(new Error(`${String(value)} could not be cloned.`), { name: 'DataCloneError', code: 25 });
  }
  if (value === null || typeof value !== 'object') return value;
  if (seen.has(value)) return seen.get(value);
  const keep = (copy) => {
    seen.set(value, copy);
    return copy;
  };
  const kind = native.kindOf(value);
  if (kind === 'date') return keep(new Date(value.getTime()));
  if (kind === 'regexp') return keep(new RegExp(value.source, value.flags));
  if (kind === 'boxed') return keep(Object(value.valueOf()));
  if (kind === 'map') {
    const copy = keep(new Map());
    for (const [key, item] of native.mapPairs(value)) copy.set(structuredClone(key, seen), structuredClone(item, seen));
    return copy;
  }
  if (kind === 'set') {
    const copy = keep(new Set());
    for (const item of native.setItems(value)) copy.add(structuredClone(item, seen));
    return copy;
  }
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) return keep(value.slice());
  if (kind === 'error') {
    const copy = keep(new (globalThis[value.name] ?? Error)(value.message));
    copy.stack = value.stack;
    return copy;
  }
  const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
  for (const key of Object.keys(value)) copy[key] = structuredClone(value[key], seen);
  return copy;
}

exports.structuredClone = (value) => structuredClone(value);
