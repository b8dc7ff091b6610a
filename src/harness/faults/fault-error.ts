import { TwinbankError } from '../../diagnostics/error.ts';

/** The error for a fault of `--fault` that cannot be. */
export function faultError(text: string, expected: string, found: string): TwinbankError {
  const message = `--fault ${text}: expected ${expected}, found ${found}`;
  return new TwinbankError('usage', 'usage.fault', message, { data: { fault: text } });
}
