// `fs`: there are no files, but the standard streams have names and numbers.
'use strict';

const { Buffer } = require('buffer');
const { nextTick } = require('timers');
const streams = require('streams');

const NAMES = new Map([['/dev/stdin', 0], ['/dev/stdout', 1], ['/dev/stderr', 2], ['/dev/fd/0', 0], ['/dev/fd/1', 1],
  ['/dev/fd/2', 2], ['/proc/self/fd/0', 0]]);

function refusal(code, what, call, path) {
  const error = new Error(`${code}: ${what}, ${call}${path === undefined ? '' : ` '${path}'`}`);
  return Object.assign(error, { errno: -2, code, syscall: call, path });
}

/** The stream that a path or number means. */
function number(path, call, isWriting) {
  const found = typeof path === 'number' ? path : NAMES.get(String(path));
  if (found !== undefined && found >= 0 && found <= 2) return found;
  if (typeof path === 'number') throw refusal('EBADF', 'bad file descriptor', call);
  if (isWriting) throw refusal('EROFS', 'read-only file system', call, path);
  throw refusal('ENOENT', 'no such file or directory', call, path);
}

function readFileSync(path, options) {
  if (number(path, 'open') !== 0) throw refusal('EBADF', 'bad file descriptor', 'read');
  const encoding = typeof options === 'string' ? options : options?.encoding;
  const content = streams.take();
  return encoding && encoding !== 'buffer' ? content.toString(encoding) : content;
}

function writeFileSync(path, data) {
  const stream = number(path, 'open', true);
  if (stream === 0) throw refusal('EBADF', 'bad file descriptor', 'write');
  streams.write(stream, typeof data === 'string' || ArrayBuffer.isView(data) ? data : String(data));
}

function readSync(stream, buffer, offset = 0, length = undefined) {
  if (number(stream, 'read') !== 0) throw refusal('EBADF', 'bad file descriptor', 'read');
  if (offset !== null && typeof offset === 'object') ({ offset = 0, length } = offset);
  const content = streams.take(length ?? buffer.byteLength - offset);
  new Uint8Array(buffer.buffer, buffer.byteOffset).set(content, offset);
  return content.length;
}

function writeSync(stream, data) {
  writeFileSync(stream, data);
  return typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
}

function statSync(path, options) {
  if (options?.throwIfNoEntry === false && !existsSync(path)) return undefined;
  const stream = number(path, 'stat');
  return { size: stream === 0 ? streams.available() : 0, isFile: () => false, isDirectory: () => false, isFIFO: () => true };
}

function existsSync(path) {
  return NAMES.has(String(path));
}

function refuse(call, isWriting = true) {
  return (path) => {
    throw isWriting ? refusal('EROFS', 'read-only file system', call, path) : refusal('ENOENT', 'no such file or directory', call, path);
  };
}

const synchronous = {
  readFileSync, writeFileSync, appendFileSync: writeFileSync, readSync, writeSync, statSync, existsSync,
  fstatSync: statSync, lstatSync: statSync,
  openSync: (path, flags = 'r') => number(path, 'open', /[wa+]/.test(flags)),
  closeSync: () => undefined,
  fsyncSync: () => undefined,
  accessSync: (path) => { number(path, 'access'); },
  readdirSync: refuse('scandir', false),
  mkdirSync: refuse('mkdir'), unlinkSync: refuse('unlink'), rmSync: refuse('rm'), rmdirSync: refuse('rmdir'),
  renameSync: refuse('rename'), copyFileSync: refuse('copyfile'), mkdtempSync: refuse('mkdtemp'),
};

const promises = {};
const withCallbacks = {};
for (const [name, call] of Object.entries(synchronous)) {
  const plain = name.slice(0, -'Sync'.length);
  promises[plain] = async (...values) => call(...values);
  withCallbacks[plain] = (...values) => {
    const done = values.pop();
    let answer;
    try {
      answer = [null, call(...values)];
    } catch (error) {
      answer = [error];
    }
    nextTick(done, ...answer);
  };
}

exports.fs = {
  ...synchronous, ...withCallbacks, promises,
  exists: (path, done) => nextTick(done, existsSync(path)),
  createReadStream: (path) => {
    number(path, 'open');
    return streams.stdin;
  },
  createWriteStream: (path) => (number(path, 'open', true) === 2 ? streams.stderr : streams.stdout),
  constants: {},
};
