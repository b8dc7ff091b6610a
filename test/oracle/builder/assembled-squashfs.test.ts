import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ComponentContext } from '../../../src/builder/components/component.ts';
import {
  type FileTree,
  sortedEntries,
  withParents,
} from '../../../src/builder/components/file-tree.ts';
import { makeSquashfs } from '../../../src/builder/modules/squashfs.ts';
import { assembleSquashfs } from '../../../src/builder/squashfs/assemble.ts';
import { cachedBlocks, packBlocks } from '../../../src/builder/squashfs/pack-blocks.ts';
import { readSquashfs } from '../../../src/compare/read-squashfs.ts';
import { emptyContext, temporaryDirectory } from '../../unit/builder/components/surroundings.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const layer = { compression: 'zstd', blockSize: 2 ** 17, level: 3 } as const;
const whole = (tree: FileTree): FileTree => new Map(sortedEntries(withParents(tree)));
const text = (content: string | Uint8Array, mode = 0o644) =>
  ({ type: 'file', mode, data: Buffer.from(content) }) as const;

async function assemble(
  tree: FileTree,
  parts: readonly FileTree[],
  context: ComponentContext,
): Promise<Uint8Array> {
  const pack = cachedBlocks(layer, temporaryDirectory(), context);
  return assembleSquashfs(whole(tree), { ...layer, parts, pack });
}

/** Everything that a layer can have: its tables are of many blocks, and files end at every kind of place. */
function largeTree(): { tree: FileTree; drivers: FileTree } {
  const drivers: FileTree = new Map();
  for (let index = 0; index < 40; index++) {
    const data = Buffer.concat([randomBytes(3000), Buffer.alloc(index * 9000, index)]);
    drivers.set(`usr/lib/modules/6.1/oem/x/${index}.ko`, text(data));
  }
  const tree: FileTree = new Map(drivers);
  for (let index = 0; index < 3000; index++) {
    tree.set(`usr/share/many/a file with a long name, number ${index}`, text(`${index}\n`));
    if (index % 3 === 0) tree.set(`usr/share/deep/${index}/${index % 7}/x`, text(`${index}`));
  }
  for (const bytes of [0, 1, 2 ** 17 - 1, 2 ** 17, 2 ** 17 + 1, 2 ** 18, 400_000]) {
    tree.set(`usr/share/sizes/${bytes}`, text(randomBytes(bytes)));
    tree.set(`usr/share/zeros/${bytes}`, text(Buffer.alloc(bytes)));
  }
  tree.set('usr/bin/tool', text('#!/bin/sh\n', 0o777));
  tree.set('usr/bin/ümläut', { type: 'symlink', target: '../說明/x' });
  tree.set('usr/share/empty', { type: 'directory', mode: 0o1777 });
  return { tree, drivers };
}

judgedBy(['mksquashfs', 'unsquashfs'], () => {
  describe('a layer that is put together', () => {
    const { tree, drivers } = largeTree();

    test('has for unsquashfs what mksquashfs packs of the same tree', async () => {
      const { context } = emptyContext();
      const made = await assemble(tree, [drivers], context);
      const scratch = temporaryDirectory();
      const options = { scratch, texts: false };
      const expected = await readSquashfs(
        await makeSquashfs(whole(tree), layer, temporaryDirectory()),
        options,
      );
      expect(expected.length).toBeGreaterThan(6000);
      expect(await readSquashfs(made, options)).toEqual(expected);
      const file = join(scratch, 'x.sqfs');
      writeFileSync(file, made);
      expect(judge('unsquashfs', ['-s', file])).toMatch(/compression-level 3\n/);
    });

    test('of nothing but folders and links is one, too', async () => {
      const { context } = emptyContext();
      const options = { scratch: temporaryDirectory(), texts: false };
      const few: FileTree = new Map([['a/b', { type: 'symlink', target: 'c' }]]);
      const made = await readSquashfs(await assemble(few, [], context), options);
      expect(made.map(({ path, type }) => [path, type])).toEqual([
        ['/', 'directory'],
        ['a', 'directory'],
        ['a/b', 'symlink'],
      ]);
    });

    test('is larger than what mksquashfs packs by no more than the inodes of its folders', async () => {
      const { context } = emptyContext();
      const made = await assemble(tree, [drivers], context);
      const packed = await makeSquashfs(whole(tree), layer, temporaryDirectory());
      const folders = [...whole(tree).values()].filter(({ type }) => type === 'directory').length;
      // The last blocks of both tables are not compressed, and a padding of 4096 bytes may end later.
      expect(made.length - packed.length).toBeLessThan(40 * folders + 2 * 8192 + 4096);
    });

    test('packs nothing but what has changed, to the same bytes as with an empty cache', async () => {
      const { context } = emptyContext();
      const objects = (): number =>
        readdirSync(join(context.cache.directory, 'derived'), { recursive: true }).length;
      const driverTree = new Map([...drivers].slice(0, 20));
      const own: FileTree = new Map(driverTree).set('usr/share/note', text('one\n'));
      await assemble(own, [driverTree], context);
      const before = objects();
      const changed: FileTree = new Map(own).set('usr/share/note', text('two\n'));
      const again = await assemble(changed, [driverTree], context);
      expect(objects() - before).toBe(1);
      const clean = await assemble(changed, [driverTree], emptyContext().context);
      expect(Buffer.compare(again, clean)).toBe(0);
    });
  });

  describe('a block', () => {
    test('stays as it is where compressing makes it no smaller, and comes in its place', async () => {
      const noise = [...Array(30)].map(() => randomBytes(1000 + Math.floor(Math.random() * 3)));
      const blocks = [...noise, Buffer.alloc(5000), Buffer.alloc(2 ** 17, 'twinbank ')];
      const packed = await packBlocks(blocks, layer, temporaryDirectory());
      expect(packed.map(({ compressed }) => compressed)).toEqual([
        ...noise.map(() => false),
        ...[true, true],
      ]);
      for (const [index, data] of noise.entries()) {
        expect(Buffer.compare(packed[index]!.data, data)).toBe(0);
      }
      expect(await packBlocks([], layer, temporaryDirectory())).toEqual([]);
    });
  });
});
