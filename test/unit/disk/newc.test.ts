import { describe, expect, it } from 'vitest';
import type { FileTree, TreeEntry } from '../../../src/builder/components/file-tree.ts';
import { encodeNewc } from '../../../src/disk/newc.ts';

/** Header of 110 characters by cpio(5): magic, then 13 fields of 8 hexadecimal digits. */
const header = (inode: number, mode: number, links: number, size: number, nameSize: number) =>
  `070701${[inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, nameSize, 0]
    .map((field) => field.toString(16).padStart(8, '0'))
    .join('')}`;
const trailer = `${header(0, 0, 1, 0, 11)}TRAILER!!!\0\0\0\0`;

const text = (tree: FileTree) => Buffer.from(encodeNewc(tree)).toString('latin1');
const file = (content: string, mode = 0o644): TreeEntry => {
  return { type: 'file', mode, data: Buffer.from(content) };
};

describe('a newc archive', () => {
  it('of nothing is the trailer', () => {
    expect(text(new Map())).toBe(trailer);
  });

  it('pads the name and the data of a file to 4 bytes each', () => {
    // 110 + 2 = 112 needs no padding; 5 bytes of data need 3.
    expect(text(new Map([['a', file('hello')]]))).toBe(
      `${header(1, 0o100644, 1, 5, 2)}a\0hello\0\0\0${trailer}`,
    );
    // 110 + 3 = 113 needs 3.
    expect(text(new Map([['ab', file('')]]))).toBe(
      `${header(1, 0o100644, 1, 0, 3)}ab\0\0\0\0${trailer}`,
    );
  });

  it('keeps modes, gives a folder two links and a link its target as data', () => {
    const tree: FileTree = new Map([
      ['bin', { type: 'directory', mode: 0o755 }],
      ['bin/x', file('#!', 0o755)],
      ['sh', { type: 'symlink', target: 'bin/x' }],
    ]);
    expect(text(tree)).toBe(
      [
        `${header(1, 0o040755, 2, 0, 4)}bin\0\0\0`,
        `${header(2, 0o100755, 1, 2, 6)}bin/x\0#!\0\0`,
        `${header(3, 0o120777, 1, 5, 3)}sh\0\0\0\0bin/x\0\0\0`,
        trailer,
      ].join(''),
    );
  });

  it('ends at a multiple of 4, so that another can follow', () => {
    for (let length = 0; length < 9; length++) {
      const tree: FileTree = new Map([['n'.repeat(length + 1), file('x'.repeat(length))]]);
      expect(encodeNewc(tree).length % 4).toBe(0);
    }
  });

  it('counts bytes of a name, not characters', () => {
    expect(text(new Map([['ü', file('')]]))).toContain(header(1, 0o100644, 1, 0, 3));
  });
});
