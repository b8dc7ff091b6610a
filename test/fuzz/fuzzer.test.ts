import { existsSync, readFileSync, rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bounds } from './target.ts';
import { bundleWorker, watchFuzz, watchInput } from './watch.ts';

let code: string;
beforeAll(async () => {
  code = await bundleWorker('test/fuzz/toy-worker.ts');
});

const effort = { seed: 7, inputs: 200_000 };
const bounds: Record<string, Partial<Bounds>> = {
  hang: { milliseconds: 300 },
  // What collects garbage to the last takes its time.
  heap: { milliseconds: 20_000 },
};

/** What the fuzzer says of a toy, and the input that it keeps. */
async function failureOf(toy: string): Promise<{ message: string; file: string; input: Buffer }> {
  const error = await watchFuzz(code, toy, effort, bounds[toy]).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  const { message } = error ?? new Error('expected a failure');
  const [, file = ''] = /TWINBANK_FUZZ_INPUT=(\S+)\)/.exec(message) ?? [];
  expect(existsSync(file), message).toBe(true);
  const input = readFileSync(file);
  rmSync(file);
  return { message, file, input };
}

describe('the fuzzer', () => {
  it.each([
    ['crash', /TypeError: x is undefined/],
    ['hang', /a hang: more than 300 ms of processor time/],
    ['claim', /expected at most 16777216 bytes of memory for \d+ bytes of input, found 107\d{7}/],
    ['heap', /memory/],
    ['kind', /expected kind corrupt, found usage/],
  ])('finds a %s behind two gates, and keeps the input', async (toy, message) => {
    const failure = await failureOf(toy);
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(`${toy}, seed 7, input `);
    expect([...failure.input.subarray(0, 4)]).toEqual([0x4f, 0x4b, 0x80, 0xff]);
  });

  it('finds a promise that nobody keeps', async () => {
    expect((await failureOf('promise')).message).toContain('nothing is left that could end it');
  });

  it('finds a process that grows from input to input', async () => {
    expect((await failureOf('leak')).message).toMatch(/expected .* bytes, found/);
  });

  it('finds a message that says just what was found', async () => {
    expect((await failureOf('unquoted')).message).toContain('printable ASCII');
  });

  it('wants its seeds to be taken', async () => {
    expect((await failureOf('seed')).message).toContain('found it refused: toy.magic');
  });

  it('makes the same inputs of the same seed, and others of another', async () => {
    const endings = async (seed: number) =>
      (await watchFuzz(code, 'sound', { seed, inputs: 5000 })).endings;
    const first = await endings(1);
    expect(Object.keys(first).sort()).toEqual(['taken', 'toy.magic', 'toy.near']);
    expect(await endings(1)).toEqual(first);
    expect(await endings(2)).not.toEqual(first);
  });

  it('ends in time', async () => {
    const { inputs, seconds } = await watchFuzz(code, 'sound', { seed: 1, seconds: 0.2 });
    expect(inputs).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(20);
  });

  it('reads an input that was kept again, by the target in its name', async () => {
    const bad = Buffer.of(0x4f, 0x4b, 0x80, 0xff);
    await expect(watchInput(code, 'out/fuzz/crash-12ab.bin', bad)).rejects.toThrow(
      'x is undefined',
    );
    const end = await watchInput(code, 'sound-0.bin', bad);
    expect(end).toEqual({ taken: true, how: 'taken' });
  });
});
