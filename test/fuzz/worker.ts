import { parentPort, workerData } from 'node:worker_threads';
import { type Effort, fuzz, rerun } from './fuzzer.ts';
import type { FuzzTarget } from './target.ts';

/** What a worker is told. */
export interface Job {
  readonly target: string;
  /** Or one input, to be read once. */
  readonly effort: Effort | { readonly input: Uint8Array };
  /** Number of inputs so far and length of the last one, as two 32-bit numbers, then its bytes. */
  readonly shared: SharedArrayBuffer;
}

export const sharedHeadBytes = 8;
/** Of an input. */
export const maxInputBytes = 2 ** 24;

/** The worker's side: does its job, each input where the other side can find it before it is read. */
export async function work(targets: readonly FuzzTarget[]): Promise<void> {
  const { target: name, effort, shared }: Job = workerData;
  const target = targets.find((one) => one.name === name);
  if (!target) throw new Error(`no target ${name}`);
  const head = new Int32Array(shared, 0, 2);
  const place = new Uint8Array(shared, sharedHeadBytes);
  const begin = (input: Uint8Array): void => {
    place.set(input);
    Atomics.store(head, 1, input.length);
    Atomics.add(head, 0, 1);
  };
  const result =
    'input' in effort
      ? await rerun(target, effort.input, begin)
      : await fuzz(target, effort, begin);
  parentPort?.postMessage(result);
}
