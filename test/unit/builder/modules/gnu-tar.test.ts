import { expect, test } from 'vitest';
import type { FileTree } from '../../../../src/builder/components/file-tree.ts';
import { encodeGnuTar } from '../../../../src/builder/modules/gnu-tar.ts';

test('lets nobody but root write what a layer has, whatever a package says', () => {
  const tree: FileTree = new Map([
    ['var/tmp', { type: 'directory', mode: 0o1777 }],
    ['etc/odd', { type: 'file', mode: 0o666, data: new Uint8Array() }],
    ['bin/x', { type: 'file', mode: 0o4775, data: new Uint8Array() }],
    ['lib', { type: 'symlink', target: 'usr/lib' }],
  ]);
  const tar = Buffer.concat([...encodeGnuTar(tree)]);
  // POSIX.1-1988, ustar: the name is at 0, the mode in octal at 100.
  const modes = [...tree.keys()].map((_path, index) => {
    const header = tar.subarray(index * 512, (index + 1) * 512);
    return Number.parseInt(header.toString('latin1', 100, 107), 8).toString(8);
  });
  expect(modes).toEqual(['1755', '644', '4755', '777']);
});
