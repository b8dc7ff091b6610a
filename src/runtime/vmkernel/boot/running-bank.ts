import type { BootMarks } from '../../../bootloader/boot-cfg.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import {
  assertConfirmed,
  type MarkedBank,
  markedBank,
  readMarks,
  writeConfirmation,
} from '../../../hostcore/confirm.ts';
import { runCommand } from '../../system/command.ts';

/**
 * Confirms the bank that runs, by its device, and holds what the medium has against it. Throws as `writeConfirmation` and
 * `assertConfirmed`. `dropCaches` makes the next read come from the medium.
 */
export async function confirmRunningBank(
  path: string,
  dropCaches: (path: string) => Promise<void> = flushBuffers,
): Promise<void> {
  const expected = withBank(path, writeConfirmation);
  await dropCaches(path);
  withBank(path, (bank) => assertConfirmed(bank, expected));
}

/** The marks of a bank as they are now. Throws when its boot.cfg is malformed. */
export function readBankMarks(path: string): BootMarks {
  return withBank(path, readMarks);
}

/** Makes the next read come from the medium: the page cache would only give back what was written to it. */
export async function flushBuffers(path: string): Promise<void> {
  const end = await runCommand('/sbin/blockdev', ['--flushbufs', path], { timeoutMs: 30_000 });
  if (end.code !== 0) throw new Error(`could not be read back from the medium: ${end.output}`);
}

function withBank<T>(path: string, use: (bank: MarkedBank) => T): T {
  const device = openFileDevice(path, { writable: true });
  try {
    return use(markedBank(device));
  } finally {
    device.close();
  }
}
