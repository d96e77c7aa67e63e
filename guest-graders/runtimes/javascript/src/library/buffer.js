// `Buffer`, `TextEncoder` and `TextDecoder`: what programs that read and write text need of them.
'use strict';

const { inspect } = require('inspect');

const ENCODINGS = ['utf8', 'utf-8', 'hex', 'base64', 'base64url', 'ascii', 'latin1', 'binary', 'utf16le', 'ucs2'];

class Buffer extends Uint8Array {
  static from(source, encoding, length) {
    if (typeof source === 'string') return encoded(source, encoding);
    if (source instanceof ArrayBuffer) return new Buffer(source, encoding, length);
    if (ArrayBuffer.isView(source) || Array.isArray(source)) {
      const buffer = new Buffer(source.length);
      buffer.set(source);
      return buffer;
    }
    if (source !== null && typeof source === 'object' && Array.isArray(source.data)) return Buffer.from(source.data);
    throw new TypeError('The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array');
  }

  static alloc(size, fill, encoding) {
    const buffer = new Buffer(size);
    return fill === undefined ? buffer : buffer.fill(fill, encoding);
  }

  static allocUnsafe(size) { return new Buffer(size); }
  static isBuffer(value) { return value instanceof Buffer; }
  static isEncoding(name) { return ENCODINGS.includes(String(name).toLowerCase()); }
  static byteLength(value, encoding) { return typeof value === 'string' ? encoded(value, encoding).length : value.byteLength; }

  static concat(buffers, total) {
    const length = total ?? buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const all = new Buffer(length);
    let offset = 0;
    for (const buffer of buffers) {
      all.set(buffer.subarray(0, length - offset), offset);
      offset += buffer.length;
    }
    return all;
  }

  static compare(left, right) {
    for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
      if (left[index] !== right[index]) return left[index] < right[index] ? -1 : 1;
    }
    return Math.sign(left.length - right.length);
  }

  toString(encoding = 'utf8', start = 0, end = this.length) {
    const bytes = this.subarray(start, end);
    switch (String(encoding).toLowerCase()) {
      case 'utf8': case 'utf-8': return native.decodeText(bytes);
      case 'hex': return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      case 'base64': return native.encodeBase64(bytes);
      case 'base64url': return native.encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      case 'ascii': return text(bytes, (byte) => byte & 0x7f);
      case 'latin1': case 'binary': return text(bytes, (byte) => byte);
      case 'utf16le': case 'ucs2': {
        const units = Array.from({ length: bytes.length >> 1 }, (_, index) => bytes[2 * index] | (bytes[2 * index + 1] << 8));
        return text(units, (unit) => unit);
      }
      default: throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  }

  toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
  equals(other) { return Buffer.compare(this, other) === 0; }
  compare(other) { return Buffer.compare(this, other); }
  slice(start, end) { return this.subarray(start, end); }

  write(string, offset = 0) {
    const bytes = encoded(string).subarray(0, this.length - offset);
    this.set(bytes, offset);
    return bytes.length;
  }

  fill(value, start, end) {
    if (typeof value !== 'string') return super.fill(value, start, end);
    const bytes = encoded(value);
    for (let index = 0; index < this.length && bytes.length > 0; index += 1) this[index] = bytes[index % bytes.length];
    return this;
  }

  indexOf(value, from = 0) {
    if (typeof value === 'number') return super.indexOf(value, from);
    const bytes = typeof value === 'string' ? encoded(value) : value;
    for (let index = from; index + bytes.length <= this.length; index += 1) {
      if (bytes.every((byte, offset) => this[index + offset] === byte)) return index;
    }
    return -1;
  }

  includes(value, from) { return this.indexOf(value, from) >= 0; }
  readUInt8(offset = 0) { return this[offset]; }
  writeUInt8(value, offset = 0) { this[offset] = value; return offset + 1; }

  copy(target, targetStart = 0, start = 0, end = this.length) {
    const bytes = this.subarray(start, Math.min(end, start + target.length - targetStart));
    target.set(bytes, targetStart);
    return bytes.length;
  }

  [inspect.custom]() {
    const bytes = Array.from(super.subarray(0, 50), (byte) => byte.toString(16).padStart(2, '0'));
    const more = this.length > 50 ? ` ... ${this.length - 50} more bytes` : '';
    return `<Buffer${bytes.length > 0 ? ' ' : ''}${bytes.join(' ')}${more}>`;
  }
}

for (const [name, method, size] of [
  ['UInt16', 'Uint16', 2], ['UInt32', 'Uint32', 4], ['Int16', 'Int16', 2], ['Int32', 'Int32', 4], ['Float', 'Float32', 4],
  ['Double', 'Float64', 8], ['BigInt64', 'BigInt64', 8], ['BigUInt64', 'BigUint64', 8],
]) {
  for (const [ending, isLittle] of [['LE', true], ['BE', false]]) {
    Buffer.prototype[`read${name}${ending}`] = function read(offset = 0) {
      return view(this)[`get${method}`](offset, isLittle);
    };
    Buffer.prototype[`write${name}${ending}`] = function write(value, offset = 0) {
      view(this)[`set${method}`](offset, value, isLittle);
      return offset + size;
    };
  }
}

function view(buffer) {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function encoded(string, encoding = 'utf8') {
  switch (String(encoding).toLowerCase()) {
    case 'utf8': case 'utf-8': return new Buffer(native.encodeText(string.toWellFormed()));
    case 'hex': return Buffer.from((string.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => parseInt(pair, 16)));
    case 'base64': case 'base64url':
      return new Buffer(native.decodeBase64(string.replaceAll('-', '+').replaceAll('_', '/')));
    case 'ascii': case 'latin1': case 'binary': return Buffer.from(Array.from(string, (unit) => unit.charCodeAt(0) & 0xff));
    case 'utf16le': case 'ucs2':
      return Buffer.from(string.split('').flatMap((unit) => [unit.charCodeAt(0) & 0xff, unit.charCodeAt(0) >> 8]));
    default: throw new TypeError(`Unknown encoding: ${encoding}`);
  }
}

function text(units, convert) {
  let result = '';
  for (const unit of units) result += String.fromCharCode(convert(unit));
  return result;
}

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(string = '') { return new Uint8Array(native.encodeText(String(string).toWellFormed())); }
}

class TextDecoder {
  get encoding() { return 'utf-8'; }
  decode(bytes = new Uint8Array(0)) {
    return native.decodeText(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes).replace(/^\ufeff/, '');
  }
}

exports.Buffer = Buffer;
exports.TextEncoder = TextEncoder;
exports.TextDecoder = TextDecoder;
exports.btoa = (string) => Buffer.from(String(string), 'latin1').toString('base64');
exports.atob = (string) => Buffer.from(String(string), 'base64').toString('latin1');
