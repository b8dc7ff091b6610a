import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { reservedKiB } from '../../../../../src/runtime/agents/cim/provider-process.ts';

it('leaves a provider of this engine room for what V8 reserves, and bounds what it takes beside that', () => {
  const limit = (192 << 10) + reservedKiB(process.versions.node);
  const run = (program: string) => {
    const node = [process.execPath, '--max-old-space-size=48', '--v8-pool-size=1', '-e', program];
    return spawnSync('/bin/sh', ['-c', `ulimit -d ${limit} && exec "$@"`, 'sh', ...node]).status;
  };
  expect(run('')).toBe(0);
  expect(run('globalThis.kept = Buffer.alloc(2 ** 28, 1)')).not.toBe(0);
});

it('counts the range of addresses for code since Node 24', () => {
  expect(['20.19.0', '22.23.3', '24.22.3', '26.1.0'].map(reservedKiB)).toEqual([
    ...[0, 0],
    ...[512 << 10, 512 << 10],
  ]);
});
