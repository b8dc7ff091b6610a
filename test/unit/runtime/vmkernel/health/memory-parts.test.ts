import { describe, expect, it } from 'vitest';
import {
  memoryParts,
  memoryProblems,
} from '../../../../../src/runtime/vmkernel/health/memory-parts.ts';

const MiB = 1 << 20;
const mounts = 'overlay / overlay rw 0 0\ntmpfs /run tmpfs rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n';

describe('K3, the file system in memory', () => {
  it('has the parts that are mounted, and no other', () => {
    const parts = memoryParts(mounts, (folder) => ({ bytes: folder.length, free: 1 }));
    expect(parts).toEqual([
      { path: '/', bytes: 1, free: 1 },
      { path: '/run', bytes: 4, free: 1 },
      { path: '/tmp', bytes: 4, free: 1 },
    ]);
  });

  it('is healthy while every part has room', () => {
    expect(memoryProblems([{ path: '/tmp', bytes: 256 * MiB, free: MiB / 2 }])).toEqual([]);
    expect(memoryProblems([{ path: '/dev', bytes: 8 * MiB, free: MiB / 4 }])).toEqual([]);
    expect(memoryProblems([])).toEqual([]);
  });

  it('says which part is full, and how full it is', () => {
    const parts = [
      { path: '/', bytes: 32 * MiB, free: 0 },
      { path: '/run', bytes: 256 * MiB, free: 200 * MiB },
      { path: '/tmp', bytes: 256 * MiB, free: MiB / 2 - 1 },
    ];
    expect(memoryProblems(parts)).toEqual([
      'memory: expected room in /, found 0 KiB free of 32768 KiB',
      'memory: expected room in /tmp, found 511 KiB free of 262144 KiB',
    ]);
  });
});
