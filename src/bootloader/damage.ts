import { type ErrorKind, TwinbankError } from '../diagnostics/error.ts';

/**
 * Reads something of a disk that may be damaged: what is wrong with it, or with the medium, goes to
 * `found` and nothing is returned. Errors of other than these `kinds` are thrown on.
 */
export function unlessDamaged<T>(
  read: () => T,
  found: (code: string, message: string) => void,
  kinds: readonly ErrorKind[] = ['corrupt', 'io'],
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TwinbankError) || !kinds.includes(error.kind)) throw error;
    found(error.code, error.message);
    return undefined;
  }
}
