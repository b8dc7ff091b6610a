import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  poolFiles,
  settledShares,
  shareMachine,
  sharePools,
} from '../../../../../src/runtime/vmkernel/resources/share-machine.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const MiB = 2 ** 20;
const shares = {
  system: { cpuWeight: 200, memoryReserved: 96 * MiB },
  vm: { cpuWeight: 100, memoryReserved: 0 },
};

describe('K2: the machine', () => {
  it('is shared so that virtual machines leave the system what it has reserved', () => {
    const { system, vm } = poolFiles(shares, 1024 * MiB);
    expect(system).toEqual({
      ...{ 'cpu.weight': '200', 'cpu.max': 'max', 'memory.max': 'max' },
      'memory.min': String(96 * MiB),
      'memory.swap.max': 'max',
    });
    expect(vm).toMatchObject({ 'memory.min': '0', 'memory.max': String(928 * MiB) });
  });

  it('gives virtual machines a half of it where the system has reserved more', () => {
    expect(poolFiles(shares, 128 * MiB).vm['memory.max']).toBe(String(64 * MiB));
  });

  it('has the limits of the recipe', () => {
    const vm = { cpuWeight: 50, memoryReserved: 0, processors: 3, memoryMax: 256 * MiB };
    expect(poolFiles({ ...shares, vm }, 1024 * MiB).vm).toEqual({
      ...{ 'cpu.weight': '50', 'cpu.max': '300000 100000' },
      ...{ 'memory.min': '0', 'memory.max': String(256 * MiB) },
      // Where worlds have a swap file, it is none for virtual machines.
      'memory.swap.max': '0',
    });
  });

  it('is shared by the groups of both pools, and vmkd is never the one that ends for lack of memory', () => {
    const root = temporaryFiles({ 'self/status': '' });
    const self = join(root, 'self');
    const fileMax = join(root, 'file-max');
    expect(shareMachine(shares, { root, total: 1024 * MiB, self, fileMax })).toEqual([]);
    const read = (file: string) => readFileSync(join(root, file), 'utf8');
    expect(read('cgroup.subtree_control')).toBe('+cpu +memory +pids');
    expect([read('system/cpu.weight'), read('vm/cpu.weight')]).toEqual(['200', '100']);
    expect(read('self/oom_score_adj')).toBe('-1000');
    // A disk that hangs never keeps what feeds the watchdogs.
    expect(read('system/vmkd/memory.swap.max')).toBe('0');
    // What worlds have open is counted as their memory, and no world can take the host's.
    expect(read('file-max')).toBe('9223372036854775807');
  });

  it('is shared as an administrator has set it, and as the recipe says for the rest', () => {
    const recipe = { ...shares, vm: { ...shares.vm, processors: 2, memoryMax: 256 * MiB } };
    expect(settledShares(recipe, {})).toEqual(recipe);
    const setting = { vm: { cpuWeight: 50, memoryMax: null }, system: { processors: 4 } };
    expect(settledShares(recipe, setting)).toEqual({
      system: { ...shares.system, processors: 4 },
      vm: { cpuWeight: 50, memoryReserved: 0, processors: 2, memoryMax: undefined },
    });
  });

  it('is shared anew while it runs, by the groups that there are', async () => {
    const root = temporaryFiles({ 'system/cpu.weight': '200', 'vm/cpu.weight': '100' });
    const vm = { cpuWeight: 50, memoryReserved: 0, memoryMax: 64 * MiB };
    expect(await sharePools({ ...shares, vm }, { root, total: 1024 * MiB })).toEqual([]);
    const read = (file: string) => readFileSync(join(root, file), 'utf8');
    expect([read('vm/cpu.weight'), read('vm/memory.max')]).toEqual(['50', String(64 * MiB)]);
    const other = temporaryFiles({ 'vm/cpu.max/is': 'a folder', 'system/x': '' });
    expect(await sharePools(shares, { root: other, total: 1024 * MiB })).toEqual([
      expect.stringMatching(/^pool vm: cpu\.max: EISDIR/),
    ]);
  });

  it('says what the kernel does not take, and shares the rest', () => {
    const root = temporaryFiles({ 'system/cpu.weight/is': 'a folder', 'self/status': '' });
    const [self, fileMax] = [join(root, 'self'), join(root, 'file-max')];
    const problems = shareMachine(shares, { root, total: 1024 * MiB, self, fileMax });
    expect(problems).toEqual([expect.stringMatching(/^pool system: cpu\.weight: EISDIR/)]);
    expect(readFileSync(join(root, 'system/memory.min'), 'utf8')).toBe(String(96 * MiB));
  });
});
