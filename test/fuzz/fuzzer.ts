import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TwinbankError } from '../../src/diagnostics/error.ts';
import { randomOf } from './random.ts';
import { type Bounds, type Ending, type FuzzTarget, refusedAs, usualBounds } from './target.ts';

/** How much is tried: so many inputs, or as many as there are in so many seconds, and at least {@link fewestInputs}. */
export interface Effort {
  readonly seed: number;
  readonly inputs?: number;
  readonly seconds?: number;
}

export interface Summary {
  readonly inputs: number;
  readonly seconds: number;
  /** How inputs ended, and how many of them. */
  readonly endings: Readonly<Record<string, number>>;
  readonly takenInputs: number;
  /** Of the slowest input by the clock, milliseconds. */
  readonly slowest: number;
  /** Heap and buffers that the hungriest input took, bytes. */
  readonly hungriest: number;
  /** Bytes: by how much what is held grew, after collection, and by how much the process did. */
  readonly growth: { readonly held: number; readonly rss: number };
}

/** What no input may do; the input is the last that `begin` heard of. */
export class FuzzFailure extends Error {}

/** Hears of every input before it is read, so that one which never ends is known. */
export type Begin = (input: Uint8Array) => void;

/** So many are tried however little of a busy processor the seconds were. */
const fewestInputs = 256;

/** Inputs that are kept because they end in a way of their own, and some that were taken just so. */
const maxKept = 512;
const maxDrifters = 16;

/**
 * Tries one parser with mutations of what it takes. The same seed gives the same inputs. Throws a
 * {@link FuzzFailure} at the first input that does what none may.
 */
export async function fuzz(target: FuzzTarget, effort: Effort, begin: Begin): Promise<Summary> {
  const bounds = { ...usualBounds, ...target.bounds };
  const random = randomOf(effort.seed);
  const trial = newTrial(target, bounds, begin);
  const seeds = await target.seeds();
  for (const seed of seeds) {
    const { taken, how } = await trial.run(seed);
    if (!taken) throw new FuzzFailure(`expected a seed to be taken, found it refused: ${how}`);
  }
  for (const trap of target.traps?.() ?? []) await trial.run(trap);
  const kept = [...seeds];
  const drifters: Uint8Array[] = [];
  const growth = await newGrowth(bounds);
  const begun = performance.now();
  const until = begun + (effort.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const count = effort.inputs ?? Number.POSITIVE_INFINITY;
  let done = 0;
  for (; done < count && (done < fewestInputs || performance.now() < until); done++) {
    // From what is right it is one step to each check, from what is wrong some are out of reach.
    const parents = random.pick([seeds, kept, drifters.length > 0 ? drifters : seeds]);
    const input = target.mutate(random.pick(parents), random, random.pick(kept));
    const known = trial.endings.size;
    const { taken } = await trial.run(input);
    if (trial.endings.size > known && kept.length < maxKept) kept.push(input);
    else if (taken && random.once(32))
      drifters[random.below(maxDrifters) % (drifters.length + 1)] = input;
    if (done % 256 > 0) continue;
    await growth.look('rss');
    if (done % 16_384 === 0) await growth.look('held');
    // What Node puts off to the next turn (a gunzip that failed, its memory) has to have one.
    await setImmediate();
  }
  await growth.look('held');
  const seconds = (performance.now() - begun) / 1000;
  const { endings, takenInputs, slowest, hungriest } = trial;
  return {
    ...{ inputs: done, seconds, takenInputs, slowest, hungriest },
    growth: { held: growth.held, rss: growth.rss },
    endings: Object.fromEntries(endings),
  };
}

/** Reads one input, which somebody kept, by the same rules. */
export async function rerun(target: FuzzTarget, input: Uint8Array, begin: Begin): Promise<Ending> {
  return newTrial(target, { ...usualBounds, ...target.bounds }, begin).run(input);
}

function newTrial(target: FuzzTarget, bounds: Bounds, begin: Begin) {
  const kinds = target.refusals ?? ['corrupt'];
  const endings = new Map<string, number>();
  const trial = {
    endings,
    takenInputs: 0,
    slowest: 0,
    hungriest: 0,
    async run(input: Uint8Array): Promise<Ending> {
      begin(input);
      const before = memoryInUse();
      const begun = performance.now();
      let ending: Ending;
      try {
        const result = target.run(input);
        ending = result instanceof Promise ? await result : result;
      } catch (error) {
        if (error instanceof FuzzFailure) throw error;
        if (!(error instanceof TwinbankError)) throw new FuzzFailure(stackOf(error));
        if (!kinds.includes(error.kind)) {
          throw new FuzzFailure(
            `expected kind ${kinds.join(' or ')}, found ${error.kind}: ${error.stack}`,
          );
        }
        if (target.quotes && /[^ -~]/.test(error.message)) {
          throw new FuzzFailure(`expected a message in printable ASCII: ${error.stack}`);
        }
        ending = refusedAs(endings.size < maxKept ? howRefused(error) : error.code);
      }
      trial.slowest = Math.max(trial.slowest, performance.now() - begun);
      // Before anything is collected: a buffer that is free again was there all the same.
      const used = memoryInUse() - before;
      trial.hungriest = Math.max(trial.hungriest, used);
      if (used > bounds.inputBytes) {
        throw new FuzzFailure(
          `expected at most ${bounds.inputBytes} bytes of memory for ${input.length} bytes of input, found ${used}`,
        );
      }
      if (ending.taken) trial.takenInputs++;
      endings.set(ending.how, (endings.get(ending.how) ?? 0) + 1);
      return ending;
    },
  };
  return trial;
}

/**
 * Another member of a document or field of a header is another way to end, but not another number, nor another
 * place in JSON that is of no format yet.
 */
function howRefused({ code, data }: TwinbankError): string {
  const place = data.place ?? data.field;
  return typeof place === 'string' && !code.startsWith('json.')
    ? `${code} ${place.replace(/\d+/g, '').slice(0, 24)}`
    : code;
}

/** Heap and buffers of this thread. Takes a tenth of the time of process.memoryUsage(), which asks the kernel, too. */
function memoryInUse(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** By how much memory grows: what is held, and what the process has of the system. */
async function newGrowth(bounds: Bounds) {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const now = {
    async held(): Promise<number> {
      // Twice: what the first frees of the system's objects lets others go in the next turn.
      for (let time = 0; time < 2; time++) {
        await setImmediate();
        collect();
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    },
    rss: () => process.memoryUsage.rss(),
  };
  const first = { held: await now.held(), rss: now.rss() };
  const growth = {
    held: 0,
    rss: 0,
    async look(what: 'rss' | 'held'): Promise<void> {
      growth[what] = Math.max(growth[what], (await now[what]()) - first[what]);
      const most = what === 'rss' ? bounds.rssBytes : bounds.heldBytes;
      if (growth[what] <= most) return;
      const found = `${growth[what]} (${what})`;
      throw new FuzzFailure(`expected to grow by at most ${most} bytes, found ${found}`);
    },
  };
  return growth;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `${error}`;
}
