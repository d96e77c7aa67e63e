// `describe`, `it` and `expect`, as Jest and its like have them, as far as tests of functions need them.
'use strict';

const { assert } = require('assert');
const { isDeepEqual } = require('equality');
const { inspect } = require('inspect');

const { AssertionError } = assert;

/** What the test registered: groups within groups. */
const whole = group('', undefined);
let current = whole;

function group(name, parent) {
  return { name, parent, tests: [], before: [], after: [], beforeEach: [], afterEach: [] };
}

function describe(name, body) {
  const outer = current;
  current = group(String(name), outer);
  try {
    body();
  } finally {
    outer.tests.push(current);
    current = outer;
  }
}

function test(name, body) {
  current.tests.push({ name: String(name), body });
}

function skip() {}

function each(register) {
  return (rows) => (name, body) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      register(`${name} ${inspect(values)}`, () => body(...values));
    }
  };
}

test.each = each(test);
test.skip = skip;
test.todo = skip;
test.only = test;
describe.each = each(describe);
describe.skip = skip;
describe.only = describe;

const hooks = Object.fromEntries([['beforeAll', 'before'], ['before', 'before'], ['afterAll', 'after'], ['after', 'after'],
  ['beforeEach', 'beforeEach'], ['afterEach', 'afterEach']].map(([name, place]) => [name, (body) => current[place].push(body)]));

/** Runs what was registered; throws what the first test that fails throws, which learns the test's name. */
async function run(of = whole, names = [], outer = { beforeEach: [], afterEach: [] }) {
  const around = { beforeEach: [...outer.beforeEach, ...of.beforeEach], afterEach: [...of.afterEach, ...outer.afterEach] };
  for (const hook of of.before) await called(hook);
  for (const each of of.tests) {
    if (each.tests !== undefined) await run(each, [...names, each.name], around);
    else await runTest(each, [...names, each.name], around);
  }
  for (const hook of of.after) await called(hook);
}

async function runTest({ body }, names, { beforeEach, afterEach }) {
  try {
    for (const hook of beforeEach) await called(hook);
    await called(body);
    for (const hook of afterEach) await called(hook);
  } catch (error) {
    failedTest.name ??= names.join(' › ');
    throw error;
  }
}

function called(body) {
  return body.length > 0 ? new Promise((resolve, reject) => { body((error) => (error ? reject(error) : resolve())); }) : body();
}

const failedTest = { name: undefined };

const isEqual = (left, right) => isDeepEqual(withoutUndefined(left), withoutUndefined(right), false) && sameTypes(left, right);

/** `toEqual` takes a property that is undefined for one that is absent. */
function withoutUndefined(value) {
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [key, withoutUndefined(each)]));
}

/** The loose comparison alone would take 1 and '1' for equal. */
function sameTypes(left, right) {
  if (typeof left !== typeof right || (left === null) !== (right === null)) return false;
  if (left === null || typeof left !== 'object') return Object.is(left, right) || left === right;
  if (Array.isArray(left)) return Array.isArray(right) && left.every((item, index) => sameTypes(item, right[index]));
  if (Object.getPrototypeOf(left) !== Object.prototype) return true;
  return Object.keys(left).every((key) => left[key] === undefined || sameTypes(left[key], right[key]));
}

function includes(subject, part) {
  if (typeof subject === 'string') return subject.includes(part);
  return [...subject].some((item) => item === part || (item !== item && part !== part));
}

function matches(subject, pattern) {
  if (pattern === null || typeof pattern !== 'object') return Object.is(subject, pattern);
  if (Array.isArray(pattern)) return Array.isArray(subject) && subject.length === pattern.length && pattern.every((each, index) => matches(subject[index], each));
  return subject !== null && typeof subject === 'object' && Object.keys(pattern).every((key) => matches(subject[key], pattern[key]));
}

function at(subject, path) {
  return (Array.isArray(path) ? path : String(path).split('.')).reduce((owner, key) => owner?.[key], subject);
}

function throws(subject, expected) {
  try {
    subject();
  } catch (error) {
    return isExpectedError(error, expected);
  }
  return false;
}

function isExpectedError(error, expected) {
  if (expected === undefined) return true;
  const message = String(error?.message ?? error);
  if (typeof expected === 'string') return message.includes(expected);
  if (expected instanceof RegExp) return expected.test(message);
  if (typeof expected === 'function') return error instanceof expected;
  return message === expected.message;
}

const MATCHERS = {
  toBe: (subject, expected) => Object.is(subject, expected),
  toEqual: isEqual,
  toStrictEqual: (subject, expected) => isDeepEqual(subject, expected, true),
  toBeCloseTo: (subject, expected, digits = 2) => subject === expected || Math.abs(subject - expected) < 10 ** -digits / 2,
  toBeNull: (subject) => subject === null,
  toBeUndefined: (subject) => subject === undefined,
  toBeDefined: (subject) => subject !== undefined,
  toBeNaN: (subject) => Number.isNaN(subject),
  toBeTruthy: (subject) => Boolean(subject),
  toBeFalsy: (subject) => !subject,
  toBeGreaterThan: (subject, least) => subject > least,
  toBeGreaterThanOrEqual: (subject, least) => subject >= least,
  toBeLessThan: (subject, most) => subject < most,
  toBeLessThanOrEqual: (subject, most) => subject <= most,
  toBeInstanceOf: (subject, of) => subject instanceof of,
  toContain: includes,
  toContainEqual: (subject, part) => [...subject].some((item) => isEqual(item, part)),
  toHaveLength: (subject, length) => subject.length === length,
  toHaveProperty: (subject, path, ...value) => (value.length === 0 ? at(subject, path) !== undefined : isEqual(at(subject, path), value[0])),
  toMatch: (subject, pattern) => (typeof pattern === 'string' ? subject.includes(pattern) : pattern.test(subject)),
  toMatchObject: matches,
  toThrow: throws,
  toThrowError: throws,
};

function expect(subject) {
  return { ...assertions(subject, true), not: assertions(subject, false), resolves: settled(subject, true), rejects: settled(subject, false) };
}

function assertions(subject, wanted) {
  return Object.fromEntries(Object.entries(MATCHERS).map(([name, holds]) => [name, (...expected) => {
    if (holds(subject, ...expected) === wanted) return;
    const said = `expect(${inspect(subject)})${wanted ? '' : '.not'}.${name}(${expected.map((each) => inspect(each)).join(', ')})`;
    throw new AssertionError({ message: said, actual: subject, expected: expected[0], operator: name });
  }]));
}

/** The assertions on what a promise comes to. */
function settled(subject, isResolved) {
  const outcome = async () => {
    try {
      return [true, await (typeof subject === 'function' ? subject() : subject)];
    } catch (error) {
      return [false, error];
    }
  };
  const check = (name, wanted) => async (...expected) => {
    const [didResolve, value] = await outcome();
    if (didResolve !== isResolved) {
      throw new AssertionError({ message: `the promise was ${didResolve ? 'resolved' : 'rejected'}: ${inspect(value)}`, actual: value, operator: name });
    }
    const ready = /^toThrow/.test(name) ? () => { throw value; } : value;
    assertions(ready, wanted)[name](...expected);
  };
  const all = (wanted) => Object.fromEntries(Object.keys(MATCHERS).map((name) => [name, check(name, wanted)]));
  return { ...all(true), not: all(false) };
}

exports.globals = { describe, context: describe, suite: describe, it: test, test, expect, ...hooks };
exports.run = run;
exports.failedTest = failedTest;
