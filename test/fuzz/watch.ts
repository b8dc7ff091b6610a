import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { Effort, Summary } from './fuzzer.ts';
import { type Bounds, type Ending, usualBounds } from './target.ts';
import { type Job, maxInputBytes, sharedHeadBytes } from './worker.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'out/fuzz');
/** Of the worker's heap; what needs more is stopped, and known. */
const maxHeapMiB = 256;
const lookEveryMs = 100;
/** Without the processor: a promise that nothing will ever keep. */
const stuckMs = 60_000;

/** The code of a worker in one piece: it runs by itself, at its full speed, and not as a test's module. */
export async function bundleWorker(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
  return outputFiles[0]!.text;
}

/** Fuzzes a target in a thread of its own. Throws with the seed and the file of the input that it fails with. */
export async function watchFuzz(
  code: string,
  target: string,
  effort: Effort,
  bounds: Partial<Bounds> = {},
): Promise<Summary> {
  const shared = new SharedArrayBuffer(sharedHeadBytes + maxInputBytes);
  try {
    return await watch<Summary>(code, { target, effort, shared }, bounds);
  } catch (error) {
    const file = keepInput(target, lastInput(shared));
    const [count] = new Int32Array(shared);
    throw new Error(
      `${target}, seed ${effort.seed}, input ${count}, kept as ${file} (TWINBANK_FUZZ_INPUT=${file}): ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Reads one input that was kept; its target is in the file's name. */
export async function watchInput(code: string, path: string, input: Uint8Array): Promise<Ending> {
  const target = basename(path).replace(/-[0-9a-f]+\.bin$/, '');
  const shared = new SharedArrayBuffer(sharedHeadBytes + maxInputBytes);
  return watch<Ending>(code, { target, effort: { input }, shared }, {});
}

async function watch<Result>(code: string, job: Job, bounds: Partial<Bounds>): Promise<Result> {
  const { milliseconds } = { ...usualBounds, ...bounds };
  const worker = new Worker(code, {
    eval: true,
    workerData: job,
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
  });
  const head = new Int32Array(job.shared, 0, 1);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Result>((done, fail) => {
      worker.once('message', done);
      worker.once('error', fail);
      worker.once('exit', () => fail(new Error('a hang: nothing is left that could end it')));
      let [seen, since, cpuSince] = [-1, 0, 0];
      timer = setInterval(() => {
        const [count, now, cpu] = [Atomics.load(head, 0), performance.now(), cpuMs()];
        if (count !== seen) [seen, since, cpuSince] = [count, now, cpu];
        else if (cpu - cpuSince > milliseconds) {
          fail(new Error(`a hang: more than ${milliseconds} ms of processor time`));
        } else if (now - since > stuckMs) fail(new Error(`a hang: no end within ${stuckMs} ms`));
      }, lookEveryMs);
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function lastInput(shared: SharedArrayBuffer): Uint8Array {
  const length = new Int32Array(shared)[1] ?? 0;
  return new Uint8Array(shared, sharedHeadBytes, length).slice();
}

/** The path of the file in which the input lies from now on. */
function keepInput(target: string, input: Uint8Array): string {
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const path = join(folder, `${target}-${hash}.bin`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input);
  return path;
}
