// `console`: lines to standard output and error.
'use strict';

const { formatWithOptions, inspect } = require('inspect');
const { write } = require('streams');

/** A console; the program's own, or one that it made. */
function makeConsole() {
  let margin = '';
  const counts = new Map();
  const starts = new Map();
  const line = (number) => (...values) => {
    let text = formatWithOptions({}, ...values);
    if (margin !== '') text = margin + text.replaceAll('\n', `\n${margin}`);
    write(number, `${text}\n`);
  };
  const out = line(1);
  const err = line(2);
  const elapsed = (label) => `${label}: ${(performance.now() - (starts.get(label) ?? 0)).toFixed(3)}ms`;
  return {
    log: out, info: out, debug: out, dirxml: out, error: err, warn: err,
    trace: (...values) => err(`Trace: ${formatWithOptions({}, ...values)}`),
    dir: (value, options) => out(inspect(value, { customInspect: false, ...options })),
    assert: (holds, ...values) => {
      if (holds) return;
      if (typeof values[0] === 'string') values[0] = `Assertion failed: ${values[0]}`;
      else values.unshift('Assertion failed');
      err(...values);
    },
    group: (...values) => {
      if (values.length > 0) out(...values);
      margin += '  ';
    },
    groupCollapsed(...values) { this.group(...values); },
    groupEnd: () => { margin = margin.slice(0, -2); },
    count: (label = 'default') => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      out(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = 'default') => { counts.delete(label); },
    time: (label = 'default') => { starts.set(label, performance.now()); },
    timeLog: (label = 'default', ...values) => out(elapsed(label), ...values),
    timeEnd: (label = 'default') => { out(elapsed(label)); starts.delete(label); },
    table: (rows, columns) => out(typeof rows === 'object' && rows !== null ? table(rows, columns) : rows),
  };
}

const cell = (value) => inspect(value, { depth: typeof value === 'object' && value !== null && Object.keys(value).length > 2 ? -1 : 0,
  maxArrayLength: 3, breakLength: Infinity });

/** Rows in a frame. */
function table(rows, columns) {
  const isMap = rows instanceof Map;
  const entries = isMap || rows instanceof Set ? [...rows.entries()].map(([key, value], index) => [isMap ? key : index, value]) : Object.entries(rows);
  const names = new Set(columns);
  let hasValues = false;
  for (const [, row] of entries) {
    if (row !== null && typeof row === 'object') {
      if (columns === undefined) for (const name of Object.keys(row)) names.add(name);
    } else hasValues = true;
  }
  const title = isMap || rows instanceof Set ? '(iteration index)' : '(index)';
  const head = [title, ...names, ...(hasValues ? ['Values'] : [])];
  const body = entries.map(([key, row]) => {
    const isRow = row !== null && typeof row === 'object';
    const cells = [...names].map((name) => (isRow && Object.hasOwn(row, name) ? cell(row[name]) : ''));
    return [String(key), ...cells, ...(hasValues ? [isRow ? '' : cell(row)] : [])];
  });
  const widths = head.map((name, column) => Math.max(name.length, ...body.map((row) => row[column].length)) + 2);
  const centred = (text, width) => {
    const left = Math.floor((width - text.length) / 2);
    return `${' '.repeat(left)}${text}${' '.repeat(width - text.length - left)}`;
  };
  const rule = (left, middle, right) => left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
  const row = (cells) => `│${cells.map((text, column) => centred(text, widths[column])).join('│')}│`;
  return [rule('┌', '┬', '┐'), row(head), rule('├', '┼', '┤'), ...body.map(row), rule('└', '┴', '┘')].join('\n');
}

exports.makeConsole = makeConsole;
