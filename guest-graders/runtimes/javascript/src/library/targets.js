// Finds the function that a call names.
'use strict';

const MOST_LISTED = 20;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * The function of that dotted name, bound to its owner.
 *
 * `look(name)` finds a name of the program's top level. A method of a class is found on a new object of it, made without
 * arguments; a bare name that the top level does not have may be exported, or a method of `class Solution`.
 */
function find(target, look, exported, source) {
  const [first, ...rest] = target.split('.');
  let found = IDENTIFIER.test(first) ? look(first) : undefined;
  if (found === undefined && exported !== null && exported !== undefined) {
    found = first === 'default' ? exported.default ?? exported : exported[first];
    if (found === undefined && rest.length === 0 && typeof exported === 'function' && exported.name === first) found = exported;
  }
  if (found === undefined && rest.length === 0) {
    const solution = look('Solution') ?? exported?.Solution;
    if (isClass(solution) && typeof solution.prototype?.[first] === 'function') {
      found = solution;
      rest.push(first);
    }
  }
  if (found === undefined) throw new ReferenceError(`the program defines no \`${first}\`; ${listing(source, look, exported)}`);
  let owner;
  for (const name of rest) {
    owner = isClass(found) && !(name in found) && name in (found.prototype ?? {}) ? new found() : found;
    found = owner?.[name];
    if (found === undefined) throw new TypeError(`\`${target}\`: there is no \`${name}\`; ${listing(source, look, exported)}`);
  }
  if (typeof found !== 'function') throw new TypeError(`\`${target}\` is not a function: it is of type ${found === null ? 'null' : typeof found}`);
  return owner === undefined ? found : (...values) => found.apply(owner, values);
}

function isClass(value) {
  return typeof value === 'function' && value.prototype !== undefined;
}

/** The functions that the program has, read off its text, for whoever named another one. */
function listing(source, look, exported) {
  const names = new Set();
  for (const [, name] of source.matchAll(/^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)/gm)) names.add(name);
  if (exported !== null && typeof exported === 'object') for (const name of Object.keys(exported)) names.add(name);
  const shown = [];
  for (const name of names) {
    const value = look(name) ?? exported?.[name];
    if (typeof value !== 'function') continue;
    const methods = /^class\b/.test(Function.prototype.toString.call(value)) ? Object.getOwnPropertyNames(value.prototype).filter((key) => key !== 'constructor') : [];
    shown.push(...(methods.length > 0 ? methods.map((method) => `${name}.${method}`) : [name]));
  }
  if (shown.length === 0) return 'it defines no functions';
  const more = shown.length > MOST_LISTED ? ` and ${shown.length - MOST_LISTED} more` : '';
  return `it defines ${shown.slice(0, MOST_LISTED).join(', ')}${more}`;
}

exports.find = find;
