import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readBanks } from '../../src/bootloader/read-banks.ts';
import { createMachine } from '../../src/harness/create-machine.ts';
import { parseFault } from '../../src/harness/faults/parse-fault.ts';
import type {
  MachineSnapshot,
  PowerEvent,
  TestMachine,
} from '../../src/harness/machine/test-machine.ts';
import { bootTimeoutMs } from '../support/boot.ts';

const timeoutMs = bootTimeoutMs;
const options = { accelerator: 'tcg', memory: 1024 * 2 ** 20 } as const;

async function waitFor(machine: TestMachine, line: RegExp, from = 0): Promise<void> {
  const end = await machine.console.waitFor(line, { timeoutMs, from });
  expect(end, `a line like ${line}`).toHaveProperty('line');
}

describe('a virtual machine that goes on from one boot', () => {
  const { TMPDIR } = process.env;
  let folder: string;
  let snapshot: MachineSnapshot;
  let machine: TestMachine;
  let keptSeconds = 0;

  beforeAll(async () => {
    // A folder of its own, to see what is left.
    folder = mkdtempSync(join(tmpdir(), 'machines-'));
    process.env.TMPDIR = folder;
    machine = await createMachine('qemu', options);
    await machine.flash(inject('images').raw);
    await machine.inject(parseFault('power-cut=verify', 'qemu'));
    await machine.powerOn();
    await waitFor(machine, /twinbank: ready/);
    const began = performance.now();
    snapshot = await machine.snapshot();
    keptSeconds = (performance.now() - began) / 1000;
    await machine.dispose();
  });
  afterAll(async () => {
    await snapshot.dispose();
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    const left = readdirSync(folder);
    rmSync(folder, { recursive: true });
    expect(left).toEqual([]);
  });
  beforeEach(async () => {
    machine = await createMachine('qemu', options);
    await machine.restore(snapshot);
  });
  afterEach(() => machine.dispose());

  const set = (hostname: string) => machine.vmkd.call('config.set', { hostname });

  it('answers at once, and has the console of the boot that it did not make, cut and all', async () => {
    const began = performance.now();
    expect(await machine.vmkd.call('status')).toMatchObject({ bank: 5, state: 'ready' });
    const seconds = (performance.now() - began) / 1000;
    expect([machine.boots, machine.unfired()]).toEqual([2, []]);
    const lines = machine.console.lines.map(({ text }) => text);
    expect(lines.filter((text) => /twinbank: loader$/.test(text))).toHaveLength(2);
    // Far less than the boot that it stands for.
    expect(keptSeconds + seconds).toBeLessThan(machine.console.lines.at(-1)!.seconds);
    expect(Buffer.from(await machine.screenshot()).toString('latin1')).toMatch(/^\x89PNG/);
  });

  it('loses writes and gets them back', async () => {
    const fault = { live: 'io-error', on: 'write', partition: 5 } as const;
    await machine.inject(fault);
    expect(await set('lost')).toMatchObject({ saved: false });
    await machine.heal(fault);
    expect(await set('kept')).toMatchObject({ saved: true });
  });

  it('waits for a slow disk', async () => {
    await machine.inject({ live: 'disk-latency', milliseconds: 150 });
    const began = performance.now();
    // What a boot does after it is ready may have the banks for longer than an answer waits; then it is saved after that.
    await set('slow');
    await expect
      .poll(() => machine.vmkd.call('status'), { timeout: timeoutMs, interval: 500 })
      .toMatchObject({ configuration: { saved: true } });
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  it('has no room in memory, and room again', async () => {
    const stage = () =>
      machine.vmkd.call('update.stage', { name: 'x', offset: 0, data: 'A'.repeat(400_000) });
    const fault = { live: 'disk-full', path: '/tmp' } as const;
    await machine.inject(fault);
    await expect(stage()).rejects.toThrow(
      /\/tmp\/x: expected room in memory for 300000 bytes more, found .* free/,
    );
    await machine.heal(fault);
    expect(await stage()).toMatchObject({ bytes: 300_000 });
  });

  it.each([
    { mode: 'power-off', what: 'off' },
    { mode: 'reboot', what: 'reset' },
  ])("ends in order by vmkd's shutdown with mode $mode", async ({ mode, what }) => {
    const events: PowerEvent[] = [];
    machine.onPower((event) => events.push(event));
    await expect(machine.vmkd.call('shutdown', { mode: 'sideways' })).rejects.toThrow(
      'mode: expected power-off or reboot, found "sideways"',
    );
    await expect(machine.vmkd.call('reticulate')).rejects.toThrow(
      /expected one of the methods .*status, shutdown, vmm\.check, .*, found "reticulate"/,
    );
    expect(events).toEqual([]);
    expect(await machine.vmkd.call('shutdown', { mode })).toEqual({ mode });
    await expect.poll(() => events, { timeout: timeoutMs }).toEqual([{ what }]);
    expect(machine.lost()).toBeUndefined();
  });

  it('is rolled back by a person at the loader, and powers off in order', async () => {
    await machine.atLoader({ wants: 'rollback' });
    const from = machine.console.lines.length;
    await machine.reset();
    await waitFor(machine, /twinbank: ready build=\S+ bank=6/, from);
    await machine.powerOff();
    const banks = await machine.withDisk((device) =>
      readBanks(device).map(({ state, verdict }) => `${state} ${verdict}`),
    );
    expect(banks).toEqual(['INVALID R', 'VALID -']);
    expect(machine.isOn()).toBe(false);
  });
});

it("boots on a stranger's rig, by a file of commands", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rig-'));
  let machine: TestMachine | undefined;
  try {
    execFileSync('mkfifo', [join(folder, 'orders')]);
    copyFileSync('test/support/rig/target.cjs', join(folder, 'target.cjs'));
    const order = (name: string) => `echo ${name} >orders`;
    const rig = join(folder, 'rig.yaml');
    const yaml = [
      `power: {on: ${order('on')}, off: ${order('off')}, reset: ${order('reset')}, button: ${order('button')}}`,
      `serial: exec ${process.execPath} target.cjs`,
      'flash: cp --sparse=always "$IMAGE" disk.img',
      'disk: {path: disk.img}',
    ];
    writeFileSync(rig, `${yaml.join('\n')}\n`);
    machine = await createMachine('command', { rig });
    await machine.flash(inject('images').raw);
    const cut = machine.cut({ line: /twinbank: verifying bank 5/, timeoutMs });
    await machine.powerOn();
    await cut;
    const found = await machine.withDisk((device) => readBanks(device).map((one) => one.attempts));
    expect(found).toEqual([1, 0]);
    await machine.atLoader({ wants: 'boot', partition: 6 });
    await machine.powerOn();
    await waitFor(machine, /twinbank: ready build=\S+ bank=6/);
    expect(machine.boots).toBe(2);
    await machine.powerOff();
  } finally {
    await machine?.dispose();
    rmSync(folder, { recursive: true });
  }
});
