// Puts the library into the global object, and gives the engine what it calls.
'use strict';

const { makeConsole } = require('console');
const { makeProcess } = require('process');
const { structuredClone } = require('clone');
const buffer = require('buffer');
const timers = require('timers');
const streams = require('streams');
const modules = require('modules');
const values = require('values');
const failures = require('failures');
const targets = require('targets');
const answering = require('answering');
const testing = require('testing');

const process = makeProcess();

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}


define('console', makeConsole());
define('process', process);
define('global', globalThis);
define('structuredClone', structuredClone);
for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask']) {
  define(name, timers[name]);
}
for (const name of ['Buffer', 'TextEncoder', 'TextDecoder', 'btoa', 'atob']) define(name, buffer[name]);
define('fetch', async () => { throw new TypeError('fetch failed: the sandbox has no network'); });
define('prompt', () => { throw new Error('the sandbox has no terminal; read process.stdin'); });

exports.require = (name) => modules.find(name);

/** The source of an ES module that stands for one of the library's. */
exports.moduleSource = (name) => {
  const names = modules.exportedNames(name);
  const found = JSON.stringify(name);
  return `const found = process.mainModuleRequire(${found});\nexport default Object.hasOwn(found, 'default') ? found.default : found;\n${
    names.map((each, index) => `const _${index} = found.${each}; export { _${index} as ${each} };`).join('\n')}`;
};
Object.defineProperty(process, 'mainModuleRequire', { value: exports.require });

/** What the wrapper of a program is called with. */
exports.moduleArguments = () => {
  const module = { exports: {}, id: '.', filename: '/program.js', loaded: false, children: [], paths: [] };
  const require = (name) => modules.find(name);
  require.main = module;
  require.cache = {};
  require.resolve = (name) => name;
  return [module.exports, require, module, '/program.js', '/'];
};

/** Whether the program has a handler of its own for what nothing caught. */
exports.isHandled = (error, isRejection) => {
  if (isRejection && process.listenerCount('unhandledRejection') > 0) return process.emit('unhandledRejection', error, undefined);
  return process.listenerCount('uncaughtException') > 0 && process.emit('uncaughtException', error);
};

/** The end of a script; the exit code that it asked for. */
exports.finish = () => {
  process.emit('beforeExit', process.exitCode ?? 0);
  process.emit('exit', process.exitCode ?? 0);
  return Number(process.exitCode ?? 0) | 0;
};

/** Makes a peer's function callable under its name; dotted names lead to what is behind it. */
exports.addPeer = (name) => {
  const reach = (target) => new Proxy(() => undefined, {
    apply: (_, self, given) => native.callPeer(name, target, given),
    get: (_, key) => (typeof key === 'symbol' || key === 'then' ? undefined : reach(`${target}.${key}`)),
  });
  define(name, reach(name));
};

/** The exception that a peer raised. */
exports.peerError = (kind, message, line) => {
  testing.programFailed(kind, message, line);
  const known = globalThis[kind];
  const error = typeof known === 'function' && Error.isPrototypeOf(known) ? new known(message) : new Error(message);
  if (error.name !== kind) error.name = kind;
  return error;
};

exports.feed = streams.feed;
exports.runTicks = timers.runTicks;
exports.runNext = timers.runNext;
exports.trackRejection = timers.trackRejection;
exports.takeFailure = timers.takeFailure;
exports.find = targets.find;
exports.answer = answering.answer;
exports.beginTest = testing.begin;
exports.finishTest = testing.finish;
exports.reportOfTest = testing.report;
exports.failure = failures.describe;
exports.place = failures.place;
Object.assign(exports, values);
