import type { ErrorKind } from '../../src/diagnostics/error.ts';
import type { Random } from './random.ts';

/** A parser, and what it may do with input that somebody else made. One row of `targets.ts`. */
export interface FuzzTarget {
  /** Also the beginning of the names of inputs that are kept. */
  readonly name: string;
  /** Valid inputs, made by our own encoders. Each must be taken. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** The largest inputs that the product reads, of the shapes that cost most: tried once each. */
  traps?(): readonly Uint8Array[];
  /** Another input, near `input`; `other` is one to take parts of. Neither is changed. */
  mutate(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array;
  /**
   * Reads the input as the product does, and checks what came of it. Returns how it ended in few words, of
   * which there are not many: an input that ends in a new way is mutated further.
   */
  run(input: Uint8Array): Ending | Promise<Ending>;
  /** Kinds that its refusals may have; default `corrupt`. */
  readonly refusals?: readonly ErrorKind[];
  /** Its messages quote what was found, in printable ASCII; default false. */
  readonly quotes?: boolean;
  readonly bounds?: Partial<Bounds>;
}

export interface Ending {
  readonly taken: boolean;
  readonly how: string;
}

export const taken: Ending = { taken: true, how: 'taken' };

export function takenAs(how: string): Ending {
  return { taken: true, how };
}

export function refusedAs(how: string): Ending {
  return { taken: false, how };
}

export interface Bounds {
  /** Processor time for one input, milliseconds. A hundred times what any takes, so that load does not matter. */
  readonly milliseconds: number;
  /** Memory that one input may take: heap and buffers, bytes. What a header claims must not decide. */
  readonly inputBytes: number;
  /** By how much what is held may grow over a whole run, bytes: inputs that are kept, compiled code. */
  readonly heldBytes: number;
  /** By how much the process may grow, garbage and all, bytes. */
  readonly rssBytes: number;
}

const MiB = 2 ** 20;

export const usualBounds: Bounds = {
  milliseconds: 2000,
  inputBytes: 16 * MiB,
  heldBytes: 16 * MiB,
  rssBytes: 256 * MiB,
};
