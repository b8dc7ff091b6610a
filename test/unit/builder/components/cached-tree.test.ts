import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cachedTree } from '../../../../src/builder/components/cached-tree.ts';
import { readDerived } from '../../../../src/builder/components/derived.ts';
import { sha256 } from '../../../../src/builder/components/digest.ts';
import type { FileTree } from '../../../../src/builder/components/file-tree.ts';
import { emptyContext, warnings } from './surroundings.ts';

const from = { id: 'deb:acme', path: 'usr/bin/acme', changed: true } as const;
const tree: FileTree = new Map([
  ['usr', { type: 'directory', mode: 0o700 }],
  ['usr/acme', { type: 'file', mode: 0o755, data: Buffer.from('program'), from }],
  ['usr/empty', { type: 'file', mode: 0o600, data: Buffer.alloc(0), from: undefined }],
  ['usr/link', { type: 'symlink', target: 'acme', from }],
  ['usr/note', { type: 'file', mode: 0o644, data: Buffer.from('note'), from: undefined }],
]);

describe('a tree of the cache', () => {
  it('is what was made of it, with modes, links, origins and what is remembered beside it', async () => {
    const { context } = emptyContext();
    const make = async () => ({ tree, meta: { drivers: ['tg3'] } });
    const made = await cachedTree({ type: 'test' }, context, make);
    const never = async () => Promise.reject(new Error('made again'));
    const kept = await cachedTree({ type: 'test' }, context, never);
    for (const one of [made, kept]) {
      expect([...one.tree]).toEqual([...tree]);
      expect(one.meta).toEqual({ drivers: ['tg3'] });
    }
  });

  it('is made for other inputs, and nothing is kept of what fails', async () => {
    const { context } = emptyContext();
    const fails = async () => Promise.reject(new Error('wrong types'));
    await expect(cachedTree('one', context, fails)).rejects.toThrow('wrong types');
    await expect(cachedTree('one', context, fails)).rejects.toThrow('wrong types');
    await cachedTree('one', context, async () => ({ tree, meta: null }));
    await expect(cachedTree('two', context, fails)).rejects.toThrow('wrong types');
  });

  it('is made again where its bytes are damaged', async () => {
    const { context, events } = emptyContext();
    const make = async () => ({ tree, meta: null });
    await cachedTree('x', context, make);
    const key = sha256(JSON.stringify({ tree: 1, inputs: 'x' }));
    const { path } = (await readDerived(context.cache, key))!;
    writeFileSync(path, 'programNote');
    const again = await cachedTree('x', { cache: { ...context.cache } }, make);
    expect([...again.tree]).toEqual([...tree]);
    expect(warnings(events)).toEqual([`${path}: damaged in the cache; it is made again`]);
  });
});
