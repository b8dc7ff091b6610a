import { noShutdown } from '../console/boot-error.ts';
import type { ConsoleLine, LinePattern } from '../console/console-log.ts';
import { endOfBoot, type Judgement, judgeBoot } from '../console/judge.ts';
import type { MachineOptions } from './machine.ts';
import { type QemuMachine, startQemu } from './qemu.ts';
import { notRunning } from './qemu-complaint.ts';

export interface BootResult extends Judgement {
  readonly lines: readonly ConsoleLine[];
}

export interface BootOptions {
  readonly machine: MachineOptions;
  /** The boot is over when a line matches (`reached`, `healthy` after the ready line); default: the ready line. */
  readonly until?: LinePattern;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: ConsoleLine) => void;
  /** Called with the machine while it runs, after the boot has ended well, before it is shut down. */
  readonly whileReady?: (machine: QemuMachine) => Promise<void>;
}

/**
 * Boots an image in QEMU and says what became of it. A machine that is ready is shut down in order, so
 * that what it writes is whole; any other is ended. Throws as {@link startQemu} does, `harness.qemu` also
 * when QEMU ends without having said that the machine did, and `harness.no-shutdown`.
 */
export async function bootInQemu(options: BootOptions): Promise<BootResult> {
  const { signal, until, timeoutMs } = options;
  const machine = await startQemu(options.machine, signal);
  try {
    if (options.onLine) machine.console.onEveryLine(options.onLine);
    const end = await machine.console.waitFor(endOfBoot(until), { timeoutMs });
    signal?.throwIfAborted();
    if ('ended' in end && end.ended === 'closed') {
      const { reason, errors } = await machine.ended;
      if (reason === 'host-signal') throw notRunning(errors);
    }
    const judgement = judgeBoot(machine.console.lines, end, until);
    if (judgement.outcome === 'healthy') {
      await options.whileReady?.(machine);
      // One that was stopped before it was ready is just ended.
      if (!until) await shutDown(machine);
      signal?.throwIfAborted();
    }
    return { ...judgement, lines: machine.console.lines };
  } finally {
    await machine.stop();
  }
}

/** Presses the power button and waits for the machine to be off. */
export async function shutDown(
  machine: QemuMachine,
  lines: readonly ConsoleLine[] = machine.console.lines,
): Promise<void> {
  await machine.qmp.call('system_powerdown');
  const gone = await Promise.race([
    machine.ended.then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, 60_000, false).unref()),
  ]);
  if (!gone) throw noShutdown(lines);
}
