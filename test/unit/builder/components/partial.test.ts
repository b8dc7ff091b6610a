import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import type { Cache } from '../../../../src/builder/components/cache.ts';
import {
  claimPartial,
  leavePartial,
  partialFile,
  releasePartial,
} from '../../../../src/builder/components/partial.ts';
import { mapParallel, retry } from '../../../../src/builder/components/retry.ts';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { silent } from '../../../../src/diagnostics/progress.ts';
import { ownerMark } from '../../../../src/host/process-owner.ts';
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

describe('claimPartial', () => {
  const [, world, birth] = ownerMark().split('-');
  /** What a process has left, with its name in the file. */
  const partialOf = (cache: Cache, owner: string): string => {
    const folder = join(cache.directory, 'partial', `k.${owner}-00000000`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, owner), 'half');
    return folder;
  };

  it('takes over the partial of a process that is gone, and not that of a living one', async () => {
    const { cache } = emptyCache();
    // No process has the highest number that Linux gives.
    const gone = `4194304-${world}-${birth}`;
    partialOf(cache, gone);
    const living = partialOf(cache, ownerMark());
    const mine = await claimPartial(cache, 'k');
    expect(readdirSync(mine)).toEqual([gone]);
    expect(readdirSync(await claimPartial(cache, 'k'))).toEqual([]);
    expect(readdirSync(living)).toEqual([ownerMark()]);
  });

  it('leaves alone those of another container, though no process here has their number', async () => {
    const { cache } = emptyCache();
    const others = [`4194304-zzzz-${birth}`, `${process.pid}-zzzz-${birth}`].map((owner) =>
      partialOf(cache, owner),
    );
    // As versions before this one have named it, of whatever container.
    const older = join(cache.directory, 'partial', 'k.4194304.0');
    mkdirSync(older);
    expect(readdirSync(await claimPartial(cache, 'k'))).toEqual([]);
    expect([older, ...others].filter((path) => !existsSync(path))).toEqual([]);
  });

  it('works where another container has a process of the same number and the same count', async () => {
    const { cache } = emptyCache();
    const parent = join(cache.directory, 'partial');
    for (let count = 0; count < 50; count++)
      mkdirSync(join(parent, `k.${process.pid}.${count}`), { recursive: true });
    expect(readdirSync(await claimPartial(cache, 'k'))).toEqual([]);
  });

  it('counts what it takes over as used, so that no prune removes it', async () => {
    const { cache } = emptyCache();
    const left = await claimPartial(cache, 'k');
    await leavePartial(left);
    utimesSync(left.replace(/\.[^.]+$/, '.left'), 1, 1);
    const { atimeMs, mtimeMs } = statSync(await claimPartial(cache, 'k'));
    expect(Date.now() - Math.max(atimeMs, mtimeMs)).toBeLessThan(60_000);
  });

  it.runIf(process.getuid?.() === 0)('leaves what is of another user of the cache', async () => {
    const { cache } = emptyCache();
    const theirs = join(cache.directory, 'partial', 'k.left');
    mkdirSync(theirs, { recursive: true });
    writeFileSync(join(theirs, 'package.deb'), 'half');
    chownSync(theirs, 65_534, 65_534);
    expect(readdirSync(await claimPartial(cache, 'k'))).toEqual([]);
    expect(readdirSync(theirs)).toEqual(['package.deb']);
  });

  it('follows no link that somebody has put into a shared cache', async () => {
    const { cache } = emptyCache();
    const victim = join(cache.directory, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'package.deb'), 'precious');
    mkdirSync(join(cache.directory, 'partial'));
    symlinkSync(victim, join(cache.directory, 'partial', 'k.left'));
    expect(readdirSync(await claimPartial(cache, 'k'))).toEqual([]);
    const left = await claimPartial(cache, 'other');
    symlinkSync(join(victim, 'package.deb'), join(left, 'package.deb'));
    linkSync(join(victim, 'package.deb'), join(left, 'second'));
    await leavePartial(left);
    expect(readdirSync(await claimPartial(cache, 'other'))).toEqual([]);
    expect(readFileSync(join(victim, 'package.deb'), 'utf8')).toBe('precious');
  });
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
