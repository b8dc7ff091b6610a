import { TwinbankError } from '../../diagnostics/error.ts';
import type { ConsoleLine } from './console-log.ts';

/** The error for a machine that its power button does not end. */
export function noShutdown(lines: readonly ConsoleLine[]): TwinbankError {
  const expectation = 'expected the machine to power off within 60 s of its power button';
  return bootError('harness.no-shutdown', expectation, lines);
}

/** An error of kind `boot` that shows the end of the console; `hint` is a clause that says what is likely. */
export function bootError(
  code: string,
  expectation: string,
  lines: readonly ConsoleLine[],
  hint?: string,
): TwinbankError {
  const what = hint === undefined ? expectation : `${expectation}; ${hint}`;
  if (lines.length === 0)
    return new TwinbankError('boot', code, `${what}; the console said nothing`);
  const tail = lines.slice(-12).map(({ seconds, text }) => `  ${seconds.toFixed(1)} s  ${text}`);
  return new TwinbankError('boot', code, `${what}; the console's last lines:\n${tail.join('\n')}`);
}
