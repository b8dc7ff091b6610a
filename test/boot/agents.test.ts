import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootError } from '../../src/harness/console/boot-error.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { forwardPort } from '../../src/harness/qemu/qemu-devices.ts';
import { faultArguments } from '../../src/harness/qemu/qemu-faults.ts';
import type { StoreStatus } from '../../src/hostcore/store-status.ts';
import { worldsListForm, worldsStatsForm } from '../../src/hostcore/world-answers.ts';
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
  const set = 'modules.agents.agents=["vmkd", "lamp", "shade", "syslog", "cim"]';
  const args = [program, 'build', 'recipes/default.yaml', '--set', set, '--out', folder, '-q'];
  table = execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  const image = join(folder, 'twinbank-0.1.0.img');
  const extra = faultArguments([], defaultMachine.disk, ['live']);
  machine = await startQemu({ ...defaultMachine, image, accelerator: 'tcg', extra });
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

/** All that is said at a port of this machine until the connection ends. */
function heardAt(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (bytes) => (heard += bytes));
  socket.on('error', () => {});
  return new Promise((resolve) => socket.on('close', () => resolve(heard)));
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

const world = async (name: string) =>
  worldsListForm(await call('worlds.list'), 'worlds.list').worlds.find((one) => one.name === name);

/** Asks until the answer is right. */
async function until(method: string, isRight: (answer: Record<string, unknown>) => boolean) {
  for (const end = performance.now() + bootTimeoutMs; ; await pause(200)) {
    // One that is just being started anew answers nothing.
    const answer = await call(method).catch((): Record<string, unknown> => ({}));
    if (isRight(answer) || performance.now() > end) return answer;
  }
}

/** The answer of a change means that its agents run with it, unless it names those that do not yet, as on a slow machine. */
async function putInForce(settings: object): Promise<void> {
  const { saved, failed, restarting = [] } = await call('config.set', settings);
  expect([saved, failed]).toEqual([true, undefined]);
  for (const name of restarting as string[]) {
    await until('worlds.list', ({ worlds }) =>
      (worlds as { name: string; state: string }[]).some(
        (one) => one.name === name && one.state === 'running',
      ),
    );
  }
}

/** The files of the last support bundle, as text. */
async function bundleText(): Promise<(path: string) => string> {
  const { data } = await call('support.read');
  const files = readTar(gunzipSync(Buffer.from(String(data), 'base64')));
  return (path) => Buffer.from(files.find((file) => file.path === path)?.bytes ?? []).toString();
}

describe('an agent that is a folder and an entry in the registry', () => {
  it('is in the image, and nothing else is built anew', () => {
    const built = table.match(/^\S+(?= .* built *$)/gm);
    expect(built).toEqual(['agents.v00']);
    // It depends on syslog, which the recipe names after it.
    expect(lines().find((line) => line.includes('stage=agents'))).toContain(
      'vmkd, syslog, lamp, shade, cim',
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

  it('K6: opens as many descriptors as its row says, and fills its own /tmp at most', async () => {
    const { opened, ...ends } = await call('lamp.exhaust');
    expect(ends).toEqual({ descriptors: 'EMFILE', tmp: 'ENOSPC' });
    // Beside those that Node and its connections have.
    expect(opened).toBeGreaterThan(900);
    expect(opened).toBeLessThan(1024);
  });

  it('K2: has what its row says of the machine, and the pools what the recipe says', async () => {
    const { worlds, pools } = worldsStatsForm(await call('worlds.stats'), 'worlds.stats');
    expect(worlds.map(({ name }) => name)).toEqual(['syslog', 'lamp', 'shade', 'cim']);
    const lamp = worlds.find(({ name }) => name === 'lamp');
    expect(lamp).toMatchObject({
      memory: { max: 96 << 20, ended: 0 },
      ...{ cpuWeight: 50, processes: { max: 40 } },
    });
    expect(lamp?.memory.current).toBeGreaterThan(5 << 20);
    expect(lamp?.memory.peak).toBeGreaterThanOrEqual(Number(lamp?.memory.current));
    expect(lamp?.processorSeconds).toBeGreaterThan(0.1);
    const [system, vm] = pools;
    expect(system).toMatchObject({ name: 'system', cpuWeight: 200, memory: { max: null } });
    expect(system?.memory.reserved).toBe(96 << 20);
    expect(system?.processorSeconds).toBeGreaterThan(Number(lamp?.processorSeconds));
    expect(vm).toMatchObject({ name: 'vm', cpuWeight: 100, processes: { current: 0 } });
    // All that the machine has, but for the reservation.
    expect(vm?.memory.max).toBeGreaterThan(512 << 20);
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
    // Dead it is first (state Z), and why is known a moment later.
    const ill = await until('status', ({ problems }) => /memory/.test(String(problems)));
    const why = 'it ran out of memory: it may have 96 MiB';
    expect(ill.problems).toEqual([`agent lamp: ${why}`]);
    const next = await until(
      'lamp.look',
      (answer) => answer.bornAt !== undefined && answer.bornAt !== bornAt,
    );
    expect(next.bornAt).not.toBe(bornAt);
    expect(await world('lamp')).toMatchObject({ restarts: 1, lastEnd: { why } });
    expect(lengthOf((await call('cim.instances', { class: 'Twinbank_Chassis' })).instances)).toBe(
      1,
    );
    await until('status', ({ problems }) => lengthOf(problems) === 0);
  });

  it('K6: asks vmkd by its own connection for what its row lists, and for nothing else', async () => {
    expect(await call('lamp.ask', { method: 'status' })).toMatchObject({ state: 'ready' });
    // Of another agent, through vmkd.
    expect(lengthOf((await call('lamp.ask', { method: 'cim.classes' })).classes)).toBeGreaterThan(
      3,
    );
    expect(await call('lamp.ask', { method: 'shutdown' })).toEqual({
      message:
        'expected one of the methods status, cim.classes, listeners.refused, worlds.connect, found "shutdown"',
    });
  });

  it('K6: talks to the agent that its row names, which knows who it is, and to no other', async () => {
    expect(await call('lamp.talk', { name: 'shade' })).toEqual({ heard: 'you are lamp' });
    await expect(call('lamp.talk', { name: 'cim' })).rejects.toThrow(
      'to: expected shade, found "cim"',
    );
  });

  it('K6: ends alone where it floods vmkd, which goes on', async () => {
    await call('lamp.flood').catch(() => {});
    const ill = await until('status', ({ problems }) => /flood|asked/.test(String(problems)));
    const why = 'it asked vmkd more than 100 times in a second';
    expect(ill.problems).toEqual([`agent lamp: ${why}`]);
    await until('status', ({ problems }) => lengthOf(problems) === 0);
    expect(await world('lamp')).toMatchObject({ state: 'running', lastEnd: { why } });
  });

  it('K6: cannot fill the log, nor drive a terminal by it', async () => {
    // Its last words before the flood: after it, what an agent says is counted and left out for ten
    // seconds, and a quick machine has asked for the support bundle by then.
    const { bornAt } = await call('lamp.look');
    expect(await call('worlds.restart', { name: 'lamp' })).toMatchObject({ state: 'running' });
    expect((await call('lamp.look')).bornAt).not.toBe(bornAt);
    expect(await call('lamp.chatter')).toEqual({});
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

  it('is started anew for a setting that its row names', async () => {
    const { bornAt } = await call('lamp.look');
    expect(await call('config.set', { ntp: { servers: [] } })).toMatchObject({ saved: true });
    expect(await call('lamp.look')).toMatchObject({ bornAt });
    await putInForce({ hostname: 'esx1' });
    const next = await call('lamp.look');
    expect(next.hostname).toBe('esx1');
    expect(next.bornAt).not.toBe(bornAt);
  });

  it('K6: is reached over the network where its row listens, and by whom the settings say', async () => {
    const forwarded = await Promise.all(
      [4242, 4243].map((port) => forwardPort(machine.qmp, port, 'tcp')),
    );
    const heard = () => Promise.all(forwarded.map(heardAt));
    const set = (listeners: object) => call('config.set', { listeners });
    const list = async () => (await call('network.listeners')).listeners;
    const [glow, hum] = [
      { name: 'glow', agent: 'lamp', port: 4242 },
      { name: 'hum', agent: 'lamp', port: 4243 },
    ];
    const open = { enabled: true, allowed: null, open: true, refused: 0, lastRefused: null };
    expect(await heard()).toEqual(['glows\n', 'hums\n']);
    expect(await list()).toEqual([
      { ...glow, ...open },
      { ...hum, ...open },
    ]);
    await expect(set({ ssh: {} })).rejects.toThrow('listeners: expected glow, hum, found "ssh"');
    const { bornAt } = await call('lamp.look');
    // QEMU's network has the outside at 10.0.2.2. What is limited is not started anew.
    const allowed = ['10.0.2.0/31', 'fe80::/10'];
    expect(await set({ glow: { allowed } })).toMatchObject({ saved: true });
    expect(await heard()).toEqual(['', 'hums\n']);
    expect(await call('lamp.look')).toMatchObject({ bornAt });
    await expect
      .poll(list, { timeout: 30_000 })
      .toMatchObject([{ ...glow, allowed, refused: 1, lastRefused: '::ffff:10.0.2.2' }, hum]);
    const off = { glow: { allowed: ['10.0.2.2'] }, hum: { enabled: false } };
    await putInForce({ listeners: off });
    expect(await heard()).toEqual(['glows\n', '']);
    expect(await list()).toMatchObject([
      { ...glow, open: true },
      { ...hum, open: false },
    ]);
    await putInForce({ listeners: {} });
    expect(await heard()).toEqual(['glows\n', 'hums\n']);
    expect((await call('status')).problems).toEqual([]);
  });

  it('has its files and its answers in the support bundle', async () => {
    const { collectors } = await call('support.collect');
    const problems = (collectors as { file: string; problem: string | null }[])
      .filter(({ file }) => /^(lamp|processes|coredump|logs|network)\b/.test(file))
      .map(({ file, problem }) => [file, problem]);
    expect(Object.fromEntries(problems)).toEqual({
      'lamp/look.json': null,
      'lamp/lamp.txt': null,
      'processes.txt': null,
      'network.json': null,
      'coredump/status.json': null,
      'logs/status.json': null,
      'logs/newest.log': null,
      'network.txt': null,
    });
    const text = await bundleText();
    // P5, I5: the files of the log, whether a kernel has panicked, and the network as it is set.
    expect(text('logs/newest.log')).toMatch(/ daemon\.info vmkd: stage=agents at=/);
    expect(text('logs/newest.log')).toMatch(/ kern\.\w+ kernel: Linux version 6\./);
    expect(JSON.parse(text('coredump/status.json'))).toMatchObject({ armed: false, dump: null });
    expect(JSON.parse(text('network.json'))).toMatchObject({ problems: [] });
    // K2: vmkd is never the one that ends for lack of memory, and what it starts can be.
    expect(text('files/proc/self/oom_score_adj')).toBe('-1000\n');
    expect(JSON.parse(text('lamp/look.json'))).toMatchObject({ oomScore: 0 });
    // K6: the first two times that it ended, above.
    const dumps = [1, 2].map((number) => JSON.parse(text(`worlds/lamp-${number}.json`)));
    expect(dumps).toMatchObject([
      { name: 'lamp', why: 'it ran out of memory: it may have 96 MiB' },
      { name: 'lamp', why: 'it asked vmkd more than 100 times in a second' },
    ]);
    expect(dumps[0].usage.memory).toMatchObject({ max: 96 << 20, ended: expect.any(Number) });
    expect(dumps[0].usage.memory.peak).toBeGreaterThan(90 << 20);
    const chatter = text('dmesg.txt').match(/agent lamp: line \d+.*/g) ?? [];
    expect(chatter.length).toBeGreaterThan(10);
    // A hundred in ten seconds; on a slow machine it goes on into the next ten.
    expect(chatter.length).toBeLessThanOrEqual(200);
    expect(chatter[0]).toMatch(/line \d+\?\[2J$/);
    // When it was started anew: SIGTERM had reached it inside its world.
    expect(text('dmesg.txt')).toContain('agent lamp: it was asked to end');
    expect(worldsListForm(JSON.parse(text('worlds.json')), 'worlds.json').worlds).toHaveLength(4);
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

  it('P5: has what it says in the log, beside the kernel, vmkd and other programs', async () => {
    const read = async (file: string) => String((await call('syslog.read', { file })).text);
    expect(await read('vmkernel')).toMatch(/^\S+Z kern\.\w+ kernel: Linux version 6\./m);
    expect(await read('vmkd')).toMatch(/^\S+Z daemon\.info vmkd: stage=agents at=/m);
    // Above it has taken too much memory.
    expect(await read('agents')).toMatch(/^\S+Z daemon\.info lamp: .*(memory|SIGKILL)/m);
    // busybox's logger, as root, when support asked.
    expect(await read('auth')).toMatch(/^\S+Z auth\.notice lamp: somebody looks$/m);
  });

  it('P5: is heard at another host, by a target that is set while it runs', async () => {
    const receiver = createSocket('udp4');
    const heard: string[] = [];
    receiver.on('message', (bytes) => heard.push(String(bytes)));
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    // The machine's network has us there.
    const target = `udp://10.0.2.2:${receiver.address().port}`;
    expect(await call('config.set', { syslog: { targets: [target] } })).toMatchObject({
      saved: true,
    });
    // What is said before the agent has begun anew with its target goes nowhere else.
    await until('syslog.status', (answer) => JSON.stringify(answer).includes('10.0.2.2'));
    await call('lamp.break');
    await until('syslog.status', () => heard.some((line) => / lamp - - - /.test(line)));
    receiver.close();
    expect(heard.find((line) => / lamp - - - /.test(line))).toMatch(
      /^<30>1 \S+Z esx1 lamp - - - it was ended by SIGKILL/,
    );
    await until('status', ({ problems }) => lengthOf(problems) === 0);
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

  it('K1: vmkd that is killed finds nothing done twice, and replaces its worlds in their order', async () => {
    const before = await call('lamp.look');
    const began = machine.console.lines.length;
    expect(await call('fault.kill')).toEqual({});
    const again = await machine.console.waitFor(/vmkd started again/, {
      timeoutMs: bootTimeoutMs,
      from: began,
    });
    if ('ended' in again) {
      throw bootError('test.boot', 'expected vmkd again, found its end', machine.console.lines);
    }
    const ready = await until('status', ({ state }) => state === 'ready');
    expect(ready).toMatchObject({ state: 'ready', problems: [] });
    const { worlds } = worldsListForm(await call('worlds.list'), 'worlds.list');
    expect(worlds.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([
      ['syslog', 'running', 0],
      ['lamp', 'running', 0],
      ['shade', 'running', 0],
      ['cim', 'running', 0],
    ]);
    expect((await call('lamp.look')).bornAt).not.toBe(before.bornAt);
    const { collectors } = await call('support.collect');
    expect(lengthOf(collectors)).toBeGreaterThan(0);
    const processes = (await bundleText())('processes.txt');
    const count = (pattern: RegExp) =>
      processes.split('\n').filter((line) => pattern.test(line)).length;
    // The program's own line, and not those of bwrap around it.
    const agent = (name: string) =>
      count(new RegExp(` ${name} +[^b]*/usr/bin/node .*/${name}\\.mjs`));
    const found = [count(/node .*\/vmkd\.mjs/), count(/udhcpc -f/)];
    expect([...found, ...['syslog', 'lamp', 'cim'].map(agent)]).toEqual([1, 1, 1, 1, 1]);
    // A new vmkd feeds them after a quarter of their time.
    const fed = await until('status', ({ watchdogs }) => lengthOf(watchdogs) === 2);
    expect(fed.watchdogs).toHaveLength(2);
  });

  it('ends with the system, by shutdown with mode reboot', async () => {
    expect(await call('shutdown', { mode: 'reboot' })).toEqual({ mode: 'reboot' });
    expect(await machine.ended).toMatchObject({ reason: 'guest-reset' });
  });
});
