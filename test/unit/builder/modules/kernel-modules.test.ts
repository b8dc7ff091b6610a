import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileTree } from '../../../../src/builder/components/file-tree.ts';
import {
  closeOverNeeds,
  indexModules,
  moduleName,
  parseBuiltin,
  readNeeds,
} from '../../../../src/builder/modules/kernel-modules.ts';
import { elfFile, kernelModule } from './elf-file.ts';

/** An index of modules and what they need. */
function indexOf(needs: Record<string, readonly string[]>) {
  const tree: FileTree = new Map();
  for (const [name, list] of Object.entries(needs)) {
    const data = kernelModule('license=GPL', `depends=${list.join(',')}`);
    tree.set(`usr/lib/modules/6/kernel/${name}.ko`, { type: 'file', mode: 0o644, data });
  }
  return indexModules(tree);
}

const close = (wanted: readonly string[], needs: Record<string, readonly string[]>, builtin = '') =>
  closeOverNeeds(wanted, indexOf(needs), parseBuiltin(builtin), (at) => `boot.drivers[${at}]`);

describe('what a module needs', () => {
  it('is in depends and in soft dependencies before it', () => {
    const module = kernelModule(
      'softdep=pre: crc32c libaes-generic post: later',
      'depends=nvme-core,t10_pi',
      'softdep=pre: sha256',
      'alias=depends=none',
    );
    expect(readNeeds(module)).toEqual([
      'crc32c',
      'libaes_generic',
      'nvme_core',
      't10_pi',
      'sha256',
    ]);
  });

  it('is nothing for an empty depends and for a file without .modinfo', () => {
    expect(readNeeds(kernelModule('depends='))).toEqual([]);
    expect(readNeeds(elfFile([]))).toEqual([]);
  });
});

describe('names of modules', () => {
  it('are those of modprobe, for which - and _ are the same', () => {
    expect(moduleName('usr/lib/modules/6/kernel/drivers/usb/usb-storage.ko')).toBe('usb_storage');
    expect([...parseBuiltin('kernel/fs/ext4/ext4.ko\nkernel/lib/crc-t10dif.ko\n')]).toEqual([
      'ext4',
      'crc_t10dif',
    ]);
  });

  it('come from modules alone, not from links and indexes', () => {
    const tree: FileTree = new Map([
      ['usr/lib/modules/6/modules.dep', { type: 'file', mode: 0o644, data: Buffer.from('x') }],
      ['usr/lib/modules/6/build.ko', { type: 'symlink', target: '/usr/src' }],
    ]);
    expect(indexModules(tree).size).toBe(0);
  });
});

describe('closing a list of drivers', () => {
  it('puts everything once, and after all that it needs', () => {
    const needs = { a: ['b', 'c'], b: ['d'], c: ['d'], d: [], e: [] };
    expect(close(['a', 'e', 'b'], needs)).toEqual(['d', 'b', 'c', 'a', 'e']);
  });

  it('ends where modules need one another', () => {
    expect(close(['a'], { a: ['b'], b: ['a'] }).sort()).toEqual(['a', 'b']);
    expect(close(['a'], { a: ['a'] })).toEqual(['a']);
  });

  it('takes a driver that is built in for there, and a soft need that is nowhere for unneeded', () => {
    expect(close(['ext4', 'a'], { a: ['ext4', 'nowhere'] }, 'kernel/fs/ext4.ko\n')).toEqual(['a']);
  });

  it('takes a name in either spelling', () => {
    expect(close(['usb-storage'], { 'usb-storage': [] })).toEqual(['usb_storage']);
  });

  it('names all unknown drivers as they were written, with what may have been meant', () => {
    expect(() =>
      close(['nvem', 'virtio-blkk', 'a'], { nvme: [], 'virtio-blk': [], a: [] }),
    ).toThrow(
      'boot.drivers[0]: expected a driver that the kernel has, found "nvem"; did you mean "nvme"?\nboot.drivers[1]: expected a driver that the kernel has, found "virtio-blkk"; did you mean "virtio_blk"?',
    );
    expect(() => close(['zzzzzz'], { nvme: [] })).toThrow(/found "zzzzzz"$/);
  });

  it('is complete, ordered and without doubles whatever needs what', () => {
    const names = 'abcdefgh'.split('');
    // Only earlier letters, so that there is an order.
    const graphs = fc.tuple(...names.map((_, index) => fc.subarray(names.slice(0, index))));
    fc.assert(
      fc.property(graphs, fc.subarray(names), (lists, wanted) => {
        const needs = Object.fromEntries(names.map((name, index) => [name, lists[index]!]));
        const closed = close(wanted, needs);
        expect(new Set(closed).size).toBe(closed.length);
        for (const name of wanted) expect(closed).toContain(name);
        closed.forEach((name, index) => {
          for (const need of needs[name]!) expect(closed.indexOf(need)).toBeLessThan(index);
          for (const need of needs[name]!) expect(closed).toContain(need);
        });
      }),
    );
  });
});
