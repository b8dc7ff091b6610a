import { expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { type ApplyOptions, applyBundle } from '../../../src/update/apply.ts';
import {
  type ByteSource,
  memorySource,
  streamSource,
} from '../../../src/update/source/byte-source.ts';
import { exhaustive, sampled } from '../../support/exhaustive.ts';
import { builds } from './cut-builds.ts';
import { targetBank } from './cut-host.ts';
import { retried } from './cut-retry.ts';
import { scenarios } from './cut-scenarios.ts';
import { type Stage, stage } from './cut-stage.ts';

const [full] = scenarios;
const chunkBytes = 2 ** 16;

/** A download that ends, or fails, after so many bytes. */
function brokenOff(bundle: Buffer, length: number, error?: Error): ByteSource {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < length; at += chunkBytes) {
      yield new Uint8Array(bundle.subarray(at, Math.min(length, at + chunkBytes)));
    }
    if (error) throw error;
  }
  return streamSource('x.tbu', chunks());
}

/** Ends before and after each file and at every quarter of a mebibyte. */
function lengthsOf(bundle: Buffer): number[] {
  const lengths = new Set([0, 1, bundle.length - 1, bundle.length - 1024]);
  for (let at = 2 ** 18; at < bundle.length; at += 2 ** 18) lengths.add(at);
  for (let at = bundle.indexOf('ustar') - 257; at >= 0; ) {
    lengths.add(at).add(at + 512);
    const next = bundle.indexOf('\0ustar\0', at + 512);
    at = next < 0 ? -1 : next + 1 - 257;
  }
  return [...lengths].filter((length) => length >= 0 && length < bundle.length);
}

function marksOfTarget({ disk }: Stage): string {
  const bank = disk.simulated.banks.find(({ partition }) => partition === targetBank);
  const reading = bank?.readBootCfg();
  if (!reading?.ok) return 'malformed';
  const { bootstate, attempts, verdict } = reading.cfg;
  return `${bootstate}${attempts}${verdict}`;
}

/** Updates from a source that does not come to its end; the disk is taken back afterwards. */
async function interrupt(
  ready: Stage,
  what: string,
  source: ByteSource,
  options: ApplyOptions = {},
): Promise<{ error: unknown; wrote: boolean }> {
  const { disk, expectBoot } = ready;
  const before = disk.version(targetBank);
  return disk.triedLater(async () => {
    const error = await applyBundle(source, disk.forUpdate(), options).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const wrote = disk.version(targetBank) !== before;
    if (error === undefined) {
      expectBoot(what, [builds.next.name]);
      return { error, wrote };
    }
    expect(marksOfTarget(ready), what).toBe(wrote ? '30U' : '00-');
    expectBoot(what, [builds.current.name]);
    await retried(ready, wrote ? 'after a boot' : 'at rest', what);
    return { error, wrote };
  });
}

test.each([
  ['ends too early', undefined, 'corrupt', 'bundle.truncated'],
  ['fails', new Error('ECONNRESET'), 'io', 'source.read'],
] as const)(
  'a download that %s leaves the other bank INVALID, and all that the host has',
  async (_, broken, kind, code) => {
    const ready = await stage(full!);
    let begun = 0;
    const lengths = lengthsOf(ready.bundle);
    expect(lengths.length).toBeGreaterThan(30);
    // With one before anything is written, and one after nearly all.
    const some = new Set([0, ready.bundle.length - 1, ...sampled(lengths, 6)]);
    for (const length of some) {
      const source = brokenOff(ready.bundle, length, broken);
      const { error, wrote } = await interrupt(ready, `${length} bytes`, source);
      if (wrote) begun++;
      if (!(error instanceof TwinbankError)) throw error;
      expect([error.kind, error.code]).toEqual([kind, code]);
      expect(error.message).toMatch(/^x\.tbu: /);
    }
    // Before the first module nothing is written, from then on something is.
    expect(begun).toBeGreaterThan(exhaustive ? 20 : 0);
    expect(begun).toBeLessThan(some.size);
  },
);

test('a file that is too short is refused before anything is written', async () => {
  const ready = await stage(full!);
  for (const length of [ready.bundle.length - 1, ready.bundle.length - 2 ** 20]) {
    const source = memorySource('x.tbu', ready.bundle.subarray(0, length));
    const { error, wrote } = await interrupt(ready, `${length} bytes`, source);
    expect(wrote).toBe(false);
    expect(error).toMatchObject({ kind: 'corrupt', code: 'bundle.truncated' });
  }
});

test('an update that is stopped leaves the other bank INVALID, and all that the host has', async () => {
  const ready = await stage(full!);
  const ends = { before: 0, after: 0, finished: 0 };
  for (let stopAt = 1; ends.finished === 0; stopAt++) {
    const stop = new AbortController();
    let events = 0;
    const report = () => void (++events === stopAt && stop.abort());
    const source = memorySource('x.tbu', ready.bundle);
    const what = `stopped at event ${stopAt}`;
    const options = { report, signal: stop.signal };
    const { error, wrote } = await interrupt(ready, what, source, options);
    expect(stop.signal.aborted).toBe(true);
    if (error === undefined) ends.finished++;
    else {
      expect(error).toBe(stop.signal.reason);
      ends[wrote ? 'after' : 'before']++;
    }
  }
  expect(ends.before).toBeGreaterThanOrEqual(1);
  expect(ends.after).toBeGreaterThanOrEqual(10);
});
