import { bootError } from '../../src/harness/console/boot-error.ts';
import type { QemuMachine } from '../../src/harness/qemu/qemu.ts';
import { bootTimeoutMs } from './boot.ts';

/**
 * Waits for console lines that follow one another, from line `from` on; shows the end of the console when one
 * does not come. Returns the number of the line after the last.
 */
export async function waitForLines(
  machine: QemuMachine,
  patterns: readonly RegExp[],
  from = 0,
): Promise<number> {
  let next = from;
  for (const pattern of patterns) {
    const end = await machine.console.waitFor(pattern, { timeoutMs: bootTimeoutMs, from: next });
    if (!('line' in end)) {
      throw bootError('test.console', `expected a line like ${pattern}`, machine.console.lines);
    }
    next = machine.console.lines.indexOf(end.line) + 1;
  }
  return next;
}
