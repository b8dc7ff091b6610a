import type { Outcome } from '../console/boot-progress.ts';
import { type BootEnding, bootProgress, recoveryTimeoutMs } from '../console/boot-progress.ts';
import type { ConsoleLine } from '../console/console-log.ts';
import type { Fault } from '../faults/fault.ts';
import { type PowerCuts, powerCuts } from '../faults/power-cuts.ts';
import { shutDown } from './boot.ts';
import type { MachineOptions } from './machine.ts';
import { type QemuMachine, startQemu } from './qemu.ts';
import { faultArguments } from './qemu-faults.ts';

export interface FollowOptions {
  /** Its disk must keep what is written: a power cut ends QEMU, and another one goes on. */
  readonly machine: MachineOptions;
  /** Boots to follow at most, 1 or more. */
  readonly boots: number;
  /** For each of them. */
  readonly timeoutMs: number;
  readonly faults: readonly Fault[];
  readonly signal?: AbortSignal;
  readonly onLine?: (line: ConsoleLine) => void;
}

export interface FollowedBoot {
  readonly booted: number | null;
  readonly outcome: Outcome;
  readonly lines: readonly ConsoleLine[];
}

export interface FollowedBoots {
  /** The first first. */
  readonly boots: readonly FollowedBoot[];
  /** Faults that did nothing, as far as the console tells. */
  readonly unfired: readonly string[];
}

const anyLine = { test: () => true };

/**
 * Boots a machine in QEMU and follows its resets, each of them back through firmware and loader, until a
 * system stays up, the loader stops at its rescue prompt, a boot takes too long, or `boots` are over. A
 * power cut kills QEMU at the console line of its stage. Throws as `startQemu` does.
 */
export async function followBoots(options: FollowOptions): Promise<FollowedBoots> {
  const { signal, faults, machine: wanted, boots: limit } = options;
  const extra = ['-action', 'reboot=reset', ...faultArguments(faults, wanted.disk)];
  const cuts = powerCuts(faults);
  const boots: FollowedBoot[] = [];
  for (let again = true; again && boots.length < limit; ) {
    const machine = await startQemu({ ...wanted, extra: [...wanted.extra, ...extra] }, signal);
    try {
      if (options.onLine) machine.console.onEveryLine(options.onLine);
      let ending: BootEnding | undefined;
      for (let from = 0; again && ending !== 'power-cut' && boots.length < limit; ) {
        const { boot, ending: how } = await followOne(machine, from, cuts, options.timeoutMs);
        signal?.throwIfAborted();
        boots.push(boot);
        from += boot.lines.length;
        ending = how;
        again = how === 'reset' || how === 'power-cut' || boot.outcome === 'panic';
      }
      // In order, so that what it writes is whole.
      if (!again && boots.at(-1)?.outcome === 'healthy') await shutDown(machine);
    } finally {
      await machine.stop();
    }
  }
  return { boots, unfired: cuts.waiting().map(({ text }) => text) };
}

/** Follows one boot from a line of the console on. */
async function followOne(
  machine: QemuMachine,
  from: number,
  cuts: PowerCuts,
  timeoutMs: number,
): Promise<{ boot: FollowedBoot; ending: BootEnding }> {
  const log = machine.console;
  const progress = bootProgress();
  const deadline = performance.now() + timeoutMs;
  let at = from;
  const finish = (ending: BootEnding) => ({
    boot: { ...progress.judge(ending), lines: log.lines.slice(from, at) },
    ending,
  });
  for (;;) {
    const left = Math.max(0, deadline - performance.now());
    const waitMs = progress.isIll() ? Math.min(left, recoveryTimeoutMs) : left;
    const next = await log.waitFor(anyLine, { timeoutMs: waitMs, from: at });
    if ('ended' in next) return finish(next.ended);
    const { text } = next.line;
    if (progress.startsNext(text)) return finish('reset');
    at++;
    progress.see(text);
    if (cuts.at(text) !== undefined) return finish('power-cut');
    if (progress.isOver()) return finish('console');
  }
}
