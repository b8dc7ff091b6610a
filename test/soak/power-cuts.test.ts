import { expect, inject, it } from 'vitest';
import { chooseNext } from '../../src/bootloader/choose-next.ts';
import { readBanks } from '../../src/bootloader/read-banks.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { firmwares } from '../../src/harness/qemu/machine-options.ts';
import { startQemu } from '../../src/harness/qemu/qemu.ts';
import { boot, bootTimeoutMs, expectHealthy } from '../support/boot.ts';

const cuts = 12;
const stages = [
  /^twinbank: loader/,
  /^twinbank: bank \d set/,
  /^twinbank: verifying/,
  /^twinbank: booting/,
  /stage=kernel/,
  /stage=engine/,
  /stage=agents/,
  /stage=bank|^twinbank: ready/,
];

it('a host whose power fails again and again always boots in the end', async () => {
  const disk = await copyDisk(inject('images').raw);
  try {
    for (let cut = 0; cut < cuts; cut++) {
      const firmware = firmwares[cut % firmwares.length] ?? 'bios';
      const machine = await startQemu({
        ...defaultMachine,
        image: disk.path,
        firmware,
        write: true,
        accelerator: 'tcg',
      });
      const stage = stages[cut % stages.length]!;
      const seen = await machine.console.waitFor(stage, { timeoutMs: bootTimeoutMs });
      await machine.stop();
      expect(seen, `a line like ${stage}`).toHaveProperty('line');
      const device = openFileDevice(disk.path);
      expect(chooseNext(readBanks(device)).next).not.toBeNull();
      device.close();
    }
    const last = await boot({ image: disk.path, write: true });
    expectHealthy(last, last.booted ?? 0);
  } finally {
    await disk.remove();
  }
});
