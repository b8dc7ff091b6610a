import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FileTree, TreeEntry } from '../../../../src/builder/components/file-tree.ts';
import { withData } from '../../../../src/builder/components/file-tree.ts';
import {
  encodeInventory,
  type InventorySources,
  inventoryInputs,
  readInventory,
  takeInventory,
} from '../../../../src/builder/inventory/inventory.ts';
import { unknownLicence } from '../../../../src/builder/inventory/licence.ts';
import { genericPackage } from '../../../../src/builder/inventory/package.ts';

const named = (name: string) =>
  genericPackage({ name, version: '1', supplier: '', licence: unknownLicence('a test') });
const sources: InventorySources = {
  own: named('own'),
  packages: { 'deb:a': named('a'), 'deb:b': named('b') },
};
const data = Buffer.from('x');
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const taken: Extract<TreeEntry, { type: 'file' }> = {
  type: 'file',
  mode: 0o644,
  data,
  from: { id: 'deb:b', path: 'bin/b' },
};

describe('an inventory', () => {
  it('has each file and link once, with what brought it', () => {
    const tree: FileTree = new Map<string, TreeEntry>([
      ['bin', { type: 'directory', mode: 0o755 }],
      ['bin/b', taken],
      ['bin/c', withData(taken, Buffer.from('y'))],
      ['bin/l', { type: 'symlink', target: 'b' }],
    ]);
    const { packages, files } = takeInventory('m', tree, { ...sources, bundled: [named('in')] });
    expect(packages.map(({ name }) => name)).toEqual(['b', 'own', 'in']);
    expect(files).toEqual([
      { path: 'bin/b', sha256: hash(data), package: 0 },
      { path: 'bin/c', sha256: hash(Buffer.from('y')), package: 0, from: 'bin/b', changed: true },
      { path: 'bin/l', target: 'b', package: 1 },
    ]);
  });

  it('knows a file that was given the same content as unchanged', () => {
    expect(withData(taken, Buffer.from('x')).from).toEqual(taken.from);
  });

  it('is refused where a file is of a component that nobody described', () => {
    const tree: FileTree = new Map([['x', { ...taken, from: { id: 'deb:z', path: 'x' } }]]);
    expect(() => takeInventory('m', tree, sources)).toThrow(
      'deb:z among the packages of the module',
    );
  });

  it('has the same bytes and the same key whatever order its facts were found in', () => {
    const tree: FileTree = new Map([['bin/b', taken]]);
    const turned = (value: object) =>
      JSON.parse(JSON.stringify(value, Object.keys(value).reverse().concat(keysOf(value))));
    const other = { own: turned(sources.own), packages: turned(sources.packages) };
    const encode = (from: InventorySources) => encodeInventory([takeInventory('m', tree, from)]);
    expect(Object.keys(other.own)).not.toEqual(Object.keys(sources.own));
    expect(Buffer.from(encode(other))).toEqual(Buffer.from(encode(sources)));
    expect(inventoryInputs(other)).toBe(inventoryInputs(sources));
  });

  it('reads as it was written, and nothing else', () => {
    const all = [takeInventory('m', new Map([['bin/b', taken]]), sources)];
    expect(readInventory(encodeInventory(all), 'x')).toEqual(all);
    const broken = [
      'no',
      '{}',
      JSON.stringify({ schemaVersion: 1, modules: [{ ...all[0], packages: [] }] }),
      JSON.stringify({
        schemaVersion: 1,
        modules: [{ ...all[0], packages: [named('a'), named('a')] }],
      }),
    ];
    for (const text of broken) {
      expect(() => readInventory(Buffer.from(text), 'x.json')).toThrow(
        'x.json: expected an inventory',
      );
    }
  });
});

function keysOf(value: object): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null ? [key, ...keysOf(inner)] : [key],
  );
}
