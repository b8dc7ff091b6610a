import { describe, expect, it } from 'vitest';
import type { FileTree } from '../../../../src/builder/components/file-tree.ts';
import { placeFiles } from '../../../../src/builder/squashfs/place-files.ts';

const treeOf = (files: Record<string, string>): FileTree =>
  new Map(
    Object.entries(files).map(([path, text]) => {
      return [path, { type: 'file', mode: 0o644, data: Buffer.from(text) }];
    }),
  );
const texts = (blocks: readonly Uint8Array[]): string[] =>
  blocks.map((one) => `${Buffer.from(one)}`);

describe('the files of a layer', () => {
  it('have whole blocks of their own, and share blocks for their ends', () => {
    const tree = treeOf({ a: 'aaaaAAAAx', b: '', c: 'yy', d: 'zz', e: 'ddddDDDD' });
    const { places, blocks, fragments } = placeFiles(tree, [], 4);
    expect(texts(blocks)).toEqual(['aaaa', 'AAAA', 'dddd', 'DDDD']);
    expect(texts(fragments)).toEqual(['xyy', 'zz']);
    expect(Object.fromEntries(places)).toEqual({
      a: { blocks: [0, 1], fragment: { index: 0, offset: 0 } },
      b: { blocks: [], fragment: undefined },
      c: { blocks: [], fragment: { index: 0, offset: 1 } },
      d: { blocks: [], fragment: { index: 1, offset: 0 } },
      e: { blocks: [2, 3], fragment: undefined },
    });
  });

  it('share no block with files of another part, and those of none come last', () => {
    const drivers = treeOf({ b: 'b', d: 'd' });
    const tree = treeOf({ a: 'a', b: 'b', c: 'c', d: 'd' });
    expect(texts(placeFiles(tree, [drivers], 4).fragments)).toEqual(['bd', 'ac']);
    const changed = treeOf({ a: 'aaa', aa: 'x', b: 'b', c: 'c', d: 'd' });
    expect(texts(placeFiles(changed, [drivers], 4).fragments)).toEqual(['bd', 'aaax', 'c']);
  });

  it('lie in one place where they are equal', () => {
    const { places, blocks, fragments } = placeFiles(
      treeOf({ a: 'aaaax', b: 'aaaax', c: 'aaaay' }),
      [],
      4,
    );
    expect(places.get('b')).toBe(places.get('a'));
    expect(places.get('c')).not.toBe(places.get('a'));
    expect([texts(blocks), texts(fragments)]).toEqual([['aaaa', 'aaaa'], ['xy']]);
  });
});
