// Text for values as Node.js prints them: `util.inspect` and `util.format`.
'use strict';

const CUSTOM = Symbol.for('nodejs.util.inspect.custom');
const DEFAULTS = { depth: 2, breakLength: 80, compact: 3, maxArrayLength: 100, maxStringLength: 10000, showHidden: false,
  sorted: false, getters: false };
const MOST_COLUMNS = 15;
const MOST_TEXT = 1 << 24;
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
const ESCAPES = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\' };

/** One call of `inspect`: the options, and where it stands in what it prints. */
class Printer {
  constructor(options) {
    this.options = { ...DEFAULTS, ...options };
    if (this.options.compact === true) this.options.compact = 3;
    this.indentation = 0;
    this.deepest = 0;
    this.path = [];
    this.circular = new Map();
    this.room = MOST_TEXT;
  }

  print(value, level) {
    if (typeof value !== 'object' && typeof value !== 'function') return this.primitive(value);
    if (value === null) return 'null';
    const target = native.proxyTarget(value);
    if (target !== undefined) return this.print(target, level);
    const custom = value[CUSTOM];
    if (typeof custom === 'function' && custom !== inspect) {
      const depth = this.options.depth === null ? Infinity : this.options.depth - level;
      const printed = custom.call(value, depth, { ...this.options }, inspect);
      if (printed !== value) {
        if (typeof printed !== 'string') return this.print(printed, level);
        return printed.replaceAll('\n', `\n${' '.repeat(this.indentation)}`);
      }
    }
    if (this.path.includes(value)) {
      if (!this.circular.has(value)) this.circular.set(value, this.circular.size + 1);
      return `[Circular *${this.circular.get(value)}]`;
    }
    return this.object(value, level);
  }

  primitive(value) {
    switch (typeof value) {
      case 'string': return this.string(value);
      case 'number': return number(value);
      case 'bigint': return `${value}n`;
      case 'symbol': return value.toString();
      default: return String(value);
    }
  }

  string(text) {
    const most = this.options.maxStringLength ?? Infinity;
    const left = text.length - most;
    if (left > 0) text = text.slice(0, most);
    const more = left > 0 ? `... ${left} more character${left > 1 ? 's' : ''}` : '';
    if (text.length > 16 && text.length > this.options.breakLength - this.indentation - 4) {
      const lines = text.split(/(?<=\n)/);
      if (lines.length > 1) return lines.map(quoted).join(` +\n${' '.repeat(this.indentation + 2)}`) + more;
    }
    return quoted(text) + more;
  }

  object(value, level) {
    const shape = this.shape(value);
    if (shape.items === undefined && shape.keys.length === 0) return shape.base ?? `${shape.open}${shape.close}`;
    if (this.options.depth !== null && level > this.options.depth) {
      return `[${shape.name ?? '[Object: null prototype]'}]`.replace('[[', '[').replace(']]', ']');
    }
    level += 1;
    this.path.push(value);
    this.deepest = level;
    const parts = shape.items === undefined ? [] : shape.items(level);
    for (const key of shape.keys) parts.push(this.property(value, key, level, shape.isList));
    this.path.pop();
    let base = shape.base ?? '';
    let open = shape.open;
    if (this.circular.has(value)) {
      const mark = `<ref *${this.circular.get(value)}>`;
      if (base === '') open = `${mark} ${open}`;
      else base = `${mark} ${base}`;
    }
    if (this.options.sorted && !shape.isList) parts.sort();
    const text = this.joined(parts, base, open, shape, level, value);
    this.room -= text.length;
    if (this.room < 0) this.options.depth = -1;
    return text;
  }

  /** How a kind of object is printed: brackets, a text of its own, its items, the keys behind them. */
  shape(value) {
    const name = constructorName(value);
    const plain = (open, close, items, more) => ({ name: name ?? more, open, close, items, keys: this.keys(value) });
    const prefix = (fallback, size) => this.prefix(value, name, fallback, size);
    if (Array.isArray(value)) {
      const own = name === 'Array' && tag(value, name) === '' ? '' : prefix('Array', value.length);
      const items = value.length === 0 ? undefined : (level) => this.list(value, value.length, level);
      return { name: name ?? 'Array', open: `${own}[`, close: ']', items, keys: this.otherKeys(value), isList: true };
    }
    const kind = native.kindOf(value);
    if (kind === 'set') {
      const items = native.setItems(value);
      return plain(`${prefix('Set', items.length)}{`, '}', items.length ? (level) => this.set(items, level) : undefined);
    }
    if (kind === 'map') {
      const pairs = native.mapPairs(value);
      return plain(`${prefix('Map', pairs.length)}{`, '}', pairs.length ? (level) => this.map(pairs, level) : undefined);
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return this.typedArray(value, name);
    if (value instanceof ArrayBuffer) return this.arrayBuffer(value, name);
    if (kind === 'promise') return plain(`${prefix('Promise')}{`, '}', (level) => [this.promise(value, level)]);
    if (value instanceof WeakSet || value instanceof WeakMap) {
      return plain(`${prefix('WeakSet')}{`, '}', () => ['<items unknown>']);
    }
    const base = this.base(value, kind, name);
    if (base !== undefined) return { name, open: '{', close: '}', base, keys: this.ownKeys(value, kind) };
    if (native.isArguments(value)) {
      return { name: 'Arguments', open: '[Arguments] {', close: '}', keys: this.keys(value) };
    }
    const iterator = tag(value, name);
    if (name === null || name !== 'Object' || iterator !== '') return plain(`${prefix('Object')}{`, '}');
    return plain('{', '}');
  }

  /** The text of functions, errors, dates, regular expressions and boxed values. */
  base(value, kind, name) {
    if (typeof value === 'function') return functionBase(value, name);
    if (kind === 'error') return this.error(value);
    if (kind === 'date') {
      const time = Date.prototype.getTime.call(value);
      return Number.isNaN(time) ? 'Invalid Date' : Date.prototype.toISOString.call(value);
    }
    if (kind === 'regexp') return RegExp.prototype.toString.call(value);
    if (kind === 'boxed') {
      const content = value.valueOf();
      const type = typeof content;
      const title = type[0].toUpperCase() + type.slice(1).replace('int', 'Int');
      return `[${title}: ${type === 'string' ? quoted(content) : this.primitive(content)}]`;
    }
    return undefined;
  }

  error(error) {
    let stack = error.stack;
    const title = errorTitle(error);
    stack = typeof stack === 'string' && stack !== '' ? `${title}\n${stack.trimEnd()}` : `[${title}]`;
    if (this.path.length > 0 || this.indentation > 0) {
      stack = stack.replaceAll('\n', `\n${' '.repeat(this.indentation)}`);
    }
    return stack;
  }

  ownKeys(value, kind) {
    const keys = this.keys(value);
    if (kind === 'error') {
      if (Object.hasOwn(value, 'cause') && !keys.includes('cause')) keys.push('cause');
      if (Object.hasOwn(value, 'errors') && !keys.includes('errors')) keys.push('errors');
      return keys.filter((key) => !['stack', 'message'].includes(key) && !(key === 'name' && errorTitle(value).startsWith(value.name)));
    }
    return kind === 'boxed' ? keys.filter((key) => typeof key === 'symbol' || !/^\d+$/.test(key)) : keys;
  }

  keys(value) {
    const keys = this.options.showHidden ? Object.getOwnPropertyNames(value) : Object.keys(value);
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      if (this.options.showHidden || Object.prototype.propertyIsEnumerable.call(value, symbol)) keys.push(symbol);
    }
    return keys;
  }

  otherKeys(value) {
    return this.keys(value).filter((key) => typeof key === 'symbol' || !/^(0|[1-9]\d{0,9})$/.test(key));
  }

  prefix(value, name, fallback, size) {
    const count = size === undefined ? '' : `(${size})`;
    const label = tag(value, name);
    const shown = label === '' ? '' : `[${label}] `;
    return name === null ? `[${fallback}${count}: null prototype] ${shown}` : `${name}${count} ${shown}`;
  }

  list(value, length, level) {
    const most = Math.min(this.options.maxArrayLength ?? Infinity, length);
    const parts = [];
    let index = 0;
    while (index < length && parts.length < most) {
      if (Object.hasOwn(value, index)) {
        parts.push(this.property(value, index, level, true));
        index += 1;
        continue;
      }
      const from = index;
      while (index < length && !Object.hasOwn(value, index)) index += 1;
      parts.push(`<${index - from} empty item${index - from > 1 ? 's' : ''}>`);
    }
    return this.withMore(parts, length - index);
  }

  withMore(parts, left) {
    if (left > 0) parts.push(`... ${left} more item${left > 1 ? 's' : ''}`);
    return parts;
  }

  set(items, level) {
    return this.indented(2, () => {
      const most = Math.min(this.options.maxArrayLength ?? Infinity, items.length);
      return this.withMore(items.slice(0, most).map((item) => this.print(item, level)), items.length - most);
    });
  }

  map(pairs, level) {
    return this.indented(2, () => {
      const most = Math.min(this.options.maxArrayLength ?? Infinity, pairs.length);
      const parts = pairs.slice(0, most).map(([key, item]) => `${this.print(key, level)} => ${this.print(item, level)}`);
      return this.withMore(parts, pairs.length - most);
    });
  }

  typedArray(value, name) {
    const Typed = Object.getPrototypeOf(Uint8Array);
    const length = Object.getOwnPropertyDescriptor(Typed.prototype, 'length').get.call(value);
    const open = `${this.prefix(value, name, 'TypedArray', length)}[`;
    const items = length === 0 ? undefined : (level) => this.list(value, length, level);
    return { name, open, close: ']', items, keys: this.otherKeys(value), isList: true };
  }

  arrayBuffer(value, name) {
    const items = () => {
      const bytes = [...new Uint8Array(value).subarray(0, 50)].map((byte) => byte.toString(16).padStart(2, '0'));
      const more = value.byteLength > 50 ? ` ... ${value.byteLength - 50} more bytes` : '';
      return [`[Uint8Contents]: <${bytes.join(' ')}${more}>`, `byteLength: ${value.byteLength}`];
    };
    return { name, open: `${this.prefix(value, name, 'ArrayBuffer')}{`, close: '}', items, keys: this.keys(value) };
  }

  promise(value, level) {
    const [state, result] = native.promiseState(value);
    if (state === 'pending') return '<pending>';
    const text = this.indented(2, () => this.print(result, level));
    return state === 'rejected' ? `<rejected> ${text}` : text;
  }

  property(value, key, level, isList) {
    const about = Object.getOwnPropertyDescriptor(value, key) ?? { value: value[key], enumerable: true };
    let text;
    if (about.get !== undefined) text = about.set === undefined ? '[Getter]' : '[Getter/Setter]';
    else if (about.set !== undefined) text = '[Setter]';
    else text = this.indented(2, () => this.print(about.value, level));
    if (isList && typeof key === 'number') return text;
    return `${keyText(key, about.enumerable)}: ${text}`;
  }

  indented(by, print) {
    this.indentation += by;
    try {
      return print();
    } finally {
      this.indentation -= by;
    }
  }

  /** The parts on one line where they are few and short, else one below the other, numbers in columns. */
  joined(parts, base, open, shape, level, value) {
    const { close, isList } = shape;
    const { compact, breakLength } = this.options;
    const lead = base === '' ? '' : `${base} `;
    if (compact) {
      const count = parts.length;
      if (isList && count > 6) parts = this.columns(parts, value);
      if (this.deepest - level < compact && count === parts.length) {
        const start = parts.length + this.indentation + open.length + base.length + 10;
        const length = parts.reduce((total, part) => total + part.length, start + parts.length);
        if (length <= breakLength && !base.includes('\n')) {
          const line = parts.join(', ');
          if (!line.includes('\n')) return `${lead}${open} ${line} ${close}`;
        }
      }
    }
    const margin = `\n${' '.repeat(this.indentation)}`;
    return `${lead}${open}${margin}  ${parts.join(`,${margin}  `)}${margin}${close}`;
  }

  /** Short items in columns of equal width, about as wide as high. */
  columns(parts, value) {
    const hasMore = this.options.maxArrayLength !== null && parts.length > this.options.maxArrayLength;
    const count = hasMore ? parts.length - 1 : parts.length;
    const widths = parts.slice(0, count).map((part) => part.length);
    const total = widths.reduce((sum, width) => sum + width + 2, 0);
    const longest = Math.max(...widths);
    const widest = longest + 2;
    const { breakLength, compact } = this.options;
    if (widest * 3 + this.indentation >= breakLength || (total / widest <= 5 && longest > 6)) return parts;
    const bias = Math.max(widest - 3 - Math.sqrt(widest - total / parts.length), 1);
    const columns = Math.min(Math.round(Math.sqrt(2.5 * bias * count) / bias),
      Math.floor((breakLength - this.indentation) / widest), compact * 4, MOST_COLUMNS);
    if (columns <= 1) return parts;
    const columnWidths = [];
    for (let column = 0; column < columns; column += 1) {
      let width = 0;
      for (let index = column; index < count; index += columns) width = Math.max(width, widths[index]);
      columnWidths.push(width + 2);
    }
    const areNumbers = parts.every((_, index) => ['number', 'bigint'].includes(typeof value[index]));
    const lines = [];
    for (let from = 0; from < count; from += columns) {
      const row = parts.slice(from, Math.min(from + columns, count));
      const last = row.length - 1;
      lines.push(row.map((part, column) => {
        if (column === last) return areNumbers ? part.padStart(columnWidths[column] - 2) : part;
        return areNumbers ? `${part}, `.padStart(columnWidths[column]) : `${part}, `.padEnd(columnWidths[column]);
      }).join(''));
    }
    if (hasMore) lines.push(parts[count]);
    return lines;
  }
}

function number(value) {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A string literal, in the quotes that need the fewest escapes. */
function quoted(text) {
  let quote = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) quote = '"';
    else if (!text.includes('`') && !text.includes('${')) quote = '`';
  }
  const escape = (character) => {
    if (character === quote) return `\\${quote}`;
    if (ESCAPES[character] !== undefined) return ESCAPES[character];
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}` : `\\u${code.toString(16).toUpperCase()}`;
  };
  const special = /[\x00-\x1f\x7f-\x9f\\'"`]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const body = text.replace(special, (found) => (/['"`]/.test(found) && found !== quote ? found : escape(found)));
  return `${quote}${body}${quote}`;
}

function keyText(key, isEnumerable) {
  let text;
  if (typeof key === 'symbol') text = `[${key.toString()}]`;
  else if (key === '__proto__') text = "['__proto__']";
  else text = IDENTIFIER.test(key) ? key : quoted(key);
  return isEnumerable === false && typeof key !== 'symbol' ? `[${text}]` : text;
}

/** The name of the nearest constructor; null for an object without prototype. */
function constructorName(value) {
  for (let object = value; object !== null; object = Object.getPrototypeOf(object)) {
    const about = Object.getOwnPropertyDescriptor(object, 'constructor');
    if (about !== undefined && typeof about.value === 'function' && about.value.name !== ''
      && isInstance(value, about.value)) {
      return String(about.value.name);
    }
  }
  return null;
}

function isInstance(value, constructor) {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
}

/** `Symbol.toStringTag` where it says something new. */
function tag(value, name) {
  const found = value[Symbol.toStringTag];
  return typeof found === 'string' && found !== '' && found !== name ? found : '';
}

function functionBase(value, name) {
  const source = Function.prototype.toString.call(value);
  const own = Object.getOwnPropertyDescriptor(value, 'name');
  const title = own !== undefined && typeof own.value === 'string' && own.value !== '' ? own.value : undefined;
  if (source.startsWith('class') && source.endsWith('}')) {
    const parent = Object.getPrototypeOf(value);
    const from = parent !== null && parent.name ? ` extends ${parent.name}` : '';
    return `[class ${title ?? '(anonymous)'}${from}]`;
  }
  const type = name ?? 'Function';
  const label = name === null ? 'Function (null prototype)' : type;
  return title === undefined ? `[${label} (anonymous)]` : `[${label}: ${title}]`;
}

/** `Name: message`, with the class where the name does not tell it. */
function errorTitle(error) {
  const name = typeof error.name === 'string' ? error.name : 'Error';
  const own = constructorName(error) ?? 'Error';
  const message = error.message === undefined ? '' : String(error.message);
  const code = typeof error.code === 'string' && name === 'AssertionError' ? ` [${error.code}]` : '';
  const shown = name === 'Error' && own !== 'Error' && own.endsWith('Error') ? own : name;
  return message === '' ? `${shown}${code}` : `${shown}${code}: ${message}`;
}

function inspect(value, options, depth) {
  if (typeof options === 'boolean') options = { showHidden: options, depth: depth === undefined ? 2 : depth };
  return new Printer(options).print(value, 0);
}
inspect.custom = CUSTOM;
inspect.defaultOptions = DEFAULTS;

/** `console.log`'s text: placeholders filled in, the rest behind them. */
function format(...values) {
  return formatWithOptions({}, ...values);
}

function formatWithOptions(options, ...values) {
  if (values.length === 1 && typeof values[0] === 'string') return values[0];
  let text = '';
  let next = 0;
  if (typeof values[0] === 'string' && values.length > 1) {
    next = 1;
    text = values[0].replace(/%([sdifjoOc%])/g, (whole, kind) => {
      if (kind === '%') return '%';
      if (next >= values.length) return whole;
      const value = values[next];
      next += 1;
      return placeholder(kind, value, options);
    });
    if (next < values.length) text += ' ';
  }
  const rest = values.slice(next);
  return text + rest.map((value) => (typeof value === 'string' ? value : inspect(value, options))).join(' ');
}

function placeholder(kind, value, options) {
  switch (kind) {
    case 's': return plainText(value, options);
    case 'd':
      if (typeof value === 'bigint') return `${value}n`;
      return typeof value === 'symbol' || typeof value === 'object' ? 'NaN' : number(Number(value));
    case 'i':
      if (typeof value === 'bigint') return `${value}n`;
      return typeof value === 'symbol' || typeof value === 'object' ? 'NaN' : number(parseInt(value, 10));
    case 'f': return typeof value === 'symbol' ? 'NaN' : number(parseFloat(value));
    case 'j':
      try {
        return String(JSON.stringify(value));
      } catch (error) {
        if (/circular/i.test(String(error && error.message))) return '[Circular]';
        throw error;
      }
    case 'o': return inspect(value, { ...options, showHidden: true, depth: 4 });
    case 'O': return inspect(value, options);
    default: return '';
  }
}

function plainText(value, options) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return number(value);
  if (value === null || typeof value !== 'object') return String(value);
  const hasOwnText = typeof value.toString === 'function' && value.toString !== Object.prototype.toString
    && value.toString !== Array.prototype.toString;
  return hasOwnText ? String(value) : inspect(value, { ...options, depth: 0, compact: 3 });
}

exports.inspect = inspect;
exports.format = format;
exports.formatWithOptions = formatWithOptions;
exports.errorTitle = errorTitle;
exports.constructorName = constructorName;
