import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Effort, Summary } from './fuzzer.ts';
import { targets } from './targets.ts';
import { bundleWorker, watchFuzz, watchInput } from './watch.ts';

const {
  TWINBANK_FUZZ_INPUT: kept,
  TWINBANK_FUZZ_INPUTS: inputs = 500,
  TWINBANK_FUZZ_SECONDS: seconds,
} = process.env;
const { TWINBANK_FUZZ_SEED: seed = Date.now() } = process.env;
const effort: Effort = {
  seed: Number(seed),
  ...(seconds === undefined ? { inputs: Number(inputs) } : { seconds: Number(seconds) }),
};

let code: string;
beforeAll(async () => {
  code = await bundleWorker('test/fuzz/target-worker.ts');
});

describe.skipIf(kept !== undefined)('whatever it is given, it ends soon, cleanly and small', () => {
  it.for(targets)('$name', async ({ name, bounds }) => {
    const summary = await watchFuzz(code, name, effort, bounds);
    console.info(describeSummary(name, summary));
    // Inputs that end all alike would prove little.
    expect(summary.takenInputs).toBeGreaterThan(0);
    expect(summary.takenInputs).toBeLessThan(summary.inputs);
    if (seconds === undefined) expect(summary.inputs).toBe(Number(inputs));
  });
});

it.runIf(kept !== undefined)('an input that was kept ends soon, cleanly and small', async () => {
  const path = kept ?? '';
  console.info(path, await watchInput(code, path, readFileSync(path)));
});

function describeSummary(name: string, summary: Summary): string {
  const { inputs, seconds, takenInputs, slowest, hungriest, growth, endings } = summary;
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return [
    `${name}: ${inputs} inputs in ${seconds.toFixed(1)} s, ${Math.round(inputs / seconds)} a second`,
    `${takenInputs} taken, ${Object.keys(endings).length} endings`,
    `slowest ${slowest.toFixed(0)} ms, hungriest ${mebibytes(hungriest)}, holds ${mebibytes(growth.held)} more, grown by ${mebibytes(growth.rss)}`,
  ].join('; ');
}
