import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type TemporaryFolder, temporaryFolder } from '../../host/temporary-folder.ts';
import { object, text } from '../../protocol/form.ts';
import type { Fault } from '../faults/fault.ts';
import { copyDisk, type DiskCopy } from '../machine/disk-copy.ts';
import type { History } from '../machine/machine-record.ts';
import type { MachineSnapshot } from '../machine/test-machine.ts';
import { type AddedDisk, copyAddedDisks } from './added-disks.ts';
import type { QemuMachine } from './qemu.ts';
import type { QemuDisk } from './qemu-hardware.ts';

/** A machine as it was: disk, firmware's variables, and memory and devices where it was on. */
export interface QemuSnapshot extends MachineSnapshot {
  readonly disk: DiskCopy;
  readonly firmwareVariables: string | undefined;
  /** Folder of its added disks. */
  readonly addedDisks: string;
  /** A migration stream, about a third of the machine's memory; undefined: it was off. */
  readonly memory: string | undefined;
  readonly record: History;
  readonly faults: readonly Fault[];
}

/** As fast as the host's disk takes it: a limit is for machines that go on meanwhile. */
const unlimited = 2 ** 40;
const timeoutMs = 120_000;

/**
 * Keeps a machine. One that is on stands still meanwhile. The host's disk has it by QEMU's migration to a file, and
 * not by snapshots within an image, which only qcow2 has: disks stay raw files that everything of ours reads.
 */
export async function keepQemu(
  machine: QemuMachine | undefined,
  disk: QemuDisk,
  { disks, ...rest }: Pick<QemuSnapshot, 'record' | 'faults'> & { disks: readonly AddedDisk[] },
): Promise<QemuSnapshot> {
  const folder = temporaryFolder('snapshot');
  let copy: DiskCopy | undefined;
  try {
    const memory = machine && (await keepMemory(machine, folder));
    copy = await copyDisk(disk.path);
    const uefi = existsSync(disk.firmwareVariables);
    const firmwareVariables = uefi ? join(folder.path, 'vars.fd') : undefined;
    if (firmwareVariables) await copyFile(disk.firmwareVariables, firmwareVariables);
    await copyAddedDisks(disk.addedDisks, folder.path, disks);
    await machine?.qmp.call('cont');
    const kept = copy;
    const dispose = async (): Promise<void> => {
      await kept.remove();
      await folder.remove();
    };
    const { path: addedDisks } = folder;
    return { kind: 'qemu', disk: copy, firmwareVariables, addedDisks, memory, ...rest, dispose };
  } catch (error) {
    await copy?.remove();
    await folder.remove();
    // It goes on where it can; what comes first is what is told.
    await machine?.qmp.call('cont').catch(() => {});
    throw error;
  }
}

/** What is read of QEMU's answers; a migration that has not begun has no status. */
const migrationForm = object({}, { status: text, 'error-desc': text });
const statusForm = object({ status: text });

async function keepMemory({ qmp }: QemuMachine, folder: TemporaryFolder): Promise<string> {
  const path = join(folder.path, 'memory');
  await qmp.call('stop');
  await qmp.call('migrate-set-parameters', { 'max-bandwidth': unlimited });
  await qmp.call('migrate', { uri: `exec:cat >'${path}'` });
  await waitUntil('the machine to be kept', async () => {
    const found = migrationForm(await qmp.call('query-migrate'), 'query-migrate');
    const { status, 'error-desc': why = 'no reason' } = found;
    if (status === 'failed') throw failed('the machine to be kept', why);
    return status === 'completed';
  });
  return path;
}

/** QEMU's arguments for a machine that waits for what was kept. */
export function incomingArguments({ memory }: QemuSnapshot): string[] {
  return memory === undefined ? [] : ['-incoming', `exec:cat '${memory}'`];
}

/** Waits until a machine has what was kept, and lets it go on. */
export async function goOn({ qmp }: QemuMachine): Promise<void> {
  await waitUntil('the machine to come back', async () => {
    const { status } = statusForm(await qmp.call('query-status'), 'query-status');
    return status !== 'inmigrate';
  });
  await qmp.call('cont');
}

/** QEMU tells no event of either without being asked to; both take a fraction of a second. */
const lookAgainMs = 10;

async function waitUntil(what: string, isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw failed(what, `none in ${timeoutMs / 1000} s`);
    await pause(lookAgainMs);
  }
}

function failed(what: string, found: string): TwinbankError {
  return new TwinbankError('boot', 'harness.snapshot', `expected ${what}, found ${found}`);
}
