import { setTimeout as pause } from 'node:timers/promises';
import type { QemuMachine } from '../../src/harness/qemu/qemu.ts';
import type { BenchContext, BenchRow } from './bench-row.ts';
import { fileOfHost, withQuietHost } from './live-host.ts';
import { parseMachineTime } from './machine-load.ts';

const minuteMs = 60_000;
const processors = 2;
/** Of two processors in ten minutes 1 %. */
const allowedSeconds = 0.01 * processors * 600;

/**
 * Boots the default image and asks the host itself how long its processors were busy in ten minutes in which nobody asks it anything.
 * To ask takes time as well, and so the same is subtracted for one minute, of eleven.
 */
export const idleProcessorRow: BenchRow = {
  name: 'processor when idle',
  meaning: `processor time of the default image in ten minutes in which nothing happens, of 2 processors; 1 % is ${allowedSeconds} s`,
  runs: 1,
  target: { seconds: allowedSeconds },
  setUp: async (context: BenchContext) => {
    const busyMs = await withQuietHost(context, idleBusyMs);
    return { ours: async () => busyMs };
  },
};

async function idleBusyMs(machine: QemuMachine): Promise<number> {
  const busy = async (): Promise<number> =>
    parseMachineTime(await fileOfHost(machine, 'files/proc/stat')).busyMs;
  // The first one starts what the others find running.
  await busy();
  await pause(minuteMs);
  const begun = await busy();
  await pause(minuteMs);
  const afterOne = await busy();
  await pause(11 * minuteMs);
  const afterEleven = await busy();
  return afterEleven - afterOne - (afterOne - begun);
}
