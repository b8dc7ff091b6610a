import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBanks } from '../../../../src/bootloader/read-banks.ts';
import type { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { createMachine } from '../../../../src/harness/create-machine.ts';
import { parseFault } from '../../../../src/harness/faults/parse-fault.ts';
import type { TestMachine } from '../../../../src/harness/machine/test-machine.ts';
import { smallImage } from '../../bootloader/small-image.ts';
import { machineContract } from '../machine/contract.ts';
import { type FakeRig, fakeRig } from './fake-rig.ts';

const timeoutMs = 10_000;
const ready = /twinbank: ready/;
let folder: string;
let image: string;
let rig: FakeRig;
let machine: TestMachine;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-command-'));
  image = join(folder, 'small.img');
  writeFileSync(image, smallImage().bytes);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rig = fakeRig();
});
afterEach(async () => {
  await machine?.dispose();
  expect(rig.processes()).toEqual([]);
  rig.remove();
});

async function make(changes?: Record<string, string>): Promise<TestMachine> {
  machine = await createMachine('command', { rig: rig.describe(changes) });
  return machine;
}

const failure = (promise: Promise<unknown>): Promise<TwinbankError> =>
  promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: TwinbankError) => error,
  );

machineContract('command', {
  make: () => make(),
  timeoutMs,
  left: () => rig.processes(),
});

describe('a rig', () => {
  it('gets the raw bytes of an image, by its path and on standard input', async () => {
    await make();
    await machine.flash(image);
    expect(readFileSync(join(rig.folder, 'flashed')).equals(readFileSync(image))).toBe(true);
  });

  it('is not flashed with what is no image of ours', async () => {
    await make({ flash: 'touch flashed' });
    const other = join(folder, 'other.img');
    writeFileSync(other, Buffer.alloc(1 << 20));
    expect((await failure(machine.flash(other))).message).toMatch(/other\.img: LBA 1: expected /);
    expect(() => readFileSync(join(rig.folder, 'flashed'))).toThrow('ENOENT');
  });

  it('says which command failed, how, and with which words', async () => {
    await make({ flash: "echo 'no such relay' >&2; exit 7" });
    const { kind, code, message } = await failure(machine.flash(image));
    expect([kind, code]).toEqual(['boot', 'rig.command']);
    expect(message).toBe(
      "rig: flash: expected this command to succeed, found exit code 7 (no such relay): echo 'no such relay' >&2; exit 7",
    );
  });

  it('ends a command that takes too long, with all that it started', async () => {
    await make({ flash: 'sleep 60 & sleep 60', timeouts: '{flash: 200ms}' });
    expect((await failure(machine.flash(image))).message).toMatch(/it still runs after 0.2 s/);
    expect(rig.processes()).toEqual([]);
  });

  it('is lost when its serial line ends', async () => {
    await make({ power: '{on: echo on >orders, off: "true"}' });
    await machine.powerOn();
    await machine.console.waitFor(ready, { timeoutMs });
    const wait = machine.console.waitFor(/never/, { timeoutMs });
    writeFileSync(join(rig.folder, 'orders'), 'end\n');
    expect(await wait).toEqual({ ended: 'closed' });
    expect(machine.lost()).toMatchObject({ kind: 'boot', code: 'rig.serial' });
    expect(machine.lost()?.message).toMatch(/as long as the rig is used, found exit code 3: exec/);
    await machine.cut();
    await expect(machine.powerOn()).rejects.toMatchObject({ code: 'rig.serial' });
  });

  it('tells a reset that the machine made itself, with the time since then', async () => {
    await make();
    const events: string[] = [];
    machine.onPower(({ what }) => events.push(what));
    await machine.powerOn();
    await machine.console.waitFor(ready, { timeoutMs });
    writeFileSync(join(rig.folder, 'orders'), 'reset\n');
    const from = machine.console.lines.length;
    await machine.console.waitFor(ready, { timeoutMs, from });
    expect([events, machine.boots]).toEqual([['on', 'reset'], 2]);
    const { seconds } = machine.console.lines[from]!;
    expect(seconds).toBeLessThan(machine.console.lines[from - 1]!.seconds);
  });

  it('types what it is asked to', async () => {
    await make();
    await machine.powerOn();
    await machine.type('hello\n');
    expect(await machine.console.waitFor(/^typed hello$/, { timeoutMs })).toHaveProperty('line');
  });

  it('is reset by power where it has no reset', async () => {
    const power = '{on: echo on >orders, off: echo off >orders}';
    await make({ power });
    await machine.powerOn();
    await machine.console.waitFor(ready, { timeoutMs });
    const from = machine.console.lines.length;
    await machine.reset();
    await machine.console.waitFor(ready, { timeoutMs, from });
    expect(rig.orders()).toEqual(['on', 'off', 'on']);
    expect(machine.boots).toBe(2);
    await expect(machine.powerOff()).rejects.toMatchObject({ code: 'harness.not-able' });
  });

  it('says that the system did not end, with the last lines', async () => {
    const power = '{on: echo on >orders, off: echo off >orders, button: "true"}';
    await make({ power, timeouts: '{off: 200ms}' });
    await machine.powerOn();
    const { code, message } = await failure(machine.powerOff());
    expect([code, message]).toEqual(['harness.no-shutdown', expect.stringContaining('loader')]);
  });

  it('gives a picture, and only a PNG', async () => {
    await make({ screen: "printf '\\211PNG\\r\\n'" });
    await machine.powerOn();
    expect(Buffer.from(await machine.screenshot()).toString('latin1')).toMatch(/^\x89PNG/);
    await machine.dispose();
    await make({ screen: 'echo a cat' });
    await machine.powerOn();
    await expect(machine.screenshot()).rejects.toMatchObject({ code: 'rig.screen' });
  });

  it('speaks to vmkd where it has a way to it', async () => {
    const answer = '{"jsonrpc":"2.0","id":1,"result":{"bank":5}}';
    await make({ vmkd: `"read -r line; echo '${answer.replaceAll('"', '\\"')}'; cat >/dev/null"` });
    await machine.powerOn();
    expect(await machine.vmkd.call('status')).toEqual({ bank: 5 });
  });

  it('has a disk that is damaged between two switches', async () => {
    writeFileSync(join(rig.folder, 'card.img'), readFileSync(image));
    await make({
      disk: '{path: card.img, host: echo host >>switch, target: echo target >>switch}',
    });
    await machine.inject(parseFault('torn-boot-cfg=0@5', 'command'));
    const states = await machine.withDisk((device) => readBanks(device).map(({ state }) => state));
    expect(states).toEqual(['MALFORMED', 'VALID']);
    const switched = readFileSync(join(rig.folder, 'switch'), 'utf8');
    expect(switched).toBe('host\ntarget\nhost\ntarget\n');
  });

  it('cannot be asked for what only a virtual machine does', async () => {
    await make();
    expect(machine.canInject(parseFault('kernel-panic', 'qemu'))).toMatch(/only a virtual machine/);
    expect(machine.canInject({ live: 'network-down' })).toMatch(/no such command/);
  });

  it('is described without mistakes, or each is named with its place', async () => {
    const { kind, message } = await failure(
      make({ power: '{on: a, of: b}', serial: '""', wake: 'x' }),
    );
    expect(kind).toBe('recipe');
    expect(message).toMatch(/rig\.yaml:1:\d+ power\.off: expected a command for sh, found nothing/);
    expect(message).toMatch(/rig\.yaml:2:9 serial: expected a command for sh, found ""/);
    expect(message).toMatch(/wake: expected one of the keys/);
  });

  it('goes when its signal comes, processes and all, and leaves no power on', async () => {
    const abort = new AbortController();
    const path = rig.describe({ power: '{on: echo on >orders, off: touch switched-off}' });
    machine = await createMachine('command', { rig: path, signal: abort.signal });
    await machine.powerOn();
    const wait = machine.console.waitFor(/never/, { timeoutMs });
    abort.abort(new Error('Ctrl-C'));
    expect(await wait).toEqual({ ended: 'closed' });
    await machine.dispose();
    expect(rig.processes()).toEqual([]);
    expect(existsSync(join(rig.folder, 'switched-off'))).toBe(true);
  });
});
