import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  keepFromOutOfMemory,
  killable,
  killableWord,
} from '../../../../src/runtime/system/oom-score.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

it('K2: a process is kept, and what it starts is not', async () => {
  const proc = temporaryFiles({ 'self/status': '', '200/oom_score_adj': '-1000' });
  const read = (path: string) => readFileSync(join(proc, path), 'utf8');
  keepFromOutOfMemory(join(proc, 'self'));
  killable({ pid: 200 }, proc);
  expect([read('self/oom_score_adj'), read('200/oom_score_adj')]).toEqual(['-1000', '0']);
  // What could not be started, or has ended, needs nothing.
  killable({ pid: undefined }, proc);
  killable({ pid: 201 }, proc);
  const child = spawn('/bin/cat');
  killable(child);
  expect(readFileSync(`/proc/${child.pid}/oom_score_adj`, 'utf8')).toBe('0\n');
  child.kill();
  await once(child, 'exit');
});

it('K2: a shell makes itself one that is not kept before it becomes its program', () => {
  const script = `echo 500 >/proc/self/oom_score_adj; ${killableWord}; exec cat /proc/self/oom_score_adj`;
  // Down to less than it was takes a right that not everybody has.
  if (process.getuid?.() !== 0) return;
  expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe('0\n');
});
