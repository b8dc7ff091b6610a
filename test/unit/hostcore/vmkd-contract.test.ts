import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { journalBytes, journalPath } from '../../../src/bootloader/boot-journal.ts';
import { journalOfDisk } from '../../../src/bootloader/store-journal.ts';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import type { TestMachine } from '../../../src/harness/machine/test-machine.ts';
import { SimMachine } from '../../../src/harness/sim/sim-machine.ts';
import type { StoreStatus } from '../../../src/hostcore/store-status.ts';
import { builds, bundleOf } from '../update/cut-builds.ts';
import { type CutHost, cutHost, storePartition } from '../update/cut-host.ts';
import { type FileVmkd, fileVmkd } from './file-vmkd.ts';
import { recordsIn } from './store-bytes.ts';

let folder: string;
let image: CutHost;
let bundle: Buffer;
let vmkd: FileVmkd;
let machine: TestMachine;
/** Lines of the boot, which are another matter. */
let shown: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-contract-'));
  // 1.1.0 in bank 5, 1.0.0 in bank 6 with the newest state, generation 4.
  image = cutHost({ bankMebibytes: 8 });
  image.edit(storePartition, (volume) => {
    volume.mkdir('journal');
    volume.write(journalPath, new Uint8Array(journalBytes));
  });
  writeFileSync(join(folder, 'host.img'), image.image);
  bundle = await bundleOf(builds.next);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function begin(): Promise<void> {
  vmkd = await fileVmkd(image);
  machine = new SimMachine({ now: () => 0 });
  await machine.flash(join(folder, 'host.img'));
  await machine.powerOn();
  shown = machine.console.lines.length;
}

async function end(): Promise<void> {
  vmkd.remove();
  await machine.dispose();
}

type Answer = { result: unknown } | { code: unknown; message: string };

async function askReal(method: string, params: object): Promise<Answer> {
  const { result, error } = (await vmkd.ask(method, params)) as {
    result?: unknown;
    error?: { message: string; data: { code: string } };
  };
  return error ? { code: error.data.code, message: error.message } : { result };
}

async function askSimulated(method: string, params: object): Promise<Answer> {
  try {
    const result = await machine.vmkd.call(method, { ...params });
    return { result: JSON.parse(JSON.stringify(result)) };
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
    return { code: error.data.code, message: error.message.replace('vmkd: ', '') };
  }
}

/** What both answer, which is the same. */
async function ask(method: string, params: object = {}): Promise<Answer> {
  const [real, simulated] = [await askReal(method, params), await askSimulated(method, params)];
  expect(simulated).toEqual(real);
  return real;
}

async function stage(bytes: Uint8Array, name = 'next.tbu'): Promise<string> {
  for (let offset = 0; offset < bytes.length; offset += 500_000) {
    const data = Buffer.from(bytes.subarray(offset, offset + 500_000)).toString('base64');
    await ask('update.stage', { name, offset, data });
  }
  return `/tmp/${name}`;
}

/** Both have said the same on their consoles since the boot, and written the same to their journals since then. */
async function expectSameTraces(): Promise<void> {
  const lines = machine.console.lines.slice(shown).map(({ text }) => text);
  expect(lines).toEqual(vmkd.lines.map((text) => `twinbank: ${text}`));
  const records = await machine.withDisk((device) => journalOfDisk(device));
  const events = (list: readonly object[]) =>
    list.map((record) => ({ ...record, sequence: 0, time: 0 }));
  // The boot of a simulated machine writes `booted` and `ready`.
  expect(events(records.slice(2))).toEqual(events(recordsIn(vmkd.store())));
}

const file = (text: string) => Buffer.from(text).toString('base64');

describe('vmkd of a running system and that of a simulated one', () => {
  beforeEach(begin);
  afterEach(end);

  it('know the same of the host', async () => {
    const [real, simulated] = [await askReal('status', {}), await askSimulated('status', {})];
    expect(real).toMatchObject(simulated);
    expect(simulated).toMatchObject({
      result: { build: '1.1.0-110', bank: 5, configuration: { generation: 5, bank: 5 } },
    });
    const shownBy = (answer: Answer) => ('result' in answer ? Object(answer.result) : {});
    expect(await askReal('config.get', {})).toMatchObject(await askSimulated('config.get', {}));
    expect(shownBy(await askSimulated('config.get', {}))).toHaveProperty('hostname');
    for (const name of ['config.set', 'state.save', 'shutdown', 'bank.rollback']) {
      expect(vmkd.names).toContain(name);
    }
  });

  it('know the packages of the running build, and what became of them', async () => {
    const { result } = (await ask('store.list')) as { result: StoreStatus };
    expect(result.problem).toBeNull();
    expect(result.packages.length).toBeGreaterThan(0);
    expect(new Set(result.packages.map(({ state }) => state))).toEqual(new Set(['right']));
    expect(await askReal('status', {})).toMatchObject({ result: { store: result } });
  });

  it('save settings as the same generations', async () => {
    const set = await ask('config.set', { hostname: 'lab', ntp: { servers: ['10.0.0.1'] } });
    expect(set).toEqual({ result: { saved: true, generation: 6 } });
    expect(await ask('state.save')).toEqual({ result: { saved: true, generation: 6 } });
    expect(await askReal('status', {})).toMatchObject(await askSimulated('status', {}));
  });

  it('K5: have the same users, groups and rights, and let the same of them in', async () => {
    const amy = { name: 'amy', password: 'corrEct7horse' };
    expect(await ask('users.create', amy)).toMatchObject({ result: { saved: true } });
    expect(await ask('groups.create', { name: 'ops' })).toMatchObject({ result: { saved: true } });
    await ask('groups.update', { name: 'ops', members: ['amy'] });
    await ask('permissions.set', { entity: 'ha-folder-root', principal: 'amy', role: 'Admin' });
    for (const method of ['users.list', 'groups.list', 'roles.list', 'permissions.list']) {
      expect(await ask(method)).toHaveProperty('result');
    }
    const login = (password: string) =>
      ask('users.authenticate', { ...amy, password, from: 'network' });
    // Root has no password, so nobody comes in over the network.
    expect(await login(amy.password)).toMatchObject({ result: { ok: false } });
    await ask('users.setPassword', { name: 'root', password: 'batteRy5staple' });
    expect(await login(amy.password)).toMatchObject({ result: { ok: true, name: 'amy' } });
    expect(await login('wrong')).toMatchObject({ result: { ok: false } });
    await expectSameTraces();
  });

  it('M5: take a backup of each other, list the same of it, and begin with it', async () => {
    await ask('config.set', { hostname: 'moved' });
    const real = (await askReal('state.backup', {})) as { result: { data: string } };
    const { data } = real.result;
    const simulated = await askSimulated('state.backup', {});
    expect(simulated).toMatchObject({ result: { files: Object(real.result).files } });
    expect(await ask('state.reset')).toMatchObject({ result: { saved: true, rebooting: false } });
    expect(await ask('state.restore', { data })).toMatchObject({
      result: { saved: true, rebooting: false, notApplied: [], unknown: [] },
    });
    expect(await ask('config.set', { hostname: 'late' })).toMatchObject({
      result: { saved: false, why: 'another state waits for the next boot' },
    });
    expect(await askSimulated('state.restore', { data, reboot: true })).toMatchObject({
      result: { rebooting: true },
    });
    expect(await askSimulated('config.get', {})).toMatchObject({ result: { hostname: 'moved' } });
  });

  it('change the network, and save it when that is confirmed', async () => {
    const network = { mode: 'static', address: '10.0.0.2', prefix: 8 };
    const token = 'my-change-1';
    expect(await ask('network.set', { settings: network, token })).toEqual({
      result: { token, confirmSeconds: 30 },
    });
    expect(await askReal('network.get', {})).toMatchObject(await askSimulated('network.get', {}));
    for (const asked of [askReal, askSimulated]) {
      expect(await asked('config.get', {})).toMatchObject({
        result: { network: { mode: 'dhcp' } },
      });
    }
    expect(await ask('network.confirm', { token })).toEqual({
      result: { saved: true, generation: 6 },
    });
    // A key of its own each.
    for (const asked of [askReal, askSimulated]) {
      expect(await asked('config.get', {})).toMatchObject({ result: { network } });
      expect(await asked('tls.reset', {})).toEqual({ result: { saved: true, generation: 7 } });
      expect(await asked('tls.get', {})).toMatchObject({ result: { names: 'DNS:host-of-bank-6' } });
    }
  });

  it('take a bundle that was staged, once', async () => {
    const source = await stage(bundle);
    expect(await ask('update.apply', { source })).toMatchObject({ result: { outcome: 'updated' } });
    expect(await ask('update.status')).toMatchObject({ result: { running: false, step: null } });
    expect(await ask('update.apply', { source })).toMatchObject({ result: { outcome: 'waiting' } });
    await expectSameTraces();
  });

  it('take an older bundle only where the caller allows it', async () => {
    const source = await stage(await bundleOf(builds.before), 'older.tbu');
    expect(await ask('update.apply', { source })).toMatchObject({ code: 'update.older' });
    expect(await ask('update.apply', { source, allowOlder: true })).toMatchObject({
      result: { outcome: 'updated', from: '1.1.0-110', to: '1.0.0-100' },
    });
    await expectSameTraces();
  });

  it('take a bundle in chunks, one at a time, and refuse all else meanwhile', async () => {
    const applied = [
      askReal('update.apply', { source: '-' }),
      askSimulated('update.apply', { source: '-' }),
    ];
    for (let at = 0; at < bundle.length; at += 400_000) {
      const data = bundle.subarray(at, at + 400_000).toString('base64');
      await ask('update.send', { data, end: at + 400_000 >= bundle.length });
      if (at > 0) continue;
      expect(await ask('update.apply', { source: '-' })).toMatchObject({ code: 'update.busy' });
      expect(await ask('bank.rollback')).toMatchObject({ code: 'update.busy' });
    }
    const [real, simulated] = await Promise.all(applied);
    expect(simulated).toEqual(real);
    expect(real).toMatchObject({ result: { outcome: 'updated', rebooting: false } });
    await expectSameTraces();
  });

  it('give the banks to others while an update waits for its caller, and cancel it', async () => {
    const applied = [
      askReal('update.apply', { source: '-' }),
      askSimulated('update.apply', { source: '-' }),
    ];
    // Whoever takes the second has read the first.
    for (const at of [0, 100_000]) {
      const data = bundle.subarray(at, at + 100_000).toString('base64');
      await ask('update.send', { data });
    }
    expect(await ask('config.set', { hostname: 'lab' })).toMatchObject({ result: { saved: true } });
    expect(await ask('update.cancel')).toEqual({ result: { cancelled: true } });
    const [real, simulated] = await Promise.all(applied);
    expect(simulated).toEqual(real);
    expect(real).toEqual({
      code: 'update.cancelled',
      message: 'the update was cancelled: asked for by update.cancel',
    });
    expect(await ask('update.status')).toMatchObject({ result: { running: false } });
    expect(await ask('update.cancel')).toMatchObject({ code: 'update.not-running' });
    await expectSameTraces();
    const source = await stage(bundle);
    expect(await ask('update.apply', { source })).toMatchObject({ result: { outcome: 'updated' } });
  });

  it('fail with the same words at a bundle that is broken, and fall back to no bank that is', async () => {
    const broken = Buffer.from(bundle);
    const last = broken.length - 100_000;
    broken[last] = 1 ^ (broken[last] ?? 0);
    const source = await stage(broken);
    expect(await ask('update.apply', { source })).toHaveProperty('code');
    expect(await ask('update.status')).toMatchObject({
      result: { last: { failed: expect.any(String) } },
    });
    expect(await ask('bank.rollback')).toMatchObject({ code: 'bank.no-way-back' });
    await expectSameTraces();
  });

  it('roll back once', async () => {
    expect(await ask('bank.rollback')).toEqual({ result: { bank: 5, rebooting: false } });
    await ask('bank.rollback');
    await expectSameTraces();
  });
});

it('says of what a simulated host does not do what it does', async () => {
  await begin();
  const error = await machine.vmkd.call('storage.list').catch((why: Error) => why);
  expect(error).toMatchObject({ code: 'harness.not-able' });
  expect((error as Error).message).toBe(
    'sim: storage.list: only a running system can answer it; simulated are bank.*, config.*, groups.*, network.*, permissions.*, roles.*, shutdown, state.*, status, store.*, tls.*, update.*, users.*',
  );
  await end();
});

describe('the methods of both', () => {
  beforeAll(begin);
  afterAll(end);

  it.each<[method: string, params: object]>([
    ['config.set', {}],
    ['config.set', { hostname: '-' }],
    ['config.set', { hostname: 'a', hostnam: 'b' }],
    ['config.set', { network: { mode: 'auto' } }],
    [
      'config.set',
      { network: { mode: 'static', interface: 'eth9', address: '10.0.0.1', prefix: 8 } },
    ],
    ['network.set', { settings: { mode: 'auto' } }],
    ['network.set', { settings: { mode: 'dhcp' }, token: 'short' }],
    ['network.confirm', { token: 'my-change-1' }],
    ['users.create', { name: 'root', password: 'corrEct7horse' }],
    ['users.create', { name: 'amy', password: 'x' }],
    ['users.remove', { name: 'dcui' }],
    ['groups.create', { name: 'users' }],
    ['permissions.set', { entity: 'x', principal: 'eve', role: 'Admin' }],
    ['tls.get', {}],
    ['tls.set', { certificate: 'x', key: 'y' }],
    ['state.restore', { data: '!' }],
    ['state.restore', { data: file('x') }],
    ['state.reset', { reboot: 1 }],
    ['update.apply', {}],
    ['update.apply', { source: '/etc/shadow', reboot: 'yes' }],
    ['update.apply', { source: '/tmp/..' }],
    ['update.apply', { source: '-', reboot: 'yes' }],
    ['update.apply', { source: '-', allowOlder: 1 }],
    ['update.apply', { source: '/tmp/none.tbu' }],
    ['update.cancel', {}],
    ['update.send', {}],
    ['update.send', { data: file('x') }],
    ['update.send', { data: 'x y' }],
    ['update.send', { end: true }],
    ['update.send', { data: Buffer.alloc((1 << 19) + 1).toString('base64') }],
    ['update.stage', { name: '../x', offset: 0, data: file('x') }],
    ['update.stage', { name: 'x.tbu', offset: 9, data: file('x') }],
    ['update.stage', { name: 'x.tbu', offset: '0', data: file('x') }],
    ['update.stage', { name: 'x.tbu', offset: 0, data: 7 }],
    ['bank.rollback', { reboot: 1 }],
    ['shutdown', { mode: 'sideways' }],
  ])('refuse the same of %s in the same words (case %#)', async (method, params) => {
    expect(await ask(method, params)).toHaveProperty('code');
    expect(await ask('update.status')).toHaveProperty('result');
    await expectSameTraces();
  });
});
