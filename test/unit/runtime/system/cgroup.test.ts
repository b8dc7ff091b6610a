import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeOverGroup } from '../../../../src/runtime/system/cgroup.ts';

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
    expect(readFileSync(join(group, 'cgroup.procs'), 'utf8')).toBe(String(process.pid));
    expect(takeOverGroup(group)).toBe(true);
    expect(readFileSync(join(group, 'cgroup.kill'), 'utf8')).toBe('1');
  });

  it('is done without where there is no such thing', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(takeOverGroup(join(folder, 'file/vmkd'))).toBe(false);
  });
});
