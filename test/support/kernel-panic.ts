import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { defaultMachine, type MachineOptions } from '../../src/harness/qemu/machine.ts';
import { startQemu } from '../../src/harness/qemu/qemu.ts';
import { faultArguments } from '../../src/harness/qemu/qemu-faults.ts';
import { packageRoot } from '../../src/host/package-root.ts';
import type { CoredumpStatus } from '../../src/runtime/vmkernel/coredump/coredump-service.ts';
import { bootTimeoutMs } from './boot.ts';

export interface Panic {
  readonly machine: Partial<MachineOptions> & Pick<MachineOptions, 'image' | 'memory'>;
  /** What befalls the dump kernel. */
  readonly faults?: readonly string[];
  /** Asked before the panic until it is true of the status; default: a panic would be dumped. */
  readonly isReady?: (status: CoredumpStatus) => boolean;
  /** What the console has between the panic and the reset. */
  readonly seen: RegExp;
}

/** Boots an image for writing, lets the kernel panic, and waits for the reset. Answers what vmkd said before. */
export async function panicAndReset(panic: Panic): Promise<{
  readonly status: CoredumpStatus;
  readonly problems: readonly string[];
}> {
  const { machine: own, faults = [], isReady = ({ armed }) => armed, seen } = panic;
  const options = { ...defaultMachine, write: true, accelerator: 'tcg', ...own } as const;
  const extra = [...options.extra, ...faultArguments([], options.disk, ['live', ...faults])];
  const machine = await startQemu({ ...options, extra });
  try {
    const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs: bootTimeoutMs });
    expect(ready).toHaveProperty('line');
    const ask = async () => (await machine.vmkd.call('coredump.status')) as CoredumpStatus;
    const deadline = performance.now() + bootTimeoutMs;
    let status = await ask();
    for (; !isReady(status) && performance.now() < deadline; status = await ask()) await pause(500);
    expect(status).toSatisfy(isReady);
    const { problems } = (await machine.vmkd.call('status')) as { problems: string[] };
    const found = machine.console.waitFor(seen, { timeoutMs: bootTimeoutMs });
    // The kernel is gone before it could answer.
    machine.vmkd.call('fault.panic').catch(() => {});
    expect(await found, `a line like ${seen}`).toHaveProperty('line');
    expect(await machine.ended).toMatchObject({ reason: 'guest-reset' });
    return { status, problems };
  } finally {
    await machine.stop();
  }
}

/** What `twinbank coredump IMAGE --json` says; with `out` it writes the dump there. */
export function readDump(image: string, out?: string): Record<string, unknown> {
  const program = join(packageRoot(), 'dist/twinbank.js');
  const args = [program, 'coredump', image, ...(out === undefined ? [] : ['--out', out]), '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}
