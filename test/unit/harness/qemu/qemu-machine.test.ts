import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBanks } from '../../../../src/bootloader/read-banks.ts';
import { openImage } from '../../../../src/disk/open-image.ts';
import { createMachine } from '../../../../src/harness/create-machine.ts';
import { parseFault } from '../../../../src/harness/faults/parse-fault.ts';
import { isNotAble, type TestMachine } from '../../../../src/harness/machine/test-machine.ts';
import type { QemuOptions } from '../../../../src/harness/qemu/qemu-hardware.ts';
import { writtenLines } from '../../../support/written-lines.ts';
import { smallImage } from '../../bootloader/small-image.ts';
import { machineContract } from '../machine/contract.ts';
import { fakeMachine } from '../machine/fake-machine.ts';
import { fakeQemu } from './fake-qemu.ts';

const timeoutMs = 10_000;
const ready = /twinbank: ready/;
let folder: string;
let image: string;
let fake: ReturnType<typeof fakeQemu>;
let machine: TestMachine;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-qemu-'));
  image = join(folder, 'small.img');
  writeFileSync(image, smallImage().bytes);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  fake = fakeQemu(fakeMachine);
});
afterEach(async () => {
  await machine.dispose();
  expect(left()).toEqual([]);
  fake.restore();
});

const left = () => [
  ...fake.left(),
  ...(existsSync(join(fake.folder, 'pid')) && fake.runs() ? ['a process'] : []),
];

async function make(options: QemuOptions = {}): Promise<TestMachine> {
  machine = await createMachine('qemu', { accelerator: 'tcg', ...options });
  await machine.flash(image);
  return machine;
}

/** What QEMU was told since it was started first: its words, then commands. */
const told = (): { start?: string[]; execute?: string; args?: Record<string, unknown> }[] =>
  writtenLines(join(fake.folder, 'commands')).map((line) => JSON.parse(line));
const words = () =>
  told()
    .map(({ start }) => start?.join(' '))
    .findLast(Boolean) ?? '';
const executed = (...names: string[]) =>
  told().flatMap(({ execute = '', args }) => (names.includes(execute) ? [args] : []));

// Every other machine of a snapshot is disposed of within its test.
machineContract('virtual', { make: () => make(), timeoutMs, left: () => [] });

describe('a virtual machine', () => {
  it('is lost when QEMU crashes, and whoever waits hears of it at once', async () => {
    await make();
    await machine.powerOn();
    const wait = machine.console.waitFor(/never/, { timeoutMs });
    await expect(machine.vmkd.call('crash')).rejects.toMatchObject({ code: 'harness.no-answer' });
    expect(await wait).toEqual({ ended: 'closed' });
    expect([machine.isOn(), machine.lost()?.code]).toEqual([false, 'harness.qemu']);
    await expect(machine.vmkd.call('status')).rejects.toMatchObject({ code: 'harness.qemu' });
  });

  it('ends with its signal', async () => {
    const abort = new AbortController();
    await make({ signal: abort.signal });
    await machine.powerOn();
    const wait = machine.console.waitFor(/never/, { timeoutMs });
    abort.abort(new Error('Ctrl-C'));
    expect(await wait).toEqual({ ended: 'closed' });
  });

  it('keeps its disk over power cuts, and gives it out for reading while it runs', async () => {
    await make();
    await machine.withDisk((device) => device.write(440, Uint8Array.of(7)), { writable: true });
    await machine.powerOn();
    await expect(machine.withDisk(() => undefined, { writable: true })).rejects.toMatchObject({
      code: 'harness.power',
    });
    const read = () => machine.withDisk((device) => device.read(440, 1)[0]);
    expect(await read()).toBe(7);
    await machine.cut();
    await machine.powerOn();
    expect(await read()).toBe(7);
    expect(readFileSync(image)[440]).not.toBe(7);
  });

  it('damages the bank that would boot, and tells QEMU of the other faults', async () => {
    await make();
    await machine.inject(parseFault('torn-boot-cfg=0@6', 'qemu'));
    await machine.inject(parseFault('agent-dead', 'qemu'));
    await expect(machine.inject(parseFault('init-hang@5', 'qemu'))).rejects.toMatchObject({
      code: 'usage.fault',
    });
    expect(machine.unfired()).toEqual(['agent-dead']);
    const states = await machine.withDisk((device) => readBanks(device).map(({ state }) => state));
    expect(states).toEqual(['VALID', 'MALFORMED']);
    await machine.powerOn();
    await machine.console.waitFor(ready, { timeoutMs });
    expect(words()).toContain('name=opt/org.twinbank/fault,string=agent-dead@5');
    expect(machine.unfired()).toEqual([]);
    await machine.cut();
    await machine.heal();
    await machine.powerOn();
    expect(words()).not.toContain('agent-dead');
  });

  it('puts failing sectors and a slow disk between the guest and its image, and takes them out', async () => {
    await make();
    await machine.powerOn();
    await machine.inject({ live: 'io-error', on: 'write', partition: 7 });
    await machine.inject({ live: 'disk-latency', milliseconds: 20 });
    const added = executed('blockdev-add').slice(-2);
    expect(added).toMatchObject([
      { driver: 'blkdebug', 'node-name': 'errors', image: 'image' },
      { driver: 'throttle', 'node-name': 'delay', file: 'errors' },
    ]);
    const config = readFileSync(String(added[0]?.config), 'utf8');
    const sectors = [...config.matchAll(/sector = "(\d+)"/g)].map(([, sector]) => Number(sector));
    // Partition 7 is the mebibyte from 13 MiB: each page of it.
    expect(sectors).toEqual(Array.from({ length: 256 }, (_, page) => 26_624 + page * 8));
    expect(config.match(/iotype = "write"/g)).toHaveLength(256);
    expect(executed('object-add')).toMatchObject([{ limits: { 'iops-total': 50 } }]);
    expect(executed('qom-set').at(-1)).toEqual({
      path: '/machine/peripheral-anon/device[4]',
      ...{ property: 'drive', value: 'delay' },
    });
    await machine.heal();
    expect(executed('qom-set').at(-1)).toMatchObject({ value: 'image' });
    expect(executed('blockdev-del').slice(-2)).toEqual([
      { 'node-name': 'delay' },
      { 'node-name': 'errors' },
    ]);
  });

  it('takes the cable out, and moves the clock from the next power-on', async () => {
    await make();
    await machine.powerOn();
    await machine.inject({ live: 'network-down' });
    expect(executed('set_link').at(-1)).toEqual({ name: 'net', up: false });
    await machine.inject({ live: 'clock-jump', seconds: -86_400 });
    expect(words()).not.toContain('-rtc');
    await machine.cut();
    await machine.powerOn();
    const base = /-rtc base=(\S+)/.exec(words())?.[1];
    const back = (Date.now() - Date.parse(`${base}Z`)) / 1000;
    expect(back).toBeGreaterThan(86_399);
    expect(back).toBeLessThan(86_460);
  });

  it('has keys, a screen, and ports that the kernel picks', async () => {
    await make();
    await machine.powerOn();
    await machine.key('ctrl-alt-delete');
    expect(executed('send-key')).toEqual([
      { keys: ['ctrl', 'alt', 'delete'].map((data) => ({ type: 'qcode', data })) },
    ]);
    expect(Buffer.from(await machine.screenshot()).toString('hex')).toBe('89504e47');
    expect(await machine.endpoint(443)).toEqual({ host: '127.0.0.1', port: 44_101 });
    expect(await machine.endpoint(443)).toEqual({ host: '127.0.0.1', port: 44_101 });
    const asked = executed('human-monitor-command').map((args) => args?.['command-line']);
    expect(asked).toEqual(['hostfwd_add net tcp:127.0.0.1:0-:443', 'info usernet']);
    await expect(machine.endpoint(80)).rejects.toMatchObject({ code: 'harness.forward' });
  });

  it('says who made it, with commas', async () => {
    await make({ smbios: { 1: { manufacturer: 'ACME, Inc', product: 'X1' } } });
    await machine.powerOn();
    expect(words()).toContain('-smbios type=1,manufacturer=ACME,, Inc,product=X1');
  });

  it('answers the loader once it has listed both banks', async () => {
    await make();
    await machine.atLoader({ wants: 'rollback' });
    await machine.powerOn();
    await machine.console.waitFor(ready, { timeoutMs });
    expect(executed('send-key')).toEqual([]);
  });

  it('has blank disks beside its own, which keep what is written over power cuts and in snapshots', async () => {
    await make({ disks: [{ size: 8 * 2 ** 30 }, { size: 2 ** 20, bus: 'usb' }] });
    await machine.powerOn();
    const [path = '', ...others] = [...words().matchAll(/file=(\S+added\d\.qcow2),/g)].map(
      ([, file = '']) => file,
    );
    expect(others).toHaveLength(1);
    const disk = openImage(path);
    expect([disk.format, disk.device.size]).toEqual(['qcow2', 8 * 2 ** 30]);
    expect(disk.device.read(8 * 2 ** 30 - 512, 512)).toEqual(new Uint8Array(512));
    disk.close();
    appendFileSync(path, 'one');
    const snapshot = await machine.snapshot();
    appendFileSync(path, 'two');
    await machine.cut();
    await machine.powerOn();
    expect(readFileSync(path, 'latin1')).toMatch(/onetwo$/);
    await machine.restore(snapshot);
    expect(readFileSync(path, 'latin1')).toMatch(/one$/);
    await snapshot.dispose();
  });

  it('lets the kernel panic, whose system does not answer any more', async () => {
    await make();
    await machine.powerOn();
    await machine.inject({ live: 'panic' });
    expect(machine.console.lines.at(-1)?.text).toMatch(/^Kernel panic/);
  });

  it.each([{ disk: 'nvme' }, { disks: [{ size: 2 ** 20, bus: 'nvme' }] }] as const)(
    'lacks a snapshot of a machine that is on with an NVMe disk: %j',
    async (options) => {
      await make(options);
      await machine.powerOn();
      expect(isNotAble(await machine.snapshot().catch((error: unknown) => error))).toBe(true);
      await machine.cut();
      const snapshot = await machine.snapshot();
      await snapshot.dispose();
    },
  );
});
