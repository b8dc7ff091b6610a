import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  claimPartial,
  leavePartial,
  partialFile,
  releasePartial,
} from '../../../../src/builder/components/partial.ts';
import { mapParallel, retry } from '../../../../src/builder/components/retry.ts';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { silent } from '../../../../src/diagnostics/progress.ts';
import { emptyCache } from './surroundings.ts';

test('what a download left is gone on with by one taker, another begins anew', async () => {
  const { cache } = emptyCache();
  const first = await claimPartial(cache, 'k');
  writeFileSync(join(first, 'x.deb'), 'half');
  await leavePartial(first);
  const takers = await Promise.all([claimPartial(cache, 'k'), claimPartial(cache, 'k')]);
  const found = await Promise.all(takers.map(partialFile));
  expect(found.filter(Boolean)).toHaveLength(1);
  expect(takers[0]).not.toBe(takers[1]);
  for (const taker of takers) await releasePartial(taker);
  expect(readdirSync(join(cache.directory, 'partial'))).toEqual([]);
});

test('the partial of a process that is gone is taken over, that of a living one is not', async () => {
  const { cache } = emptyCache();
  const parent = join(cache.directory, 'partial');
  // No process has the highest number that Linux gives; 1 always lives.
  for (const owner of ['4194304', '1']) {
    mkdirSync(join(parent, `k.${owner}.0`), { recursive: true });
    writeFileSync(join(parent, `k.${owner}.0`, owner), 'half');
  }
  const mine = await claimPartial(cache, 'k');
  expect(readdirSync(mine)).toEqual(['4194304']);
  expect(readdirSync(await claimPartial(cache, 'k'))).toEqual([]);
});

test('a download is tried three times and no more, each failure told', async () => {
  const notes: string[] = [];
  let tries = 0;
  const failure = retry(
    async () => {
      tries++;
      throw new TwinbankError('io', 'components.download', `try ${tries}`);
    },
    { report: (event) => event.type === 'note' && notes.push(event.text) },
  );
  await expect(failure).rejects.toThrow('try 3');
  expect(notes).toEqual(['try 1; trying again', 'try 2; trying again']);
});

test('what a second try cannot heal is not tried again', async () => {
  let tries = 0;
  const failure = retry(
    async () => {
      tries++;
      throw new TwinbankError('io', 'components.gone', 'gone');
    },
    { report: silent },
  );
  await expect(failure).rejects.toThrow('gone');
  expect(tries).toBe(1);
});

test('work in parallel keeps its order and its limit, and starts nothing after a failure', async () => {
  let running = 0;
  let most = 0;
  const work = async (n: number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 10 - n));
    running--;
    return n * 2;
  };
  expect(await mapParallel([1, 2, 3, 4, 5], 2, work)).toEqual([2, 4, 6, 8, 10]);
  expect(most).toBe(2);
  const started: number[] = [];
  const failing = mapParallel([1, 2, 3, 4], 1, async (n) => {
    started.push(n);
    if (n === 2) throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(started).toEqual([1, 2]);
});
