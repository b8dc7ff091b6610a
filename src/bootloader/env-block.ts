import { TwinbankError } from '../diagnostics/error.ts';

/** Bytes in a GRUB environment block, as grub-editenv makes it and the boot contract demands it. */
export const envBlockSize = 1024;

const signature = '# GRUB Environment Block\n';
/** Nobody reads more of them, and a forged file of a mebibyte could have half a million. */
const maxProblems = 20;
const newline = 0x0a;
const hash = 0x23;
/** Printable ASCII without what GRUB's `load_env` drops (\) or its `linux` command escapes (" and '). */
const valuePattern = /^[\x20\x21\x23-\x26\x28-\x5b\x5d-\x7e]*$/;
const keyPattern = /^[a-z][a-z0-9_.]*$/;

export interface EnvEntry {
  readonly key: string;
  readonly value: string;
  /** Byte offset of the value's first character. */
  readonly offset: number;
}

export interface EnvProblem {
  /** Byte at which the block stops being what it should be. */
  readonly offset: number;
  readonly message: string;
}

interface EnvBlock {
  /** In file order; where a key is repeated GRUB's `load_env` ends with the last. */
  readonly entries: readonly EnvEntry[];
  /** The first 20. */
  readonly problems: readonly EnvProblem[];
}

/**
 * A block of exactly 1024 bytes with the entries in the order given, filled up with `#`.
 * Throws `env-block.key`, `env-block.value` or `env-block.too-long`, each naming the key and `file`.
 */
export function encodeEnvBlock(
  entries: readonly (readonly [key: string, value: string])[],
  file: string,
): Uint8Array {
  let text = signature;
  const seen = new Set<string>();
  for (const [key, value] of entries) {
    if (!keyPattern.test(key) || seen.has(key)) {
      const wrong = seen.has(key) ? 'a second one' : JSON.stringify(key);
      throw refuse('key', file, key, `expected one key of lower-case letters, found ${wrong}`);
    }
    seen.add(key);
    const bad = value.search(/[^\x20\x21\x23-\x26\x28-\x5b\x5d-\x7e]/);
    if (!valuePattern.test(value)) {
      const expected = `expected printable ASCII without \\, " and '`;
      const found = `${JSON.stringify(value[bad])} at character ${bad + 1}`;
      throw refuse('value', file, key, `${expected}, found ${found}`);
    }
    text += `${key}=${value}\n`;
    if (text.length > envBlockSize) {
      const rule = `expected everything up to this key within ${envBlockSize} bytes`;
      throw refuse('too-long', file, key, `${rule}, found ${text.length}`);
    }
  }
  return Buffer.from(text.padEnd(envBlockSize, '#'), 'latin1');
}

function refuse(code: string, file: string, key: string, what: string): TwinbankError {
  return new TwinbankError('recipe', `env-block.${code}`, `${file} ${key}: ${what}`, {
    data: { file, key },
  });
}

/**
 * Reads a block the way GRUB 2.06 does (grub-core/lib/envblk.c, grub_envblk_iterate), so that a damaged
 * one means the same to both, and says at which byte it is not what `encodeEnvBlock` would have written.
 * Never throws; without GRUB's first line there are no entries, because GRUB then reads none either.
 */
export function decodeEnvBlock(bytes: Uint8Array): EnvBlock {
  const problems: EnvProblem[] = [];
  const report = (offset: number, message: string): void => {
    if (problems.length < maxProblems) problems.push({ offset, message });
  };
  const text = textOf(bytes);
  if (bytes.length !== envBlockSize) {
    const message = `expected ${envBlockSize} bytes, found ${bytes.length}`;
    report(Math.min(bytes.length, envBlockSize), message);
  }
  if (!text.startsWith(signature)) {
    const offset = [...signature].findIndex((char, index) => text[index] !== char);
    report(offset, `expected the line ${JSON.stringify(signature.trim())}`);
    return { entries: [], problems };
  }
  const entries: EnvEntry[] = [];
  const seen = new Set<string>();
  let at = signature.length;
  while (at < bytes.length) {
    if (text[at] !== '#') {
      const nameEnd = text.indexOf('=', at);
      if (nameEnd < 0) {
        report(at, 'expected key=value or #, found no = to the end');
        return { entries, problems };
      }
      const valueEnd = endOfLine(text, nameEnd + 1);
      if (valueEnd >= bytes.length) {
        report(nameEnd + 1, 'expected the line to end, found none');
        return { entries, problems };
      }
      const key = text.slice(at, nameEnd);
      const raw = text.slice(nameEnd + 1, valueEnd);
      const plain = keyPattern.test(key);
      const shown = plain && key.length <= 24 ? key : JSON.stringify(key.slice(0, 24));
      if (!plain) report(at, `expected a key of lower-case letters, found ${shown}`);
      if (!valuePattern.test(raw)) {
        const bad = raw.search(/[^\x20\x21\x23-\x26\x28-\x5b\x5d-\x7e]/);
        const byte = raw.charCodeAt(bad).toString(16).padStart(2, '0');
        const rule = `expected printable ASCII without \\, " and '`;
        report(nameEnd + 1 + bad, `${shown}: ${rule}, found byte 0x${byte}`);
      }
      if (seen.has(key)) report(at, `${shown}: expected it once, found it again`);
      seen.add(key);
      const value = /[\\\0]/.test(raw) ? unescaped(raw) : raw;
      entries.push({ key, value, offset: nameEnd + 1 });
      at = valueEnd + 1;
    } else {
      const end = endOfLine(text, at);
      const other = text.slice(at, end).search(/[^#]/);
      if (other >= 0) report(at + other, 'expected only # up to the end');
      at = end + 1;
    }
  }
  return { entries, problems };
}

/** Offset of the newline that ends the line at `from`; a backslash hides the character after it. */
function endOfLine(text: string, from: number): number {
  const next = text.indexOf('\n', from);
  const end = next < 0 ? text.length : next;
  // Not lastIndexOf, which would look through all that is before the line.
  if (!text.slice(from, end).includes('\\')) return end;
  let at = from;
  while (at < text.length && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** GRUB drops backslashes and keeps C strings: what follows a NUL is not seen. */
function unescaped(raw: string): string {
  return raw.replace(/\\([\s\S])/g, '$1').split('\0', 1)[0] ?? '';
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/**
 * What GRUB 2.06's `save_env` makes of a block when the new value is as long as the old one: the first
 * line with that key changes in place (grub_envblk_set). Undefined where GRUB refuses: no such key, other
 * length, or a last line that does not end before the filler.
 */
export function setInEnvBlock(
  bytes: Uint8Array,
  key: string,
  value: string,
): Uint8Array | undefined {
  let last = bytes.length - 1;
  while (last >= 0 && bytes[last] === hash) last--;
  if (bytes[last] !== newline) return undefined;
  const text = textOf(bytes);
  const name = `${key}=`;
  for (let at = signature.length; at + name.length < last + 1; at = endOfLine(text, at) + 1) {
    if (!text.startsWith(name, at)) continue;
    const start = at + name.length;
    if (endOfLine(text, start) - start !== value.length) return undefined;
    const changed = Uint8Array.from(bytes);
    changed.set(Buffer.from(value, 'latin1'), start);
    return changed;
  }
  return undefined;
}
