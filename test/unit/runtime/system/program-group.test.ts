import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programGroup, programsOf } from '../../../../src/runtime/system/program-group.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'group-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('K1: whom to ask to end', () => {
  it('is the program in its world, and neither bwrap nor what the program has started', () => {
    const processes = [
      { pid: 200, parent: 100, inner: 200 },
      { pid: 201, parent: 200, inner: 1 },
      { pid: 202, parent: 201, inner: 2 },
      { pid: 203, parent: 202, inner: 3 },
    ];
    expect(programsOf(processes, 200)).toEqual([202]);
  });

  it('is what was started while the world is being made, and where there is none', () => {
    expect(programsOf([{ pid: 200, parent: 100, inner: 200 }], 200)).toEqual([200]);
    expect(programsOf([{ pid: 201, parent: 200, inner: 1 }], 200)).toEqual([200]);
    expect(programsOf([], 200)).toEqual([200]);
  });
});

describe("a program's group", () => {
  it('passes over those that have gone meanwhile, and asks what was started', async () => {
    writeFileSync(join(folder, 'cgroup.procs'), '4194305\n4194306\n');
    const child = spawn('sleep', ['1000']);
    programGroup(folder).terminate(child.pid!);
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });

  it('is ended as a whole', () => {
    writeFileSync(join(folder, 'cgroup.kill'), '');
    programGroup(folder).kill();
    expect(readFileSync(join(folder, 'cgroup.kill'), 'utf8')).toBe('1');
    expect(() => programGroup('/nowhere/group').kill()).not.toThrow();
  });

  it('K2: tells of an end by lack of memory since it was last asked, its own or the one of the host', () => {
    const ends = (count: number) =>
      writeFileSync(join(folder, 'memory.events'), `low 0\nmax 7\noom 1\noom_kill ${count}\n`);
    writeFileSync(join(folder, 'memory.max'), `${96 << 20}\n`);
    ends(2);
    const group = programGroup(folder);
    const ended = group.watchLimits();
    expect(ended()).toBeUndefined();
    ends(4);
    expect(ended()).toBe('it ran out of memory: it may have 96 MiB');
    expect(group.watchLimits()()).toBeUndefined();
    writeFileSync(join(folder, 'memory.max'), 'max\n');
    expect(ended()).toBe('the host ran out of memory');
    expect(programGroup('/nowhere/group').watchLimits()()).toBeUndefined();
  });
});
