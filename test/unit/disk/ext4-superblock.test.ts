import { describe, expect, it } from 'vitest';
import { decodeSuperblock } from '../../../src/disk/ext4-superblock.ts';

/** By hand, of Linux's Documentation/filesystems/ext4/super.rst. */
function superblock({ state = 1, incompatible = 0x2c2, label = 'datastore1' } = {}): Uint8Array {
  const bytes = new Uint8Array(1024);
  bytes.set([0x53, 0xef, state, 0], 0x38);
  bytes.set([incompatible & 0xff, incompatible >> 8, 0, 0], 0x60);
  const uuid = '3f6c1d2e9b8a4c7d8e5f0a1b2c3d4e5f';
  bytes.set(Buffer.from(uuid, 'hex'), 0x68);
  bytes.set(Buffer.from(label), 0x78);
  return bytes;
}

describe('the superblock of a datastore', () => {
  it('has its UUID, its label, and whether it was unmounted', () => {
    const clean = { uuid: '3f6c1d2e-9b8a-4c7d-8e5f-0a1b2c3d4e5f', label: 'datastore1' };
    expect(decodeSuperblock(superblock())).toEqual({ ...clean, isDirty: false });
    expect(decodeSuperblock(superblock({ incompatible: 0x2c6 }))?.isDirty).toBe(true);
    expect(decodeSuperblock(superblock({ state: 0 }))?.isDirty).toBe(true);
    expect(decodeSuperblock(superblock({ state: 3 }))?.isDirty).toBe(true);
  });

  it('may have a label of 16 characters, and none', () => {
    expect(decodeSuperblock(superblock({ label: 'sixteen-letters!' }))?.label).toBe(
      'sixteen-letters!',
    );
    expect(decodeSuperblock(superblock({ label: '' }))?.label).toBe('');
  });

  it('is none without its magic number, and none that is cut off', () => {
    expect(decodeSuperblock(new Uint8Array(1024))).toBeUndefined();
    expect(decodeSuperblock(superblock().subarray(0, 1000))).toBeUndefined();
  });
});
