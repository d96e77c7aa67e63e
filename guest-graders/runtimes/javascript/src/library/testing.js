// Runs one test of a program that is in another sandbox, and says what it came to.
'use strict';

const { assert } = require('assert');
const { defineNames, ask, refuse, state } = require('asking');
const { globals, run, failedTest } = require('expect');
const modules = require('modules');

/** What tests replace is out of their reach. */
const PATCHES = /\b(?:jest|vi|sinon)\.(?:fn|mock|spyOn|stub)\b/;
let source = '';

/** Before the test's top level runs. */
exports.begin = (code, entryPoint) => {
  source = code;
  for (const [name, value] of Object.entries({ ...globals, assert })) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  console.assert = (holds, ...message) => {
    if (!holds) throw new assert.AssertionError({ message: message.length > 0 ? message.join(' ') : 'Assertion failed', actual: holds, expected: true, operator: '==' });
  };
  modules.provide(['@jest/globals', 'vitest', 'test', 'mocha'], { ...globals, default: globals.test });
  if (PATCHES.test(code)) refuse('the test replaces functions, or counts their calls, which is out of its reach');
  const names = defineNames(entryPoint);
  const exported = ask('exported');
  modules.provideProgram(typeof exported === 'function' ? exported : Object.defineProperties({ ...exported }, Object.getOwnPropertyDescriptors(names)));
};

/** What is run once the test is loaded: `check` with the function under test, and what was registered. */
exports.finish = async (part, entryPoint, look) => {
  if (part === 'check') {
    const check = look('check');
    if (typeof check !== 'function') throw new TypeError('the test defines no `check`');
    await check(ask('name', entryPoint));
  }
  await run();
};

/** The report, for how the test ended: nothing, or the kind, message and line of what was thrown. */
exports.report = (kind, message, line) => {
  if (state.refused !== undefined) return { passed: false, undecided: state.refused };
  if (kind === undefined) return { passed: true };
  const thrown = state.thrown;
  if (thrown !== undefined && thrown[0] === kind && thrown[1] === message) {
    return { passed: false, by: 'program', kind, message, program_line: thrown[2] > 0 ? thrown[2] : null, line };
  }
  const bare = kind.replace(/ \[\w+\]$/, '');
  const text = source.split('\n')[line - 1]?.trim() ?? '';
  const within = failedTest.name === undefined ? '' : `in the test ${failedTest.name}: `;
  return { passed: false, by: 'test', kind: bare, message: `${within}${message}`, line, text };
};

/** The program could not be asked at all: what its own top level threw. */
exports.programFailed = (kind, message, line) => {
  state.thrown = [kind, message, line];
};
