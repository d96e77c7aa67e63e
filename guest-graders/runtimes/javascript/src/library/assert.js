// `assert`, with the messages of Node.js where they are short.
'use strict';

const { inspect } = require('inspect');
const { isDeepEqual } = require('equality');

class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message);
    this.name = 'AssertionError';
    this.code = 'ERR_ASSERTION';
    Object.assign(this, { actual, expected, operator, generatedMessage: false });
  }
}

function fail(message, fallback, actual, expected, operator) {
  if (message instanceof Error) throw message;
  throw new AssertionError({ message: message ?? fallback, actual, expected, operator });
}

function assert(value, message) {
  if (!value) fail(message, `The expression evaluated to a falsy value: ${inspect(value)}`, value, true, '==');
}

/** `actual operator expected`, in the words of Node.js for the strict comparisons. */
function complaint(name, operator, actual, expected) {
  const [left, right] = [inspect(actual), inspect(expected)];
  if (name === 'strictEqual') return `Expected values to be strictly equal:\n\n${left} !== ${right}\n`;
  if (name === 'deepStrictEqual') return `Expected values to be strictly deep-equal:\n${left}\n\nshould equal\n\n${right}`;
  if (name === 'deepEqual') return `Expected values to be loosely deep-equal:\n\n${left}\n\nshould loosely deep-equal\n\n${right}`;
  return `${left} ${operator} ${right}`;
}

const comparisons = {
  equal: ['==', (actual, expected) => actual == expected || (actual !== actual && expected !== expected)],
  notEqual: ['!=', (actual, expected) => actual != expected],
  strictEqual: ['strictEqual', (actual, expected) => Object.is(actual, expected)],
  notStrictEqual: ['notStrictEqual', (actual, expected) => !Object.is(actual, expected)],
  deepEqual: ['deepEqual', (actual, expected) => isDeepEqual(actual, expected, false)],
  notDeepEqual: ['notDeepEqual', (actual, expected) => !isDeepEqual(actual, expected, false)],
  deepStrictEqual: ['deepStrictEqual', (actual, expected) => isDeepEqual(actual, expected, true)],
  notDeepStrictEqual: ['notDeepStrictEqual', (actual, expected) => !isDeepEqual(actual, expected, true)],
};
for (const [name, [operator, holds]] of Object.entries(comparisons)) {
  assert[name] = (actual, expected, message) => {
    if (!holds(actual, expected)) fail(message, complaint(name, operator, actual, expected), actual, expected, operator);
  };
}

assert.ok = assert;
assert.AssertionError = AssertionError;
assert.fail = (message) => fail(message, 'Failed', undefined, undefined, 'fail');
assert.ifError = (value) => { if (value !== null && value !== undefined) throw value; };
assert.match = (text, pattern, message) => {
  if (!pattern.test(text)) fail(message, `The input did not match the regular expression ${pattern}. Input: ${inspect(text)}`, text, pattern, 'match');
};
assert.doesNotMatch = (text, pattern, message) => {
  if (pattern.test(text)) fail(message, `The input was expected to not match the regular expression ${pattern}. Input: ${inspect(text)}`, text, pattern, 'doesNotMatch');
};

/** Throws unless the error is of the expected class, matches the pattern or has the expected properties. */
function requireError(error, expected, message) {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(message, `The input did not match the regular expression ${expected}. Input: ${inspect(String(error))}`, error, expected, 'throws');
  } else if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Error.isPrototypeOf(expected)) throw error;
    if (expected(error) !== true) fail(message, 'The validation function is expected to return "true".', error, expected, 'throws');
  } else {
    for (const key of Object.keys(expected)) {
      const holds = expected[key] instanceof RegExp && typeof error[key] === 'string' ? expected[key].test(error[key])
        : isDeepEqual(error[key], expected[key], true);
      if (!holds) fail(message, `${inspect(error[key])} is not the expected ${key} ${inspect(expected[key])}`, error, expected, 'throws');
    }
  }
}

assert.throws = (run, expected, message) => {
  try {
    run();
  } catch (error) {
    requireError(error, expected, message);
    return;
  }
  fail(typeof expected === 'string' ? expected : message, 'Missing expected exception.', undefined, expected, 'throws');
};
assert.doesNotThrow = (run, expected, message) => {
  try {
    run();
  } catch (error) {
    fail(message, `Got unwanted exception.\nActual message: "${error?.message}"`, error, expected, 'doesNotThrow');
  }
};
assert.rejects = async (promise, expected, message) => {
  try {
    await (typeof promise === 'function' ? promise() : promise);
  } catch (error) {
    requireError(error, expected, message);
    return;
  }
  fail(message, 'Missing expected rejection.', undefined, expected, 'rejects');
};
assert.doesNotReject = async (promise) => { await (typeof promise === 'function' ? promise() : promise); };

const strict = Object.assign((value, message) => assert(value, message), assert, {
  equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
});
strict.strict = strict;
assert.strict = strict;

exports.assert = assert;
