import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import type { BundleIndexEntry } from '../../../../src/update/bundle/bundle-entries.ts';
import {
  type BundleIndex,
  decodeBundleIndex,
  encodeBundleIndex,
} from '../../../../src/update/bundle/bundle-index.ts';
import { canonicalJson, type JsonValue } from '../../../../src/update/signing/canonical-json.ts';
import { errorOf } from '../../../support/error-of.ts';

const digest = 'ab'.repeat(32);
const entry = (path: string, bytes = 1): BundleIndexEntry => ({ path, bytes, sha256: digest });
const entries = (...paths: string[]): BundleIndexEntry[] => paths.map((path) => entry(path));

const full: BundleIndex = {
  product: 'twinbank',
  version: '0.2.0',
  build: '0.2.0-17',
  entries: entries('base.json', 'base.sig', 'acme.json', 'acme.sig', 'modules/a.v00', 'packages/p'),
};
const document = JSON.parse(Buffer.from(encodeBundleIndex(full)).toString());

/** What a changed bundle.json is refused for. */
function refusal(changes: Record<string, unknown>): string {
  const bytes = canonicalJson({ ...document, ...changes } as JsonValue);
  const error = errorOf(() => decodeBundleIndex(bytes, 'x.tbu: bundle.json'));
  expect(error).toMatchObject({ kind: 'corrupt', code: 'bundle.index' });
  return error.message.replace(/^x\.tbu: bundle\.json: /, '');
}
const refusedEntries = (list: readonly unknown[]): string => refusal({ entries: list });
const refusedPaths = (...paths: string[]): string => refusedEntries(entries(...paths));

describe('the index of a bundle', () => {
  test('is canonical JSON with these members', () => {
    const index = { ...full, entries: entries('base.json', 'base.sig') };
    const listed = ['base.json', 'base.sig']
      .map((path) => `{"bytes":1,"path":"${path}","sha256":"${digest}"}`)
      .join(',');
    expect(Buffer.from(encodeBundleIndex(index)).toString()).toBe(
      `{"build":"0.2.0-17","entries":[${listed}],"product":"twinbank","schemaVersion":1,"type":"bundle","version":"0.2.0"}`,
    );
  });

  test('says the same after it was read, with and without an older build', () => {
    const from = { build: '0.1.0-3', manifest: digest };
    expect(decodeBundleIndex(encodeBundleIndex(full), 'x')).toMatchObject(full);
    expect(decodeBundleIndex(encodeBundleIndex(full), 'x').from).toBeUndefined();
    expect(decodeBundleIndex(encodeBundleIndex({ ...full, from }), 'x').from).toEqual(from);
  });

  test('is not written in a form that would be refused', () => {
    const { code } = errorOf(() => encodeBundleIndex({ ...full, entries: entries('base.sig') }));
    expect(code).toBe('bundle.index');
  });

  test('names the document where it is no canonical JSON', () => {
    const error = errorOf(() => decodeBundleIndex(Buffer.from('{ }'), 'x.tbu: bundle.json'));
    expect(error).toBeInstanceOf(TwinbankError);
    expect(error.message).toBe(
      'x.tbu: bundle.json: expected canonical JSON, 0x7d at byte 1, found 0x20',
    );
  });

  test.each([null, [], 1, 'text'])('is an object, not %j', (value) => {
    const error = errorOf(() => decodeBundleIndex(canonicalJson(value), 'x'));
    expect(error.message).toMatch(/^x: expected an object, found /);
  });

  test.each([
    [{ schemaVersion: 2 }, 'schemaVersion: expected 1, found 2'],
    [{ schemaVersion: '1' }, 'schemaVersion: expected 1, found "1"'],
    [{ type: 'manifest' }, 'type: expected "bundle", found "manifest"'],
    [
      { product: '' },
      'product: expected a text of 1 to 1024 characters without control characters, found ""',
    ],
    [
      { version: 7 },
      'version: expected a text of 1 to 1024 characters without control characters, found 7',
    ],
    [{ build: 'a\u001b[31m' }, 'without control characters, found "a\\u001b[31m"'],
    [{ build: 'a'.repeat(1025) }, `found "${'a'.repeat(60)}..."`],
    [{ entries: {} }, 'entries: expected a list, found an object'],
    [{ other: 1 }, 'expected no other members, found "other"'],
    [JSON.parse('{"__proto__":1}'), 'expected no other members, found "__proto__"'],
    [{ from: null }, 'from: expected an object, found null'],
    [
      { from: { build: '1' } },
      'from.manifest: expected 64 lower-case hexadecimal digits, found none',
    ],
    [
      { from: { build: '1', manifest: digest, x: 1 } },
      'from: expected no other members, found "x"',
    ],
    [
      { from: { build: '1', manifest: digest.toUpperCase() } },
      'from.manifest: expected 64 lower-case',
    ],
  ])('is refused with %j', (changes, message) => {
    expect(refusal(changes)).toContain(message);
  });

  test.each(['schemaVersion', 'type', 'product', 'version', 'build', 'entries'])(
    'is refused without %s',
    (name) => {
      const { [name]: _left, ...rest } = document;
      const error = errorOf(() => decodeBundleIndex(canonicalJson(rest), 'x'));
      expect(error.message).toMatch(new RegExp(`^x: ${name}: expected .*, found none$`));
    },
  );
});

describe('an entry of a bundle', () => {
  const base = entries('base.json', 'base.sig');

  test.each([
    [null, 'entries[2]: expected an object, found null'],
    [
      { path: 'modules/a', bytes: 1 },
      'entries[2].sha256: expected 64 lower-case hexadecimal digits, found none',
    ],
    [{ ...entry('modules/a'), x: 1 }, 'entries[2]: expected no other members, found "x"'],
    [entry('modules/a', -1), 'entries[2].bytes: expected a whole number, found -1'],
    [{ ...entry('modules/a'), bytes: '1' }, 'entries[2].bytes: expected a whole number, found "1"'],
    [
      entry('modules/a', 2 ** 31 + 1),
      'entries[2].bytes: expected at most 2147483648, found 2147483649',
    ],
    [
      entry('packages/a', 2 ** 33),
      'entries[2].bytes: expected at most 2147483648, found 8589934592',
    ],
    [entry('acme.json', 2 ** 20 + 1), 'entries[2].bytes: expected at most 1048576, found 1048577'],
    [
      { ...entry('modules/a'), sha256: 'x'.repeat(64) },
      'entries[2].sha256: expected 64 lower-case',
    ],
  ])('is refused as %j', (bad, message) => {
    expect(refusedEntries([...base, bad])).toContain(message);
  });

  test('may have no bytes, or as many as a kind of file may have', () => {
    const list = [
      entry('base.json', 2 ** 20),
      entry('base.sig', 2 ** 16),
      entry('modules/a', 2 ** 31),
      entry('packages/b', 0),
    ];
    const bytes = encodeBundleIndex({ ...full, entries: list });
    expect(decodeBundleIndex(bytes, 'x').entries).toEqual(list);
    expect(refusedEntries([base[0], entry('base.sig', 2 ** 16 + 1)])).toContain('at most 65536');
  });

  test.each([
    'modules/../a',
    'modules/.a',
    'modules/',
    'modules/a/b',
    'modules/a b',
    'modules/a\n',
    'modules/a~b',
    'packages/-a',
    'packages/\u00e4',
    '/base.json',
    './base.json',
    'Acme.json',
    'longer-than8.json',
    '9.json',
    'base.json/',
    'x',
    '',
    `modules/${'a'.repeat(93)}`,
  ])('has no path such as %j', (path) => {
    expect(refusedPaths('base.json', 'base.sig', path)).toMatch(
      /^entries\[2\]\.path: expected ORIGIN\.json, /,
    );
  });

  test.each(['modules/A.b_c+d-9', 'packages/A.b+~_-9', 'acme-9.json', `modules/${'a'.repeat(92)}`])(
    'may have the path %s',
    (path) => {
      const pair = path.endsWith('.json') ? [path, path.replace('json', 'sig')] : [path];
      const list = entries('base.json', 'base.sig', ...pair);
      const bytes = encodeBundleIndex({ ...full, entries: list });
      expect(decodeBundleIndex(bytes, 'x').entries).toEqual(list);
    },
  );
});

describe('the entries of a bundle', () => {
  test.each([
    [[], 'entries: expected base.json first, found no entries'],
    [['acme.json', 'acme.sig'], 'entries[0].path: expected base.json first, found acme.json'],
    [['base.json'], 'entries: expected base.sig after base.json, found no more'],
    [
      ['base.json', 'modules/a'],
      'entries[1].path: expected base.sig after base.json, found modules/a',
    ],
    [
      ['base.json', 'acme.sig'],
      'entries[1].path: expected base.sig after base.json, found acme.sig',
    ],
    [
      ['base.json', 'base.sig', 'acme.sig'],
      'entries[2].path: expected manifests with their signatures, then modules, then packages, found acme.sig after base.sig',
    ],
    [['base.json', 'base.sig', 'modules/a', 'acme.json'], 'found acme.json after modules/a'],
    [['base.json', 'base.sig', 'packages/a', 'modules/a'], 'found modules/a after packages/a'],
    [
      ['base.json', 'base.sig', 'acme.json', 'acme.sig', 'x.json'],
      'entries: expected x.sig after x.json',
    ],
  ])('are refused in the order %j', (paths, message) => {
    expect(refusedPaths(...paths)).toContain(message);
  });

  test.each([
    [
      ['modules/a', 'modules/a'],
      'entries[3].path: expected every path once, found modules/a again',
    ],
    [
      ['modules/Ab', 'modules/aB'],
      'entries[3].path: expected every path once, found modules/aB again',
    ],
    [['base.json'], 'entries[2].path: expected every path once, found base.json again'],
    [
      ['bundle.json', 'bundle.sig'],
      'entries[2].path: expected every path once, found bundle.json again',
    ],
  ])('are refused with a path twice: %j', (paths, message) => {
    expect(refusedPaths('base.json', 'base.sig', ...paths)).toBe(message);
  });

  test('are at most 1024', () => {
    const modules = Array.from({ length: 1022 }, (_, index) => `modules/m${index}`);
    const list = entries('base.json', 'base.sig', ...modules);
    const bytes = encodeBundleIndex({ ...full, entries: list });
    expect(decodeBundleIndex(bytes, 'x').entries).toHaveLength(1024);
    expect(refusedPaths('base.json', 'base.sig', ...modules, 'modules/one')).toBe(
      'entries: expected at most 1024 entries, found 1025',
    );
  });
});
