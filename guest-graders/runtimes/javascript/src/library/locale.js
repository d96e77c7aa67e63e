// What Node.js does by locale, for that of the United States and UTC; there is no `Intl`.
'use strict';

/** Signs in the order of the Unicode collation, before the digits and the letters. */
const SIGNS = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$';
const MARKS = /[\u0300-\u036f]/g;

/** Compares as dictionaries do: letters first without case and accents, then by accents, then small before capital. */
function localeCompare(other, locale, { numeric = false, sensitivity = 'variant' } = {}) {
  const [left, right] = [String(this).normalize('NFD'), String(other).normalize('NFD')];
  const [leftLetters, rightLetters] = [left.replace(MARKS, ''), right.replace(MARKS, '')];
  const order = compareKeys(keys(leftLetters, numeric), keys(rightLetters, numeric));
  if (order !== 0 || sensitivity === 'base') return order;
  const accents = sensitivity === 'case' ? 0 : compare(left.toLowerCase(), right.toLowerCase());
  if (accents !== 0 || sensitivity === 'accent') return accents;
  return -compare(leftLetters, rightLetters);
}

/** The weights of a text's characters, or of the numbers in it. */
function keys(text, isNumeric) {
  const parts = isNumeric ? text.match(/\d+|[^]/gu) ?? [] : [...text];
  return parts.map((part) => {
    if (/^\d/.test(part)) return [2, Number(part)];
    if (/\s/.test(part)) return [0, part.codePointAt(0)];
    const sign = SIGNS.indexOf(part);
    return sign >= 0 ? [1, sign] : [3, part.toLowerCase()];
  });
}

function compareKeys(left, right) {
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const order = compare(left[index][0], right[index][0]) || compare(left[index][1], right[index][1]);
    if (order !== 0) return order;
  }
  return compare(left.length, right.length);
}

function compare(left, right) {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function numberText(locale, { minimumFractionDigits: least = 0, maximumFractionDigits: most = Math.max(3, least) } = {}) {
  if (typeof this !== 'bigint' && !Number.isFinite(Number(this))) return Number.isNaN(Number(this)) ? 'NaN' : `${this < 0 ? '-' : ''}∞`;
  const [whole, fraction = ''] = typeof this === 'bigint' ? [String(this)] : Number(this).toFixed(most).split('.');
  const kept = fraction.replace(/0+$/, '').padEnd(least, '0');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (kept === '' ? '' : `.${kept}`);
}

function dateText() {
  return `${this.getMonth() + 1}/${this.getDate()}/${this.getFullYear()}`;
}

function timeText() {
  const two = (number) => String(number).padStart(2, '0');
  return `${this.getHours() % 12 || 12}:${two(this.getMinutes())}:${two(this.getSeconds())} ${this.getHours() < 12 ? 'AM' : 'PM'}`;
}

const valid = (text) => function print() {
  return Number.isNaN(this.getTime()) ? 'Invalid Date' : text.call(this);
};
const { toString, toTimeString } = Date.prototype;
const withZone = (print) => function named() {
  return print.call(this).replace(/(GMT\+0000)$/, '$1 (Coordinated Universal Time)');
};

for (const [prototype, name, value] of [
  [String.prototype, 'localeCompare', localeCompare],
  [Number.prototype, 'toLocaleString', numberText],
  [BigInt.prototype, 'toLocaleString', numberText],
  [Date.prototype, 'toLocaleDateString', valid(dateText)],
  [Date.prototype, 'toLocaleTimeString', valid(timeText)],
  [Date.prototype, 'toLocaleString', valid(function both() { return `${dateText.call(this)}, ${timeText.call(this)}`; })],
  [Date.prototype, 'toString', withZone(toString)],
  [Date.prototype, 'toTimeString', withZone(toTimeString)],
]) {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}
