// The modules that `require` and `import` find.
'use strict';

const { inspect, format, formatWithOptions } = require('inspect');
const { EventEmitter, once } = require('events');
const { Buffer, TextEncoder, TextDecoder } = require('buffer');
const { isDeepEqual } = require('equality');
const timers = require('timers');
const { assert } = require('assert');
const { fs } = require('files');
const { readline } = require('readline');

const is = (kind) => (value) => value !== null && typeof value === 'object' && native.kindOf(value) === kind;

const util = {
  inspect, format, formatWithOptions, TextEncoder, TextDecoder,
  isDeepStrictEqual: (left, right) => isDeepEqual(left, right, true),
  promisify: (call) => (...values) => new Promise((resolve, reject) => {
    call(...values, (error, result) => (error ? reject(error) : resolve(result)));
  }),
  callbackify: (call) => (...values) => {
    const done = values.pop();
    call(...values).then((result) => done(null, result), done);
  },
  inherits: (child, parent) => {
    child.super_ = parent;
    Object.setPrototypeOf(child.prototype, parent.prototype);
  },
  deprecate: (call) => call,
  isArray: Array.isArray,
  types: {
    isMap: is('map'), isSet: is('set'), isDate: is('date'), isRegExp: is('regexp'), isPromise: is('promise'),
    isNativeError: is('error'), isBoxedPrimitive: is('boxed'), isTypedArray: (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
    isProxy: (value) => native.proxyTarget(value) !== undefined,
  },
};

const path = {
  sep: '/', delimiter: ':',
  basename: (name, ending = '') => {
    const base = name.replace(/\/+$/, '').split('/').at(-1);
    return base.endsWith(ending) && base !== ending ? base.slice(0, base.length - ending.length) : base;
  },
  dirname: (name) => name.replace(/\/[^/]*\/*$/, '') || (name.startsWith('/') ? '/' : '.'),
  extname: (name) => /[^/.](\.[^./]*)$/.exec(name)?.[1] ?? '',
  join: (...names) => path.normalize(names.filter((name) => name !== '').join('/')),
  resolve: (...names) => path.normalize(`/${names.reduce((whole, name) => (name.startsWith('/') ? name : `${whole}/${name}`), '')}`).replace(/(.)\/$/, '$1'),
  isAbsolute: (name) => name.startsWith('/'),
  normalize: (name) => {
    const parts = [];
    for (const part of name.split('/')) {
      if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
      else if (part === '..' && !name.startsWith('/')) parts.push(part);
      else if (part !== '' && part !== '.' && part !== '..') parts.push(part);
    }
    const joined = `${name.startsWith('/') ? '/' : ''}${parts.join('/')}${name.endsWith('/') && parts.length > 0 ? '/' : ''}`;
    return joined === '' ? '.' : joined;
  },
};
path.posix = path;

const os = { EOL: '\n', platform: () => 'linux', type: () => 'Linux', cpus: () => [], totalmem: () => 0, freemem: () => 0, tmpdir: () => '/tmp',
  homedir: () => '/', hostname: () => 'sandbox', arch: () => 'wasm32', endianness: () => 'LE' };

class StringDecoder {
  #encoding;
  constructor(encoding = 'utf8') { this.#encoding = encoding; }
  write(bytes) { return Buffer.from(bytes).toString(this.#encoding); }
  end(bytes) { return bytes === undefined ? '' : this.write(bytes); }
}

const perf_hooks = { get performance() { return globalThis.performance; } };

const MODULES = {
  assert, 'assert/strict': assert.strict, buffer: { Buffer }, events: EventEmitter, fs, 'fs/promises': fs.promises, os, path, 'path/posix': path,
  perf_hooks, readline, 'readline/promises': readline.promises, string_decoder: { StringDecoder }, timers, 'timers/promises': timers.promises,
  util,
};

const REFUSED = {
  network: ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns'],
  processes: ['child_process', 'cluster'],
  threads: ['worker_threads'],
  'virtual machines': ['vm', 'v8', 'inspector', 'repl'],
};

/** The program under test, where this is its test: every file beside it. */
let program;

exports.provide = (names, module) => { for (const name of names) MODULES[name] = module; };
exports.provideProgram = (module) => { program = module; };

/** The module of that name. Throws as Node.js does, with the reason where the sandbox has none on purpose. */
function find(name) {
  const bare = String(name).replace(/^node:/, '');
  if (bare === 'process') return globalThis.process;
  if (bare === 'console') return globalThis.console;
  if (Object.hasOwn(MODULES, bare)) return MODULES[bare];
  if (program !== undefined && /^\.\.?\//.test(bare)) return program;
  const missing = Object.entries(REFUSED).find(([, names]) => names.includes(bare.split('/')[0]))?.[0];
  const reason = missing === undefined ? `the sandbox has ${list(Object.keys(MODULES))}` : `the sandbox has no ${missing}`;
  throw Object.assign(new Error(`Cannot find module '${name}': ${reason}`), { code: 'MODULE_NOT_FOUND' });
}

function list(names) {
  return names.filter((name) => !name.includes('/')).join(', ');
}

/** What `import` needs to know of a module: the names beside `default`. */
function exportedNames(name) {
  return Object.keys(find(name)).filter((key) => key !== 'default' && /^[A-Za-z_$][\w$]*$/.test(key));
}

EventEmitter.once = once;
exports.find = find;
exports.exportedNames = exportedNames;
exports.util = util;
