import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journalOfDisk } from '../../src/bootloader/store-journal.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import type { Firmware } from '../../src/harness/qemu/machine-options.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { readBankForUpdate } from '../../src/update/bank-reading.ts';
import { verifyBank } from '../../src/update/verify-bank.ts';
import { exhaustive } from '../support/exhaustive.ts';
import { withPartition } from '../support/image-copy.ts';
import { waitForLines } from '../support/machine-lines.ts';
import { serveFiles } from '../support/serve-file.ts';
import { versionsFolder } from '../support/versions.ts';
import { checkWriteLog } from '../support/write-log-check.ts';

const versions = versionsFolder();
const set = (version: string, ...more: string[]) => [`version=${version}`, ...more];
const one = set('1.0.0', 'oem=[file:test/support/acme]');
// Other settings make another agents module, and no init a system that panics.
const two = set('1.1.0', 'health.trialSeconds=290');
const broken = set('1.2.0', 'kernel.options=[console=ttyS0,115200n8, panic=5, rdinit=/missing]');
const three = set('1.3.0', 'health.trialSeconds=280');
let image = '';
let bundles: Record<'two' | 'broken' | 'three', string>;

beforeAll(async () => {
  image = await versions.image(one);
  bundles = {
    two: await versions.bundle(two),
    broken: await versions.bundle(broken, two),
    three: await versions.bundle(three, two),
  };
});
afterAll(versions.remove);

const minutes = 60_000;
const ready = (build: string, bank: number) =>
  new RegExp(`^twinbank: ready build=${build} bank=${bank}`);

/** Sends a bundle chunk by chunk, as a rig without a network does. */
async function stream(machine: QemuMachine, path: string): Promise<unknown> {
  const applied = machine.vmkd.call('update.apply', { source: '-', reboot: true }, 10 * minutes);
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 1 << 19) {
    const data = bytes.subarray(at, at + (1 << 19)).toString('base64');
    await machine.vmkd.call(
      'update.send',
      { data, end: at + (1 << 19) >= bytes.length },
      5 * minutes,
    );
  }
  return applied;
}

async function stageAndApply(machine: QemuMachine, path: string): Promise<unknown> {
  const bytes = readFileSync(path);
  for (let offset = 0; offset < bytes.length; offset += 1 << 19) {
    const data = bytes.subarray(offset, offset + (1 << 19)).toString('base64');
    await machine.vmkd.call('update.stage', { name: 'next.tbu', offset, data }, minutes);
  }
  const apply = { source: '/tmp/next.tbu', reboot: true };
  return machine.vmkd.call('update.apply', apply, 10 * minutes);
}

/** The story of the disk's journal: what happened to which bank. */
function story(disk: string): string[] {
  const device = openFileDevice(disk);
  try {
    return journalOfDisk(device).flatMap((record) => {
      if (record.event === 'booted') {
        const refused = record.refused.map(({ bank, why }) => ` (${bank}: ${why})`).join('');
        return [`booted ${record.bank} ${record.build} ${record.state}${refused}`];
      }
      if (record.event === 'ready') return record.confirmed ? [`confirmed ${record.bank}`] : [];
      if (record.event === 'update') {
        return [`update ${record.bank} ${record.step} ${record.from} -> ${record.to}`];
      }
      return record.event === 'rollback' ? [`rollback ${record.bank}`] : [];
    });
  } finally {
    device.close();
  }
}

function originsOf(disk: string, number: number): string[] {
  return withPartition(disk, number, (device) => {
    const bank = readBankForUpdate(number, device);
    expect(verifyBank(bank, { by: 'contents' }).problems).toEqual([]);
    return bank.manifests.map(({ manifest }) => `${manifest.origin} ${manifest.version}`);
  });
}

/** Updates, falling back and rolling back under BIOS are scenarios; both firmwares tell the whole story in `soak`. */
const firmwares: readonly Firmware[] = exhaustive ? ['bios', 'uefi'] : ['uefi'];

describe('a running host', () => {
  it.each(firmwares)(
    'under %s is updated, falls back from a version that panics, and is rolled back by hand',
    async (firmware) => {
      const disk = await copyDisk(image);
      const server = await serveFiles({ 'two.tbu': bundles.two });
      const scratch = mkdtempSync(join(tmpdir(), 'twinbank-log-'));
      const writeLog = join(scratch, 'writes.log');
      // QEMU writes to it, and does not make it.
      writeFileSync(writeLog, '');
      const before = await copyDisk(disk.path);
      const machine = await startQemu({
        ...defaultMachine,
        ...{ image: disk.path, write: true, firmware, accelerator: 'tcg', writeLog },
        extra: ['-action', 'reboot=reset'],
      });
      try {
        let line = await waitForLines(machine, [ready('1.0.0-1', 5)]);
        const first = { source: server.url('two.tbu'), reboot: true };
        const applying = machine.vmkd.call('update.apply', first, 10 * minutes);
        await expect(machine.vmkd.call('update.apply', first)).rejects.toThrow(
          'expected no other update',
        );
        expect(await applying).toMatchObject({
          ...{ outcome: 'updated', from: '1.0.0-1', to: '1.1.0-1', bank: 6 },
          oems: [{ origin: 'acme', version: '1.0', action: 'carried' }],
        });
        expect(server.requests.length).toBeGreaterThan(1);
        const trial = /confirmed \S+, was a trial/;
        line = await waitForLines(machine, [trial, ready('1.1.0-1', 6)], line);

        expect(await stageAndApply(machine, bundles.broken)).toMatchObject({ to: '1.2.0-1' });
        line = await waitForLines(
          machine,
          [
            /^twinbank: booting bank 5 build=1\.2\.0-1/,
            /Kernel panic/,
            /^twinbank: bank 5 refused: trial was not confirmed/,
            ready('1.1.0-1', 6),
          ],
          line,
        );
        expect(await machine.vmkd.call('status')).toMatchObject({
          refused: [{ bank: 5, why: 'trial was not confirmed' }],
        });

        expect(await stream(machine, bundles.three)).toMatchObject({ to: '1.3.0-1', bank: 5 });
        line = await waitForLines(machine, [trial, ready('1.3.0-1', 5)], line);
        expect(await machine.vmkd.call('bank.rollback', { reboot: true }, 5 * minutes)).toEqual({
          ...{ bank: 5, rebooting: true },
        });
        await waitForLines(machine, [/bank 5 refused: invalid/, ready('1.1.0-1', 6)], line);
        await machine.qmp.call('system_powerdown');
        await machine.ended;
        expect(story(disk.path)).toEqual([
          'booted 5 1.0.0-1 VALID',
          'confirmed 5',
          'update 6 begun 1.0.0-1 -> 1.1.0-1',
          'update 6 complete 1.0.0-1 -> 1.1.0-1',
          'booted 6 1.1.0-1 UPGRADING',
          'confirmed 6',
          'update 5 begun 1.1.0-1 -> 1.2.0-1',
          'update 5 complete 1.1.0-1 -> 1.2.0-1',
          'booted 6 1.1.0-1 VALID (5: trial was not confirmed)',
          'confirmed 6',
          'update 5 begun 1.1.0-1 -> 1.3.0-1',
          'update 5 complete 1.1.0-1 -> 1.3.0-1',
          'booted 5 1.3.0-1 UPGRADING',
          'confirmed 5',
          'rollback 5',
          'booted 6 1.1.0-1 VALID (5: invalid)',
          'confirmed 6',
        ]);
        expect(originsOf(disk.path, 6)).toEqual(['base 1.1.0', 'acme 1.0']);
        expect(originsOf(disk.path, 5)).toEqual(['base 1.3.0', 'acme 1.0']);
        const cut = checkWriteLog({ before: before.path, after: disk.path, log: writeLog });
        expect(cut.builds).toEqual(['1.0.0-1', '1.1.0-1', '1.2.0-1', '1.3.0-1']);
      } finally {
        await machine.stop();
        server.close();
        await disk.remove();
        await before.remove();
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  );
});
