import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readDirectoryTree,
  treeDigest,
} from '../../../../src/builder/components/directory-tree.ts';
import {
  type FileTree,
  linkStaysInside,
  mergeTrees,
  sortedEntries,
  treePath,
  withParents,
} from '../../../../src/builder/components/file-tree.ts';
import { temporaryDirectory } from './surroundings.ts';

const file = (text: string, mode = 0o644) =>
  ({ type: 'file', mode, data: Buffer.from(text) }) as const;

test.each([
  ['./usr/bin/', 'usr/bin'],
  ['usr//bin/./x', 'usr/bin/x'],
  ['./', ''],
])('the path %s of an archive is %s in a tree', (raw, path) => {
  expect(treePath(raw, 'x.deb')).toBe(path);
});

test.each(['/etc/passwd', '../x', 'a/../../x', 'a/..', 'a\0b'])('the path %j is refused', (raw) => {
  expect(() => treePath(raw, 'x.deb')).toThrow(expect.objectContaining({ kind: 'corrupt' }));
});

test.each([
  ['usr/bin/x', '../lib/y', true],
  ['usr/bin/x', '../../etc/y', true],
  ['usr/bin/x', '../../../etc/y', false],
  ['x', '../y', false],
  ['x', '/etc/y', true],
  ['x', '/../y', false],
  ['x', '', false],
])('whether the link %s to %s stays in its tree: %s', (path, target, inside) => {
  expect(linkStaysInside(path, target)).toBe(inside);
});

test('merging refuses two different things at one path, and takes the same thing twice', () => {
  const a: FileTree = new Map([['etc/x', file('1')]]);
  expect([...mergeTrees(a, new Map([['etc/x', file('1')]])).keys()]).toEqual(['etc/x']);
  expect(() => mergeTrees(a, new Map([['etc/x', file('2')]]))).toThrow('etc/x');
  expect(() => mergeTrees(a, new Map([['etc/x', file('1', 0o755)]]))).toThrow('etc/x');
});

test('implied directories are added, and come before what is in them', () => {
  const tree = withParents(
    new Map([
      ['a/b/c', file('')],
      ['a.b', file('')],
    ]),
  );
  expect(sortedEntries(tree).map(([path]) => path)).toEqual(['a', 'a.b', 'a/b', 'a/b/c']);
});

test('a directory reads the same under another umask and order of creation', async () => {
  const trees = [
    { mode: 0o600, directory: 0o700, names: ['a', 'b'] },
    { mode: 0o666, directory: 0o777, names: ['b', 'a'] },
  ].map(({ mode, directory, names }) => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'd'));
    chmodSync(join(root, 'd'), directory);
    for (const name of names) {
      writeFileSync(join(root, 'd', name), name);
      chmodSync(join(root, 'd', name), name === 'a' ? mode | 0o100 : mode);
    }
    symlinkSync('a', join(root, 'd', 'l'));
    return readDirectoryTree(root);
  });
  const [one, two] = await Promise.all(trees);
  expect(two).toEqual(one);
  expect([...one!.keys()]).toEqual([...two!.keys()]);
  expect(treeDigest(one!)).toBe(treeDigest(two!));
  expect(one!.get('d/a')).toMatchObject({ mode: 0o755 });
  expect(one!.get('d/b')).toMatchObject({ mode: 0o644 });
});

test('a digest changes with each thing a tree holds', () => {
  const variants: FileTree[] = [
    new Map([['a', file('1')]]),
    new Map([['a', file('2')]]),
    new Map([['b', file('1')]]),
    new Map([['a', file('1', 0o755)]]),
    new Map([['a', { type: 'symlink', target: '1' }]]),
    new Map([['a', { type: 'directory', mode: 0o755 }]]),
  ];
  expect(new Set(variants.map(treeDigest)).size).toBe(variants.length);
});

test('a link that leads out of the directory is refused by name', async () => {
  const root = temporaryDirectory();
  symlinkSync('../../secret', join(root, 'out'));
  await expect(readDirectoryTree(root)).rejects.toThrow('out: expected');
});
