// What an exception says of itself.
'use strict';

const { inspect, errorTitle, constructorName } = require('inspect');

const FRAME = /program\.js:(\d+):(\d+)/;

/**
 * The kind, message, line and traceback of what was thrown. `shift` is what the wrapper puts before the first line, in
 * characters. Never throws.
 */
exports.describe = (error, shift) => {
  try {
    if (!native.isError(error)) {
      const text = inspect(error).toWellFormed();
      return [kindOfOther(error), text, 0, `Uncaught ${text}\n`];
    }
    const title = errorTitle(error).toWellFormed();
    const message = error.message === undefined ? '' : String(error.message).toWellFormed();
    if (error.name === 'InternalError' && message === 'out of memory') return ['MemoryError', message, 0, `${title}\n`];
    const kind = message !== '' && title.endsWith(message) ? title.slice(0, title.length - message.length - 2) : title;
    const frames = framesOf(error, shift);
    return [kind, message, frames[0]?.line ?? 0, [title, ...frames.map((frame) => frame.text)].map((line) => `${line}\n`).join('')];
  } catch {
    return ['Error', 'an exception whose text fails', 0, ''];
  }
};

function kindOfOther(value) {
  return value === null || value === undefined ? String(value) : String(constructorName(Object(value)) ?? 'Object').toWellFormed();
}

/** The program's own frames, innermost first. */
function framesOf(error, shift) {
  const frames = [];
  for (const text of String(error.stack ?? '').toWellFormed().split('\n')) {
    const found = FRAME.exec(text);
    if (found === null) continue;
    const line = Number(found[1]);
    const column = line === 1 ? Math.max(1, Number(found[2]) - shift) : Number(found[2]);
    const place = `program.js:${line}:${column}`;
    const called = /^\s*at (\S+) \(/.exec(text)?.[1];
    const name = called === undefined || called === '<anonymous>' || called === '<eval>' ? undefined : called;
    frames.push({ line, column, text: name === undefined ? `    at ${place}` : `    at ${name} (${place})` });
  }
  return frames;
}

/** Line, column and message of a syntax error. */
exports.place = (error, shift) => {
  const frame = framesOf(error, shift)[0];
  return [frame?.line ?? 1, frame?.column ?? 1, String(error.message)];
};
