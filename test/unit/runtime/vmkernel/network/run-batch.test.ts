import { expect, it } from 'vitest';
import { failedLines, runBatch } from '../../../../../src/runtime/vmkernel/network/run-batch.ts';

const lines = ['link add x type bridge', 'route del default', 'address add 10.0.0.1/8 dev y'];

it('tells which lines failed, and why', () => {
  const stderr = [
    'RTNETLINK answers: File exists',
    'Command failed -:1',
    'Cannot find device "y"',
    'Command failed -:3',
    '',
  ].join('\n');
  expect(failedLines(stderr, lines)).toEqual([
    'link add x type bridge: File exists',
    'address add 10.0.0.1/8 dev y: Cannot find device "y"',
  ]);
});

it('takes it that what is to be removed may have gone', () => {
  expect(failedLines('RTNETLINK answers: No such process\nCommand failed -:2\n', lines)).toEqual(
    [],
  );
  expect(
    failedLines('RTNETLINK answers: Operation not permitted\nCommand failed -:2\n', lines),
  ).toEqual(['route del default: Operation not permitted']);
});

it('starts no program for nothing, and says of one that is not there that it is missing', async () => {
  expect(await runBatch('/nowhere/ip', [])).toEqual([]);
  expect(await runBatch('/nowhere/ip', lines)).toEqual([expect.stringContaining('/nowhere/ip')]);
});
