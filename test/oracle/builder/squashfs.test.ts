import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileTree } from '../../../src/builder/components/file-tree.ts';
import { encodeGnuTar } from '../../../src/builder/modules/gnu-tar.ts';
import { makeSquashfs } from '../../../src/builder/modules/squashfs.ts';
import { layerSchema } from '../../../src/recipe/module-schema.ts';
import { temporaryDirectory } from '../../unit/builder/components/surroundings.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
const folders = ['short', 'ümläut', '說明', long, `${'ü'.repeat(60)}/x`, 'y'.repeat(95)];
const targets = [
  ...['/etc/passwd', '../../etc/x', '../ö', '/說明', './x', '..', 'a/../b', 'x'],
  ...[`../${'t'.repeat(150)}`, `/${'t'.repeat(150)}`, 't'.repeat(100), `/${'t'.repeat(99)}`],
];

/** Every kind of link at every kind of path, each beside a file and a folder. */
function treeOfLinks(): FileTree {
  const tree: FileTree = new Map();
  for (const folder of folders) {
    tree.set(folder, { type: 'directory', mode: 0o755 });
    tree.set(`${folder}/file`, { type: 'file', mode: 0o644, data: Buffer.from(folder) });
    for (const [index, target] of targets.entries()) {
      tree.set(`${folder}/link-${index}`, { type: 'symlink', target });
    }
  }
  return tree;
}

judgedBy(['mksquashfs', 'unsquashfs', 'tar'], () => {
  const tree = treeOfLinks();
  const expectTree = (root: string): void => {
    for (const [path, entry] of tree) {
      if (entry.type === 'symlink') expect(readlinkSync(join(root, path))).toBe(entry.target);
    }
    const found = judge('find', [root, '-mindepth', '1', '-printf', '%y %m %P\n'], {
      LC_ALL: 'C.UTF-8',
    });
    const kinds = { symlink: 'l 777', file: 'f 644', directory: 'd 755' };
    const listed = [...tree].map(([path, { type }]) => `${kinds[type]} ${path}`);
    const parents = ['d'.repeat(90), 'ü'.repeat(60)].map((path) => `d 755 ${path}`);
    const rows = (lines: readonly string[]): string[] => [...new Set(lines)].sort();
    expect(rows(found.trim().split('\n'))).toEqual(rows([...listed, ...parents]));
  };

  describe('a layer', () => {
    test('has links whose targets are as they were, whatever the path and the target', async () => {
      const folder = temporaryDirectory();
      const bytes = await makeSquashfs(tree, layerSchema.parse({ compression: 'zstd' }), folder);
      writeFileSync(join(folder, 'x.sqfs'), bytes);
      const root = join(folder, 'root');
      judge('unsquashfs', ['-q', '-n', '-no-xattrs', '-d', root, join(folder, 'x.sqfs')]);
      expectTree(root);
    });
  });

  describe('the tar that it is made of', () => {
    test('is what GNU tar reads in the same way', () => {
      const folder = temporaryDirectory();
      writeFileSync(join(folder, 'x.tar'), Buffer.concat([...encodeGnuTar(tree)]));
      const root = join(folder, 'root');
      judge('mkdir', [root]);
      judge('tar', ['-xpf', join(folder, 'x.tar'), '-C', root]);
      expectTree(root);
    });
  });
});
