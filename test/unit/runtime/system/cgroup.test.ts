import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorldGroup, takeOverGroup } from '../../../../src/runtime/system/cgroup.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cgroup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("vmkd's control group", () => {
  it('is made by the first vmkd; the next one ends what is left in it', () => {
    const group = join(folder, 'vmkd');
    expect(takeOverGroup(group)).toBe(false);
    expect(existsSync(join(group, 'cgroup.kill'))).toBe(false);
    expect(readFileSync(join(group, 'self/cgroup.procs'), 'utf8')).toBe(String(process.pid));
    expect(takeOverGroup(group)).toBe(true);
    expect(readFileSync(join(group, 'cgroup.kill'), 'utf8')).toBe('1');
  });

  it('has no processes of its own, as it has worlds with limits below it', () => {
    const group = join(folder, 'vmkd');
    takeOverGroup(group);
    const world = makeWorldGroup('lamp', { memoryMax: 32 << 20, pidsMax: 20 }, group);
    expect(world).toBe(join(group, 'worlds/lamp'));
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    for (const above of ['', 'vmkd/', 'vmkd/worlds/']) {
      expect(read(`${above}cgroup.subtree_control`)).toBe('+memory +pids');
    }
    const limits = ['memory.max', 'memory.oom.group', 'pids.max'];
    expect(limits.map((file) => read(`vmkd/worlds/lamp/${file}`))).toEqual(['33554432', '1', '20']);
    expect(existsSync(join(group, 'cgroup.procs'))).toBe(false);
  });

  it('is done without where there is no such thing', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(takeOverGroup(join(folder, 'file/vmkd'))).toBe(false);
  });
});
