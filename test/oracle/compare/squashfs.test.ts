import { createHash } from 'node:crypto';
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type FileTree, withParents } from '../../../src/builder/components/file-tree.ts';
import { packLayer } from '../../../src/builder/modules/layer.ts';
import { readModuleFiles } from '../../../src/compare/module-files.ts';
import { encodeNewc } from '../../../src/disk/newc.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

// Made before the tests are, and removed after them.
const scratch = mkdtempSync(join(tmpdir(), 'twinbank-squashfs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const options = { scratch, texts: true };
const name = fc.constantFrom('a', 'a b', 'q"u', "it's", 'back\\slash', '#x', 'é', 'tab\there', '-');
const entry = fc.oneof(
  fc.record({
    type: fc.constant('file' as const),
    mode: fc.constantFrom(0o644, 0o755, 0o4755, 0o600),
    data: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(new Uint8Array(300_000))),
  }),
  fc.record({
    type: fc.constant('symlink' as const),
    target: fc.constantFrom('a', '../x y', '/abs"o\\lute', 'L a b'),
  }),
);
/** mksquashfs takes a leading `/` or `../` of a link's target away where its tar has a name beyond ASCII. */
const isTaken = ([folder, file, one]: [string, string, { type: string; target?: string }]) =>
  one.type === 'symlink' && /^(\/|\.\.\/)/.test(one.target ?? '') && /é/.test(folder + file);
const trees = fc.uniqueArray(
  fc.tuple(name, name, entry).filter((one) => !isTaken(one)),
  { selector: ([folder, file]) => `${folder}/${file}`, maxLength: 8 },
);

judgedBy(['mksquashfs', 'unsquashfs'], () => {
  test('every layer reads as the tree that it was made of, whatever its names', async () => {
    const property = fc.asyncProperty(trees, async (all) => {
      const made = all.map(([folder, file, one]) => [`${folder}/${file}`, one] as const);
      const tree: FileTree = withParents(new Map(made));
      const layer = { compression: 'zstd', blockSize: 131072, level: 1 } as const;
      const data = await packLayer('test', tree, layer, scratch);
      const found = await readModuleFiles(data, options);
      const expected = [...tree].map(([path, one]) => ({
        ...{ path, type: one.type, mode: one.type === 'symlink' ? 0o777 : one.mode, owner: '0:0' },
        bytes: one.type === 'file' ? one.data.length : 0,
        sha256: one.type === 'file' ? createHash('sha256').update(one.data).digest('hex') : '',
        target: one.type === 'symlink' ? one.target : '',
      }));
      const sorted = (list: readonly { path: string }[]) =>
        [...list].sort((a, b) => (a.path < b.path ? -1 : 1));
      const plain = found!.filter(({ path }) => path !== '/').map(({ text: _, ...one }) => one);
      expect(sorted(plain)).toEqual(sorted(expected));
    });
    await fc.assert(property, { numRuns: 40 });
    expect(readdirSync(scratch)).toEqual([]);
  });

  const wrapped = (squashfs: Uint8Array) =>
    encodeNewc(new Map([['modules/x.sqfs', { type: 'file', mode: 0o644, data: squashfs }]]));

  test('another name of a file has its content, and a device is told as one', async () => {
    const file = join(scratch, 'made.sqfs');
    const folder = mkdtempSync(join(scratch, 'tree-'));
    writeFileSync(join(folder, 'one'), 'one\n', { mode: 0o640 });
    linkSync(join(folder, 'one'), join(folder, 'two'));
    const device = ['-p', 'null c 666 0 0 1 3'];
    judge('mksquashfs', [folder, file, '-quiet', '-no-progress', '-all-root', ...device]);
    const found = await readModuleFiles(wrapped(readFileSync(file)), options);
    const byPath = new Map(found!.map((one) => [one.path, one]));
    expect(byPath.get('null')).toMatchObject({ type: 'other', target: 'C 1 3', mode: 0o666 });
    const content = { type: 'file', bytes: 4, text: 'one\n', mode: 0o640 };
    for (const path of ['one', 'two']) expect(byPath.get(path)).toMatchObject(content);
    rmSync(file);
    rmSync(folder, { recursive: true });
  });

  test('noise and a squashfs cut short are refused, and leave nothing behind', async () => {
    const layer = { compression: 'zstd', blockSize: 131072, level: 1 } as const;
    const tree: FileTree = new Map([
      ['f', { type: 'file', mode: 0o644, data: Buffer.from('x'.repeat(200_000)) }],
    ]);
    const data = await packLayer('x', tree, layer, scratch);
    const at = Buffer.from(data).indexOf('hsqs');
    for (const squashfs of [Buffer.alloc(5000, 7), Buffer.from(data).subarray(at, at + 120)]) {
      await expect(readModuleFiles(wrapped(squashfs), options)).rejects.toMatchObject({
        code: 'host.tool-failed',
      });
    }
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('one that would unpack to a full disk is refused by its listing', async () => {
    const layer = { compression: 'zstd', blockSize: 1048576, level: 1 } as const;
    const zeros = { type: 'file', mode: 0o644, data: new Uint8Array(2 ** 24) } as const;
    const tree: FileTree = new Map([
      ['a', zeros],
      ['b', zeros],
    ]);
    const data = await packLayer('x', tree, layer, scratch);
    expect(data.length).toBeLessThan(100_000);
    const work = readModuleFiles(data, { ...options, maxUnpacked: 2 ** 25 - 1 });
    await expect(work).rejects.toMatchObject({ code: 'compare.unpacked' });
    expect(await readModuleFiles(data, { ...options, maxUnpacked: 2 ** 25 })).toHaveLength(3);
  });
});
