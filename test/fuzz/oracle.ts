import { TwinbankError } from '../../src/diagnostics/error.ts';
import { FuzzFailure } from './fuzzer.ts';

/** For what a parser made of an input and must not have. */
export function fails(sentence: string): never {
  throw new FuzzFailure(sentence);
}

export function assertSame(found: Uint8Array, expected: Uint8Array, sentence: string): void {
  if (Buffer.compare(found, expected) === 0) return;
  const show = (bytes: Uint8Array): string =>
    Buffer.from(bytes.subarray(0, 400)).toString('latin1');
  fails(`${sentence}:\n${JSON.stringify(show(expected))}\n${JSON.stringify(show(found))}`);
}

/** Whether something is taken, or refused as damaged; what else is thrown fails. */
export function isTaken(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'corrupt') return false;
    throw error;
  }
}
