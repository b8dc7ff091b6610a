import { TwinbankError } from '../../diagnostics/error.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import { quote } from '../../diagnostics/quote.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

/** Lists and objects within one another; what is signed has four. */
const maxDepth = 16;

/** With the flag, a pair is one character, so that only a surrogate without its other half is found. */
const loneSurrogate = /[\ud800-\udfff]/u;

/**
 * The one form of a value that is signed: RFC 8785 (JSON Canonicalization Scheme) without fractions, in
 * UTF-8. Throws `json.number` for what is no safe integer, `json.surrogate` for text that is not Unicode, and
 * `json.depth` beyond 16 levels, all of kind `corrupt`; a TypeError for what is no JSON at all.
 */
export function canonicalJson(value: JsonValue): Uint8Array {
  return Buffer.from(encode(value, '', 1));
}

/**
 * The value of bytes that are canonical JSON. Others are refused: `json.syntax`, `json.form` where they differ
 * from the canonical form of what they say (blanks, order, a key twice, escapes, encoding), and whatever
 * `canonicalJson` throws; all of kind `corrupt`, beginning with `what`. The caller limits the size.
 */
export function parseCanonicalJson(bytes: Uint8Array, what: string): JsonValue {
  try {
    const value = parse(bytes);
    // Bytes that are not UTF-8 were replaced when they were decoded, and so differ as well.
    const canonical = canonicalJson(value);
    if (Buffer.compare(canonical, bytes) !== 0) throw otherForm(canonical, bytes);
    return value;
  } catch (error) {
    throw inFile(what, error);
  }
}

function parse(bytes: Uint8Array): JsonValue {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    // The engine's own sentence quotes the bytes, which may be anything.
    throw new TwinbankError('corrupt', 'json.syntax', 'expected JSON, found bytes that are not', {
      cause,
    });
  }
}

/** `at` is the place of the value in the whole, `.entries[3].bytes`; `depth` its level, from 1. */
function encode(value: JsonValue, at: string, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return encodeNumber(value, at);
  if (typeof value === 'string') return encodeText(value, at);
  if (typeof value !== 'object') throw new TypeError(`${at}: ${typeof value} is no JSON`);
  if (depth > maxDepth) {
    throw refusal('json.depth', at, `expected at most ${maxDepth} levels, found more`);
  }
  if (isList(value)) {
    return `[${value.map((item, index) => encode(item, `${at}[${index}]`, depth + 1)).join(',')}]`;
  }
  // RFC 8785 section 3.2.3: by UTF-16 code units, which is how JavaScript compares.
  const members = Object.keys(value)
    .sort()
    .map((name) => {
      const key = encodeText(name, at);
      return `${key}:${encode(value[name] as JsonValue, `${at}.${name}`, depth + 1)}`;
    });
  return `{${members.join(',')}}`;
}

function encodeNumber(value: number, at: string): string {
  if (Number.isSafeInteger(value)) return String(value);
  const expected = `expected a whole number within ${Number.MAX_SAFE_INTEGER}`;
  throw refusal('json.number', at, `${expected}, found ${value}`);
}

/** JSON.stringify escapes exactly what RFC 8785 section 3.2.2.2 does, but for surrogates. */
function encodeText(value: string, at: string): string {
  if (!loneSurrogate.test(value)) return JSON.stringify(value);
  throw refusal('json.surrogate', at, `expected Unicode text, found ${quote(value)}`);
}

/** Array.isArray does not narrow a readonly array. */
function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function refusal(code: string, at: string, sentence: string): TwinbankError {
  const place = at.replace(/^\./, '');
  const message = place === '' ? sentence : `${quote(place).slice(1, -1)}: ${sentence}`;
  return new TwinbankError('corrupt', code, message, { data: { place } });
}

function otherForm(expected: Uint8Array, found: Uint8Array): TwinbankError {
  let offset = 0;
  while (offset < expected.length && expected[offset] === found[offset]) offset++;
  const message =
    `expected canonical JSON, ${byteAt(expected, offset)} at byte ${offset}, ` +
    `found ${byteAt(found, offset)}`;
  return new TwinbankError('corrupt', 'json.form', message, { data: { offset } });
}

function byteAt(bytes: Uint8Array, offset: number): string {
  const byte = bytes[offset];
  return byte === undefined ? 'the end' : `0x${byte.toString(16).padStart(2, '0')}`;
}
