import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { journalBytes, journalPath } from '../../../../src/bootloader/boot-journal.ts';
import { readBanks } from '../../../../src/bootloader/read-banks.ts';
import { journalOfDisk } from '../../../../src/bootloader/store-journal.ts';
import type { BlockDevice } from '../../../../src/disk/block-device.ts';
import { type FatVolume, openFat } from '../../../../src/disk/fat/volume.ts';
import { readGpt } from '../../../../src/disk/gpt.ts';
import { partitionDevice } from '../../../../src/disk/partition-device.ts';
import { createMachine } from '../../../../src/harness/create-machine.ts';
import type { LiveFault } from '../../../../src/harness/faults/fault.ts';
import { parseFault } from '../../../../src/harness/faults/parse-fault.ts';
import { isNotAble, type TestMachine } from '../../../../src/harness/machine/test-machine.ts';
import { watchMachine } from '../../../../src/harness/scenario/machine-watch.ts';
import type { HostStatus } from '../../../../src/hostcore/host-status.ts';
import { builds, bundleOf } from '../../update/cut-builds.ts';
import { cutHost } from '../../update/cut-host.ts';
import { machineContract } from '../machine/contract.ts';

const timeoutMs = 5000;
const ready = /twinbank: ready build=(\S+) bank=(\d)/;
let folder: string;
let image: string;
let bundle: Buffer;
let machine: TestMachine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-sim-'));
  image = join(folder, 'host.img');
  // 1.1.0 in bank 5, 1.0.0 in bank 6 with the newest state, generation 4.
  const host = cutHost({ bankMebibytes: 8 });
  host.edit(8, (volume) => {
    volume.mkdir('journal');
    volume.write(journalPath, new Uint8Array(journalBytes));
  });
  writeFileSync(image, host.image);
  bundle = await bundleOf(builds.next);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function make(): Promise<TestMachine> {
  const made = await createMachine('sim', { now: () => 1_700_000_000_000 });
  await made.flash(image);
  return made;
}

machineContract('simulated', { make, timeoutMs, left: () => [] });

describe('a simulated system', () => {
  beforeEach(async () => {
    machine = await make();
  });
  afterEach(() => machine.dispose());

  it('is settled as soon as nobody asks anything of it, which ends whoever waits', async () => {
    const watch = watchMachine(machine, () => {});
    await machine.powerOn();
    const begun = machine.vmkd.call('status', {});
    expect(await machine.settled?.()).toBeTypeOf('boolean');
    await begun;
    expect(await machine.settled?.()).toBe(true);
    const signal = new AbortController().signal;
    const awaited = watch.until(() => undefined, { timeoutMs: 2_000_000, signal });
    expect(await awaited).toEqual({ without: 'settled' });
  });

  const banks = () =>
    machine.withDisk((device) =>
      readBanks(device).map(({ partition, state, verdict, build }) => {
        return `${partition} ${state} ${verdict} ${build}`;
      }),
    );
  const journal = () =>
    machine.withDisk((device) =>
      journalOfDisk(device).map((record) => {
        const { event, bank } = record;
        return `${event}${record.event === 'update' ? ` ${record.step}` : ''} ${bank}`;
      }),
    );
  const lastReady = () =>
    machine.console.lines.map(({ text }) => ready.exec(text)?.slice(1).join(' ')).findLast(Boolean);
  const stage = async (bytes = bundle, name = 'next.tbu'): Promise<string> => {
    for (let at = 0; at < bytes.length; at += 500_000) {
      const data = bytes.subarray(at, at + 500_000).toString('base64');
      await machine.vmkd.call('update.stage', { name, offset: at, data });
    }
    return `/tmp/${name}`;
  };
  const storeOf = (device: BlockDevice): FatVolume => {
    const place = readGpt(device).partitions.find(({ name }) => name === 'store');
    return openFat(partitionDevice(device, place!));
  };

  it('starts from the newest state of both banks, and keeps it in its own', async () => {
    await machine.powerOn();
    expect(await machine.vmkd.call('config.get')).toMatchObject({
      hostname: 'host-of-bank-6',
      network: { mode: 'dhcp' },
      rootPasswordSet: false,
    });
    expect(await machine.vmkd.call('status')).toMatchObject({
      ...{ build: '1.1.0-110', bank: 5, state: 'ready', problems: [] },
      signed: [{ origin: 'base' }, { origin: 'acme' }],
      configuration: { generation: 5, bank: 5, saved: true, problem: null },
    });
  });

  it('keeps what is set over a power cut', async () => {
    await machine.powerOn();
    const answer = await machine.vmkd.call('config.set', { hostname: 'lab' });
    expect(answer).toEqual({ saved: true, generation: 6 });
    await machine.cut();
    await machine.powerOn();
    expect(await machine.vmkd.call('config.get')).toMatchObject({ hostname: 'lab' });
  });

  it('does not tell what defaults an OEM has in layers that nobody mounts', async () => {
    await machine.powerOn();
    expect(await machine.vmkd.call('config.get')).not.toHaveProperty('syslog');
  });

  it('refuses in the words of vmkd', async () => {
    await machine.powerOn();
    await expect(machine.vmkd.call('config.set', { hostname: '-' })).rejects.toMatchObject({
      code: 'harness.refused',
      message: expect.stringMatching(/^vmkd: hostname: expected a host name .*, found "-"$/),
      data: { code: 'usage' },
    });
    const unknown = await machine.vmkd.call('vmm.check').catch((error: unknown) => error);
    expect(isNotAble(unknown)).toBe(true);
  });

  it('updates itself by the code that a host runs, boots the trial and confirms it', async () => {
    await machine.powerOn();
    const source = await stage();
    expect(await machine.vmkd.call('update.apply', { source, reboot: true })).toMatchObject({
      ...{ outcome: 'updated', from: '1.1.0-110', to: '1.2.0-120', bank: 6, rebooting: true },
    });
    expect([lastReady(), machine.boots]).toEqual(['1.2.0-120 6', 2]);
    expect(await banks()).toEqual(['5 VALID - 1.1.0-110', '6 VALID - 1.2.0-120']);
    expect(await machine.vmkd.call('bank.rollback', { reboot: true })).toMatchObject({ bank: 6 });
    expect(lastReady()).toBe('1.1.0-110 5');
    await machine.powerOff();
    expect(await journal()).toEqual([
      ...['booted 5', 'ready 5', 'update begun 6', 'update complete 6', 'shutdown 5'],
      ...['booted 6', 'ready 6', 'rollback 6', 'shutdown 6'],
      ...['booted 5', 'ready 5', 'shutdown 5'],
    ]);
  });

  it('has the packages of the version that runs, after an update, a rollback, and another update', async () => {
    const packages = async () => {
      const { store, problems } = (await machine.vmkd.call('status')) as HostStatus;
      expect([store.problem, problems]).toEqual([null, []]);
      return store.packages.map(({ id, bytes, state }) => `${id} ${bytes} ${state}`);
    };
    const inStore = () =>
      machine.withDisk((device) =>
        storeOf(device)
          .walk()
          .flatMap(({ path, directory }) =>
            !directory && path.startsWith('/packages/') ? [path.slice('/packages/'.length)] : [],
          )
          .sort(),
      );
    const current = ['tool 40960 right', 'client 30720 right'];
    const next = ['tool 41984 right', 'client 30720 right', 'guest 25601 right'];
    await machine.powerOn();
    expect(await packages()).toEqual(current);
    const source = await stage();
    await machine.vmkd.call('update.apply', { source, reboot: true });
    expect(await packages()).toEqual(next);
    // Two versions of the tool, and one of what both have.
    expect(await inStore()).toEqual([
      ...['1.2.0-120/tool_1.deb', 'client_1.deb', 'guest_2.deb', 'tool_1.deb'],
    ]);
    await machine.vmkd.call('bank.rollback', { reboot: true });
    expect(await packages()).toEqual(current);
    // What only the other version had goes with it.
    const older = await stage(await bundleOf(builds.before), 'older.tbu');
    const apply = { source: older, allowOlder: true, reboot: true };
    await machine.vmkd.call('update.apply', apply);
    expect(await packages()).toEqual([]);
    expect(await inStore()).toEqual(['client_1.deb', 'tool_1.deb']);
  });

  it('names a package that is damaged, and is no other boot for it', async () => {
    await machine.powerOn();
    await machine.powerOff();
    await machine.withDisk(
      (device) => storeOf(device).overwrite('packages/client_1.deb', 9, Buffer.from('x')),
      { writable: true },
    );
    await machine.powerOn();
    expect(await machine.vmkd.call('status')).toMatchObject({
      ...{ build: '1.1.0-110', state: 'ready' },
      problems: ['store: expected client_1.deb of 1.1.0-110, found other contents'],
      store: { packages: [{ state: 'right' }, { id: 'client', state: 'damaged' }] },
    });
    expect(await banks()).toContain('5 VALID - 1.1.0-110');
  });

  it('takes a bundle in chunks, and says when nobody wants one', async () => {
    await machine.powerOn();
    const call = (params: Record<string, unknown>) => machine.vmkd.call('update.send', params);
    await expect(call({ end: true })).rejects.toMatchObject({
      data: { code: 'update.not-wanted' },
    });
    const done = machine.vmkd.call('update.apply', { source: '-' });
    for (let at = 0; at < bundle.length; at += 300_000) {
      await call({ data: bundle.subarray(at, at + 300_000).toString('base64') });
    }
    await call({ end: true });
    expect(await done).toMatchObject({ outcome: 'updated', rebooting: false });
    expect(await banks()).toContain('6 UPGRADING - 1.2.0-120');
  });

  it('loses its power in the middle of an update, and comes back with the old system', async () => {
    await machine.inject(parseFault('power-cut-write=40', 'sim'));
    await machine.powerOn();
    expect(machine.unfired()).toEqual(['power-cut-write=40']);
    const source = await stage();
    await expect(machine.vmkd.call('update.apply', { source })).rejects.toMatchObject({
      code: 'harness.no-answer',
    });
    expect([machine.unfired(), machine.boots, lastReady()]).toEqual([[], 2, '1.1.0-110 5']);
    expect(await banks()).toContain('6 INVALID U 1.0.0-100');
  });

  it('loses its power at a line of an update, and stays off', async () => {
    await machine.powerOn();
    const source = await stage();
    const cut = machine.cut({ line: /update: Read back/, timeoutMs });
    await expect(machine.vmkd.call('update.apply', { source })).rejects.toThrow('went away');
    await cut;
    expect(machine.isOn()).toBe(false);
  });

  it('ends an update that runs when it is switched off, and hears nothing more of it', async () => {
    await machine.powerOn();
    const done = machine.vmkd.call('update.apply', { source: '-' });
    const ended = expect(done).rejects.toMatchObject({ data: { code: 'update.ended' } });
    const data = bundle.subarray(0, 400_000).toString('base64');
    await machine.vmkd.call('update.send', { data });
    await machine.powerOff();
    await ended;
    expect([machine.isOn(), machine.boots]).toEqual([false, 1]);
    expect((await journal()).at(-1)).toBe('shutdown 5');
    await machine.powerOn();
    expect(lastReady()).toBe('1.1.0-110 5');
  });

  it('rolls back though its journal cannot be written, as a running system does', async () => {
    await machine.powerOn();
    await machine.inject({ live: 'io-error', on: 'write', partition: 8 });
    expect(await machine.vmkd.call('bank.rollback')).toEqual({ bank: 5, rebooting: false });
    expect((await journal()).at(-1)).toBe('ready 5');
  });

  it('boots a bank that a person had rolled back, and never confirms it', async () => {
    await machine.atLoader({ wants: 'rollback' });
    await machine.powerOn();
    await machine.atLoader({ wants: 'boot', partition: 5 });
    await machine.reset();
    const text = machine.console.lines.map((line) => line.text).join('\n');
    expect(text).toContain('not confirmed: it was INVALID and booted by a person, once');
    expect(lastReady()).toBe('1.1.0-110 5');
    expect(await machine.vmkd.call('config.set', { hostname: 'lab' })).toEqual({
      saved: false,
      why: 'a bank that is INVALID saves nothing',
    });
    expect(await banks()).toContain('5 INVALID R 1.1.0-110');
  });

  it('falls back from a trial that is ill', async () => {
    await machine.powerOn();
    const source = await stage();
    await machine.vmkd.call('update.apply', { source });
    await machine.powerOff();
    await machine.inject(parseFault('agent-dead', 'sim'));
    await machine.powerOn();
    expect(lastReady()).toBe('1.1.0-110 5');
    expect(await banks()).toEqual(['5 VALID - 1.1.0-110', '6 INVALID T 1.2.0-120']);
    expect(await machine.vmkd.call('status')).toMatchObject({
      refused: [{ bank: 6, why: 'trial was not confirmed' }],
    });
    expect(machine.unfired()).toEqual([]);
  });

  it.each([1, 2, 3])(
    'comes back from a power cut at write %i of a boot that is ill',
    async (write) => {
      for (const fault of ['agent-dead@5', `power-cut-write=${write}`]) {
        await machine.inject(parseFault(fault, 'sim'));
      }
      await machine.powerOn();
      expect([machine.boots, machine.unfired(), machine.isOn()]).toEqual([2, [], true]);
      expect(await machine.vmkd.call('status')).toMatchObject({ bank: 5, state: 'starting' });
      expect((await journal()).slice(-2)).toEqual(['booted 5', 'unhealthy 5']);
    },
  );

  it('lets a person roll back at the loader, once', async () => {
    await machine.atLoader({ wants: 'rollback' });
    await machine.powerOn();
    expect(lastReady()).toBe('1.0.0-100 6');
    await machine.reset();
    expect(await banks()).toContain('5 INVALID R 1.1.0-110');
  });

  it('stops at the rescue prompt, which no power button ends', async () => {
    for (const fault of ['missing=vmkernel@5', 'missing=vmkernel@6']) {
      await machine.inject(parseFault(fault, 'sim'));
    }
    await machine.powerOn();
    expect(machine.console.lines.at(-1)?.text).toBe('twinbank: rescue: no bank can be booted');
    await expect(machine.vmkd.call('status')).rejects.toMatchObject({ code: 'harness.no-answer' });
    await expect(machine.powerOff()).rejects.toMatchObject({ code: 'harness.no-shutdown' });
    expect(machine.isOn()).toBe(true);
  });

  it('does not reset for ever', async () => {
    for (const bank of [5, 6]) await machine.inject(parseFault(`kernel-panic@${bank}`, 'sim'));
    await machine.powerOn();
    expect(machine.boots).toBe(50);
    await machine.heal();
    await machine.cut();
    await machine.powerOn();
    expect(lastReady()).toMatch(/ [56]$/);
  });

  it('fails writes while they are asked to fail, and saves nothing then', async () => {
    await machine.powerOn();
    const fault: LiveFault = { live: 'io-error', on: 'write', partition: 5 };
    await machine.inject(fault);
    expect(await machine.vmkd.call('config.set', { hostname: 'lab' })).toEqual({
      saved: false,
      why: 'the disk reports an input/output error',
    });
    expect(await machine.vmkd.call('status')).toMatchObject({ configuration: { saved: false } });
    await machine.heal(fault);
    expect(await machine.vmkd.call('state.save')).toEqual({ saved: true, generation: 6 });
  });

  it('has a full store, and room again', async () => {
    const free = () =>
      machine.withDisk((device) => {
        const store = readGpt(device).partitions.find(({ number }) => number === 8);
        return store && openFat(partitionDevice(device, store)).freeBytes;
      });
    const fault: LiveFault = { live: 'disk-full', path: '/store' };
    const before = await free();
    await machine.inject(fault);
    expect(await free()).toBe(0);
    await machine.heal();
    expect(await free()).toBe(before);
  });

  it('moves the clock that the journal has', async () => {
    await machine.inject({ live: 'clock-jump', seconds: -3600 });
    await machine.powerOn();
    const times = await machine.withDisk((device) => journalOfDisk(device).map(({ time }) => time));
    expect(new Set(times)).toEqual(new Set([1_700_000_000 - 3600]));
  });

  it('plays only what it can', () => {
    const faults: LiveFault[] = [
      { live: 'network-down' },
      { live: 'disk-latency', milliseconds: 5 },
      { live: 'io-error', on: 'read' },
      { live: 'disk-full', path: '/tmp' },
      { live: 'panic' },
    ];
    for (const fault of faults) expect(machine.canInject(fault), fault.live).not.toBe(true);
  });

  it('leaves the image as it is', async () => {
    const before = readFileSync(image);
    await machine.powerOn();
    await machine.vmkd.call('config.set', { hostname: 'lab' });
    await machine.cut();
    await machine.withDisk((device) => device.write(0, Uint8Array.of(9)), { writable: true });
    expect(Buffer.compare(readFileSync(image), before)).toBe(0);
  });
});
