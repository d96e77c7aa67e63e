// `process`: no arguments, no environment, and an end.
'use strict';

const { EventEmitter } = require('events');
const { nextTick } = require('timers');
const streams = require('streams');

class Process extends EventEmitter {
  title = 'node';
  argv = ['node', 'program.js'];
  argv0 = 'node';
  execArgv = [];
  execPath = 'node';
  env = {};
  exitCode = undefined;
  pid = 1;
  ppid = 0;
  platform = 'linux';
  arch = 'wasm32';
  version = 'v20.0.0';
  versions = { node: '20.0.0', quickjs: native.version };
  release = { name: 'node' };
  stdin = streams.stdin;
  stdout = streams.stdout;
  stderr = streams.stderr;

  exit(code = this.exitCode ?? 0) {
    this.exitCode = code;
    this.emit('exit', Number(code));
    leave(code);
  }

  reallyExit(code) { leave(code); }
  abort() { leave(134); }
  kill() { throw new Error('the sandbox has no other processes'); }
  cwd() { return '/'; }
  chdir() { throw new Error('the sandbox has no folders'); }
  nextTick(callback, ...values) { nextTick(callback, ...values); }
  uptime() { return performance.now() / 1000; }
  umask() { return 0o22; }
  emitWarning(warning) { streams.write(2, `Warning: ${warning?.message ?? warning}\n`); }
  cpuUsage() { return { user: Math.round(performance.now() * 1000), system: 0 }; }
  memoryUsage() { return { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }; }
}

const hrtime = (since) => {
  const now = performance.now();
  let [seconds, nanoseconds] = [Math.floor(now / 1000), Math.floor((now % 1000) * 1e6)];
  if (since !== undefined) {
    seconds -= since[0];
    nanoseconds -= since[1];
    if (nanoseconds < 0) [seconds, nanoseconds] = [seconds - 1, nanoseconds + 1e9];
  }
  return [seconds, nanoseconds];
};
hrtime.bigint = () => BigInt(Math.floor(performance.now() * 1e6));

/** Ends the program: the engine stops it at the next look, and nothing can catch that. */
function leave(code) {
  native.exit(Number(code) | 0);
  for (;;);
}

exports.makeProcess = () => Object.assign(new Process(), { hrtime });
