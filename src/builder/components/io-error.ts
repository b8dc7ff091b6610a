import { TwinbankError } from '../../diagnostics/error.ts';
import { namedAt } from '../../diagnostics/system-error.ts';

/** The code of a system error such as `ENOENT`, or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/**
 * Runs file-system work; what the system refuses becomes one sentence of kind `io` that names the
 * place. Errors that are ours already pass, but those of programs that could not write there.
 */
export async function atPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = namedAt(path, thrown);
    const code = errorCode(error);
    if (error instanceof TwinbankError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) {
      throw error;
    }
    throw new TwinbankError('io', 'io.failed', `${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The error of work that was told to stop. */
export function interrupted(what: string): TwinbankError {
  return new TwinbankError(
    'interrupted',
    'components.interrupted',
    `${what}: interrupted; the next run goes on from here`,
  );
}
