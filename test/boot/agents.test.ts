import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootError } from '../../src/harness/console/boot-error.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import type { StoreStatus } from '../../src/hostcore/store-status.ts';
import { readTar } from '../../src/state/tar.ts';
import { bootTimeoutMs } from '../support/boot.ts';
import { projectWithLamp } from '../support/lamp.ts';

// An agent that nobody has heard of: its folder and its entry in the registry, in a copy of the project. One boot for all.
const folder = mkdtempSync(join(tmpdir(), 'twinbank-lamp-'));
// Another one in each run, so that no cache has the module.
const glow = `it glows ${randomUUID()}\n`;
let table: string;
let machine: QemuMachine;
beforeAll(async () => {
  const root = resolve(import.meta.dirname, '../..');
  const { copy, program } = projectWithLamp(root, folder, glow);
  const set = 'modules.agents.agents=["vmkd", "lamp", "syslog", "cim"]';
  const args = [program, 'build', 'recipes/default.yaml', '--set', set, '--out', folder, '-q'];
  table = execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  const image = join(folder, 'twinbank-0.1.0.img');
  machine = await startQemu({ ...defaultMachine, image, accelerator: 'tcg' });
  const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs: bootTimeoutMs });
  if ('ended' in ready) {
    throw bootError('test.boot', 'expected it to be ready, found its end', machine.console.lines);
  }
});
afterAll(async () => {
  await machine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const call = (method: string, params = {}): Promise<Record<string, unknown>> =>
  machine.vmkd.call(method, params, bootTimeoutMs) as Promise<Record<string, unknown>>;
const lines = (): string[] => machine.console.lines.map(({ text }) => text);

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

/** Asks until the answer is right. */
async function until(method: string, isRight: (answer: Record<string, unknown>) => boolean) {
  for (const end = performance.now() + bootTimeoutMs; ; await pause(200)) {
    // One that is just being started anew answers nothing.
    const answer = await call(method).catch((): Record<string, unknown> => ({}));
    if (isRight(answer) || performance.now() > end) return answer;
  }
}

describe('an agent that is a folder and an entry in the registry', () => {
  it('is in the image, and nothing else is built anew', () => {
    const built = table.match(/^\S+(?= .* built *$)/gm);
    expect(built).toEqual(['agents.v00']);
    // It depends on syslog, which the recipe names after it.
    expect(lines().find((line) => line.includes('stage=agents'))).toContain(
      'vmkd, syslog, lamp, cim',
    );
  });

  it('runs as its own user without a way to more rights, and is heard through vmkd', async () => {
    expect(await call('lamp.look')).toMatchObject({
      user: [142, 142],
      noNewPrivileges: true,
      hostname: 'localhost',
      capabilities: '0000000000000000',
    });
  });

  it('has a /tmp of its own, and no place where root would find what it leaves', async () => {
    expect(await call('lamp.look')).toMatchObject({
      tmp: [],
      attacks: { folder: 'EROFS', above: 'EROFS', tmp: 'done' },
    });
  });

  it('K6: sees nothing of the system that its world has not', async () => {
    expect(await call('lamp.look')).toMatchObject({
      attacks: { shadow: 'ENOENT', disk: 'ENOENT', setup: 'ENOENT', vmkd: 'EPERM' },
    });
    const { attacks, processes } = await call('lamp.look');
    // bwrap, Node and what it started to look.
    expect(processes).toBeLessThan(5);
    const { mount, unshare, module, init } = attacks as Record<string, unknown>;
    expect([mount, unshare, module]).not.toContain(0);
    expect(init).not.toBe('done');
  });

  it('K6: has no more processes than its row says, and goes on', async () => {
    const { bornAt } = await call('lamp.look');
    const { started } = await call('lamp.bomb');
    expect(started).toBeGreaterThan(5);
    expect(started).toBeLessThan(40);
    expect(await call('lamp.look')).toMatchObject({ bornAt });
    expect((await call('status')).problems).toEqual([]);
  });

  it('K6: ends alone where it takes more memory than its row says', async () => {
    const { bornAt } = await call('lamp.look');
    await call('lamp.hog');
    const ill = await until('status', ({ problems }) => /lamp/.test(String(problems)));
    expect(ill.problems).toEqual(['agent lamp: it was ended by SIGKILL']);
    const next = await until(
      'lamp.look',
      (answer) => answer.bornAt !== undefined && answer.bornAt !== bornAt,
    );
    expect(next.bornAt).not.toBe(bornAt);
    expect(lengthOf((await call('cim.instances', { class: 'Twinbank_Chassis' })).instances)).toBe(
      1,
    );
    await until('status', ({ problems }) => lengthOf(problems) === 0);
  });

  it('leaves the object manager of CIM its socket and its table, beside it', async () => {
    const { instances } = await call('cim.instances', { class: 'Twinbank_ComputerSystem' });
    expect(instances).toHaveLength(1);
    expect(lengthOf((await call('cim.instances', { class: 'Twinbank_Chassis' })).instances)).toBe(
      1,
    );
  });

  it('leaves the packages of the store to the system, which has read them all and opens some', async () => {
    const read = await until('status', ({ store }) => !/unchecked/.test(JSON.stringify(store)));
    const { problem, packages } = read.store as StoreStatus;
    expect([problem, packages.map(({ id, state }) => `${id} ${state}`)]).toEqual([
      null,
      ['qemu-guest-agent right', 'ovmf right', 'swtpm right', 'twinbank right'],
    ]);
    for (const [id, type] of Object.entries({ ovmf: 'firmware', swtpm: 'tools' })) {
      const opened = await call('store.open', { id });
      expect(opened).toMatchObject({ id, type });
      expect(await call('store.open', { id })).toEqual(opened);
    }
    await expect(call('store.open', { id: 'qemu' })).rejects.toThrow(
      'expected a package of 0.1.0-1 (qemu-guest-agent, ovmf, swtpm, twinbank), found "qemu"',
    );
  });

  it('has its files and its answers in the support bundle', async () => {
    const { collectors } = await call('support.collect');
    const problems = (collectors as { file: string; problem: string | null }[])
      .filter(({ file }) => /^(lamp\/|processes)/.test(file))
      .map(({ file, problem }) => [file, problem]);
    expect(problems).toEqual([
      ['lamp/look.json', null],
      ['lamp/lamp.txt', null],
      ['processes.txt', null],
    ]);
    const { data } = await call('support.read');
    const files = readTar(gunzipSync(Buffer.from(String(data), 'base64')));
    const text = (path: string) =>
      Buffer.from(files.find((file) => file.path === path)?.bytes ?? []).toString();
    expect(text('lamp/lamp.txt')).toBe(glow);
    // What was opened above, as the kernel has it.
    const mounted = text('files/proc/mounts').match(/^.* \/run\/twinbank\/store\/.*$/gm);
    expect(mounted).toEqual([
      expect.stringMatching(/\/ovmf-[0-9a-f]{16} squashfs ro,nosuid,nodev,noexec/),
      expect.stringMatching(/\/swtpm-[0-9a-f]{16} squashfs ro,nosuid,nodev,relatime/),
    ]);
    expect(JSON.parse(text('store.json'))).toMatchObject({ problem: null });
    expect(JSON.parse(text('lamp/look.json'))).toMatchObject({ user: [142, 142] });
    expect(text('processes.txt')).toMatch(/^ *\d+ lamp +.*\/usr\/lib\/twinbank\/lamp\.mjs$/m);
  });

  it('is started again when it was killed, and health tells of it meanwhile', async () => {
    const { bornAt } = await call('lamp.look');
    await call('lamp.break');
    // Dead it is first (state Z), and how it ended is known a moment later.
    const ill = await until('status', ({ problems }) => /ended/.test(String(problems)));
    expect(ill.problems).toEqual(['agent lamp: it was ended by SIGKILL']);
    const well = await until(
      'status',
      ({ problems }) => Array.isArray(problems) && problems.length === 0,
    );
    expect(well.problems).toEqual([]);
    const next = await call('lamp.look');
    expect(next.bornAt).not.toBe(bornAt);
    expect(next).toMatchObject({ user: [142, 142] });
  });

  it('is started anew for a setting that its row names', async () => {
    const { bornAt } = await call('lamp.look');
    expect(await call('config.set', { ntp: { servers: [] } })).toMatchObject({ saved: true });
    expect(await call('lamp.look')).toMatchObject({ bornAt });
    expect(await call('config.set', { hostname: 'esx1' })).toMatchObject({ saved: true });
    const next = await until('lamp.look', ({ hostname }) => hostname === 'esx1');
    expect(next.hostname).toBe('esx1');
    expect(next.bornAt).not.toBe(bornAt);
  });

  it('ends with the system, by shutdown with mode reboot', async () => {
    expect(await call('shutdown', { mode: 'reboot' })).toEqual({ mode: 'reboot' });
    expect(await machine.ended).toMatchObject({ reason: 'guest-reset' });
  });
});
