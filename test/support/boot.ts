import { expect, inject } from 'vitest';
import { bootError } from '../../src/harness/console/boot-error.ts';
import { type BootOptions, type BootResult, bootInQemu } from '../../src/harness/qemu/boot.ts';
import { defaultMachine, type MachineOptions } from '../../src/harness/qemu/machine.ts';

/** Emulated boots take 20 to 40 s; a loaded machine gets ten times that before it is called a hang. */
export const bootTimeoutMs = 400_000;

/** Boots the default image, or another one; emulated everywhere, so that CI and a desk see the same. */
export function boot(
  machine: Partial<MachineOptions>,
  options: Partial<Omit<BootOptions, 'machine'>> = {},
): Promise<BootResult> {
  return bootInQemu({
    machine: { ...defaultMachine, image: inject('images').raw, accelerator: 'tcg', ...machine },
    timeoutMs: bootTimeoutMs,
    ...options,
  });
}

/** Fails with the end of the console unless the boot was healthy. */
export function expectHealthy(result: BootResult, bank: number): void {
  if (result.outcome !== 'healthy' || result.booted !== bank) {
    throw bootError(
      'test.boot',
      `expected bank ${bank} to be ready, found ${result.outcome} of bank ${result.booted}`,
      result.lines,
    );
  }
}

/** The first console line that matches, as a match; the end of the console where there is none. */
export function consoleMatch(result: BootResult, pattern: RegExp): RegExpExecArray {
  for (const { text } of result.lines) {
    const match = pattern.exec(text);
    if (match) return match;
  }
  throw bootError('test.console', `expected a console line like ${pattern}`, result.lines);
}

/** The numbers of lines that match the patterns, which must be there, one after another. */
export function expectInOrder(result: BootResult, patterns: readonly RegExp[]): void {
  let from = 0;
  for (const pattern of patterns) {
    const at = result.lines.findIndex(({ text }, index) => index >= from && pattern.test(text));
    expect(at, `a line like ${pattern} after line ${from}`).toBeGreaterThanOrEqual(0);
    from = at;
  }
}
