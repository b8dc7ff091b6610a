import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeWorldGroup,
  takeOverGroup,
  worldGroup,
} from '../../../../src/runtime/system/cgroup.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cgroup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("vmkd's control group", () => {
  it('is made by the first vmkd; the next one ends what is left in it', () => {
    expect(takeOverGroup(folder)).toBe(false);
    const group = join(folder, 'system');
    expect(existsSync(join(group, 'cgroup.kill'))).toBe(false);
    expect(readFileSync(join(group, 'vmkd/cgroup.procs'), 'utf8')).toBe(String(process.pid));
    expect(takeOverGroup(folder)).toBe(true);
    expect(readFileSync(join(group, 'cgroup.kill'), 'utf8')).toBe('1');
  });

  it('has no processes of its own, as it has worlds with limits below it', () => {
    takeOverGroup(folder);
    const world = makeWorldGroup(
      'lamp',
      { memoryMax: 32 << 20, pidsMax: 20, cpuWeight: 50 },
      folder,
    );
    expect(world).toBe(join(folder, 'system/worlds/lamp'));
    expect(worldGroup('lamp', folder)).toBe(world);
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    for (const above of ['', 'system/', 'system/worlds/']) {
      expect(read(`${above}cgroup.subtree_control`)).toBe('+cpu +memory +pids');
    }
    const files = ['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max', 'cpu.weight'];
    const limits = files.map((file) => read(`system/worlds/lamp/${file}`));
    expect(limits).toEqual(['33554432', '33554432', '1', '20', '50']);
    expect(existsSync(join(folder, 'system/cgroup.procs'))).toBe(false);
  });

  it('is done without where there is no such thing', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(takeOverGroup(join(folder, 'file'))).toBe(false);
  });
});
