import { type BootMarks, readBootCfg, withMarks } from '../../../bootloader/boot-cfg.ts';
import { stateNames } from '../../../bootloader/rules.ts';
import { bootCfgOffset, writeMarks } from '../../../bootloader/write-marks.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import { openFat } from '../../../disk/fat/volume.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { runCommand } from '../../system/command.ts';

const confirmed: BootMarks = { bootstate: '0', attempts: '0', verdict: '-' };

/**
 * Confirms the bank that runs: bootstate 0, attempts 0, verdict `-`, in one write of the sector that holds
 * them, raw and flushed, and read back past the page cache. Throws when the bank is in no state that may be
 * confirmed (it was booted by hand from INVALID) or when the medium did not keep what was written. Returns
 * the marks that the loader had left. `dropCaches` makes the next read come from the medium.
 */
export async function confirmRunningBank(
  path: string,
  dropCaches: (path: string) => Promise<void> = flushBuffers,
): Promise<BootMarks> {
  const before = withDevice(path, (device) => {
    const offset = bootCfgOffset(device);
    const bytes = openFat(device).read('boot.cfg');
    const found = readBootCfg(bytes);
    if (!found.ok) throw new Error(`boot.cfg: ${found.key}: ${found.reason}`);
    const { bootstate, attempts, verdict } = found.cfg;
    if (bootstate !== '0' && bootstate !== '2') {
      throw new Error(`a bank found ${stateNames[bootstate]} is never confirmed`);
    }
    writeMarks(device, confirmed, { offset });
    return { marks: { bootstate, attempts, verdict }, wanted: withMarks(bytes, confirmed) };
  });
  await dropCaches(path);
  withDevice(path, (device) => {
    if (Buffer.compare(openFat(device).read('boot.cfg'), before.wanted) !== 0) {
      throw new Error('the bank does not keep what is written to it');
    }
  });
  return before.marks;
}

/** The marks of a bank as they are now. Throws when its boot.cfg is malformed. */
export function readMarks(path: string): BootMarks {
  return withDevice(path, (device) => {
    const found = readBootCfg(openFat(device).read('boot.cfg'));
    if (!found.ok) throw new Error(`boot.cfg: ${found.key}: ${found.reason}`);
    return found.cfg;
  });
}

/** Makes the next read come from the medium: the page cache would only give back what was written to it. */
export async function flushBuffers(path: string): Promise<void> {
  const end = await runCommand('/sbin/blockdev', ['--flushbufs', path], { timeoutMs: 30_000 });
  if (end.code !== 0) throw new Error(`could not be read back from the medium: ${end.output}`);
}

function withDevice<T>(path: string, use: (device: BlockDevice) => T): T {
  const device = openFileDevice(path, { writable: true });
  try {
    return use(device);
  } finally {
    device.close();
  }
}
