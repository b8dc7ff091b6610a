import { expect, it } from 'vitest';
import {
  builtinFinder,
  removeBuiltin,
} from '../../../../../src/builder/modules/engine/builtin-sources.ts';

const latin = "'use strict'; // plain J\u00f6rg";
const wide = "module.exports = '\u2192';";
const twice = 'const again = 1;';
const sources = new Map([
  ['latin', latin],
  ['wide', wide],
  ['twice', twice],
  ['empty', ''],
  ['absent', 'never there'],
]);

/** A program of the sources as js2c writes them, between other bytes. */
function program(): Buffer {
  return Buffer.concat([
    Buffer.from('\x7fELF\0'),
    Buffer.from(`${latin}\0`, 'latin1'),
    Buffer.from(`${twice}\0${twice}\0`),
    Buffer.from(wide, 'utf16le'),
    Buffer.from('\0end'),
  ]);
}

it('finds a source in one byte or two a character, and only where it is there once', () => {
  const find = builtinFinder(program(), sources);
  expect(find('latin')).toEqual({ start: 5, encoding: 'latin1' });
  const start = 5 + latin.length + 1 + 2 * (twice.length + 1);
  expect(find('wide')).toEqual({ start, encoding: 'utf16le' });
  expect(['twice', 'empty', 'absent', 'unknown'].map(find)).toEqual(Array(4).fill(undefined));
});

it('finds nothing where there are no sources', () => {
  expect(builtinFinder(program(), new Map())('latin')).toBeUndefined();
});

it.each(['latin', 'wide'])('replaces the source of %s by an error on a line of its own', (id) => {
  const bytes = program();
  const place = builtinFinder(bytes, sources)(id)!;
  const { length } = sources.get(id)!;
  removeBuiltin(bytes, place, length, 'gone');
  const width = place.encoding === 'latin1' ? 1 : 2;
  const text = bytes.toString(place.encoding, place.start, place.start + width * length);
  expect(text).toBe('throw Error("gone")\n'.padEnd(length));
  expect(() => new Function(text)()).toThrow(/^gone$/);
  expect(bytes.length).toBe(program().length);
  expect(bytes.subarray(-3).toString()).toBe('end');
});

it('refuses a message that is longer than the source', () => {
  const refused = expect.objectContaining({ code: 'engine.builtin-short' });
  const place = { start: 0, encoding: 'latin1' } as const;
  expect(() => removeBuiltin(program(), place, 20, 'too long')).toThrow(refused);
});
