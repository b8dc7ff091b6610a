import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundle } from '../../../../../src/builder/modules/bundle.ts';
import { indicationLog } from '../../../../../src/runtime/agents/cim/indication-log.ts';
import { cimMethods } from '../../../../../src/runtime/agents/cim/methods.ts';
import {
  type ObjectManager,
  objectManager,
} from '../../../../../src/runtime/agents/cim/object-manager.ts';
import type { CimClass } from '../../../../../src/runtime/agents/cim/provider.ts';
import { providerProcess } from '../../../../../src/runtime/agents/cim/provider-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-cim-'));
const program = join(folder, 'cim-provider.mjs');
const running: { stop(): void }[] = [];
beforeAll(async () => {
  writeFileSync(
    program,
    (await bundle('src/runtime/agents/cim/provider-main.ts', { target: 'node20' })).data,
  );
});
afterAll(() => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});

const fanClass = (name: string, methods = {}): CimClass => ({
  name,
  superclass: 'CIM_Fan',
  description: 'A fan',
  properties: {},
  methods,
});
const spin = {
  description: 'Turns',
  parameters: { Speed: { type: 'uint32', required: true } },
  returns: 'uint32',
} as const;
const keys = "SystemCreationClassName: 'S', SystemName: 'n'";

/** A provider in its own process, as the bank runs it. */
function start(
  origin: string,
  className: string,
  body: string,
  { monitors = false, methods = {}, idleMs = 60_000 } = {},
) {
  const bundlePath = join(folder, `${origin}.mjs`);
  writeFileSync(bundlePath, `export const provider = ${body};`);
  const trouble: string[] = [];
  const log = indicationLog();
  const handle = providerProcess({
    description: {
      ...{
        schemaVersion: 1,
        origin,
        name: 'p',
        api: 1,
        monitors,
        programs: {},
        writes: [],
        devices: [],
      },
      classes: [fanClass(className, methods)],
    },
    setup: {
      ...{
        bundle: bundlePath,
        root: folder,
        smbiosTable: 'none',
        systemName: 'n',
        programs: {},
        writes: [],
      },
    },
    program,
    callTimeoutMs: 6000,
    idleMs,
    onIndication: (name, raised) =>
      log.add(managerOf([handle]).completeIndication(handle, name, raised)),
    onTrouble: (why) => trouble.push(why),
  });
  running.push(handle);
  return { handle, trouble, log };
}

const managerOf = (handles: Parameters<typeof objectManager>[0]): ObjectManager =>
  objectManager(handles, { systemName: 'n', now: () => new Date(0) });

const goodFan = (
  className: string,
  more = '',
): string => `{ classes: [{ name: '${className}', superclass: 'CIM_Fan',
  description: 'A fan', properties: {}, enumerate: () => [{ ${keys}, DeviceID: '1' }], ${more} }] }`;

describe('the object manager', () => {
  test('goes on with the others where one throws, hangs, answers nonsense or eats memory', async () => {
    const bad = (origin: string, body: string) =>
      start(
        origin,
        `${origin}_Fan`,
        `{ classes: [{ name: '${origin}_Fan', superclass: 'CIM_Fan', description: '', properties: {}, enumerate: ${body} }] }`,
      );
    const all = [
      start('Good', 'Good_Fan', goodFan('Good_Fan')),
      bad('Throws', "() => { throw new Error('no bus') }"),
      bad('Loops', '() => { for (;;); }'),
      bad('Waits', '() => new Promise(() => {})'),
      bad('Nonsense', `() => [{ ${keys}, DeviceID: 7 }]`),
      bad('Twice', `() => [1, 1].map(() => ({ ${keys}, DeviceID: 'x' }))`),
      bad('Heap', '() => { const all = []; for (;;) all.push({ all: [all.length] }); }'),
      bad(
        'Outside',
        '() => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)); }',
      ),
      bad('Ends', '() => process.exit(3)'),
    ];
    const manager = managerOf(all.map(({ handle }) => handle));
    const { instances, problems } = await manager.enumerateInstances('CIM_LogicalDevice');
    expect(instances).toMatchObject([{ className: 'Good_Fan', properties: { DeviceID: '1' } }]);
    const told = Object.fromEntries(problems.map(({ provider, message }) => [provider, message]));
    expect(told).toMatchObject({
      'Throws/p': 'no bus',
      'Loops/p': 'provider Loops/p: no answer in 6 s',
      'Waits/p': 'provider Waits/p: no answer in 6 s',
      'Nonsense/p': 'Nonsense_Fan.DeviceID: expected string, found 7',
      'Twice/p': 'Twice_Fan: expected keys of their own, found two of the same',
      'Ends/p': 'provider Ends/p ended: with exit code 3',
    });
    expect(told['Heap/p']).toMatch(/^provider Heap\/p(: no answer| ended)/);
    expect(told['Outside/p']).toMatch(/^provider Outside\/p(: no answer| ended)/);
    // What ended is started again by the next call.
    expect(await manager.enumerateInstances('Good_Fan')).toMatchObject({ problems: [] });
    expect((await manager.enumerateInstances('Throws_Fan')).problems[0]?.message).toBe('no bus');
  });

  test('tells the others where one has more than an answer takes', async () => {
    const big = `{ classes: [{ name: 'Big_Fan', superclass: 'CIM_Fan', description: '', properties: {}, enumerate: () => Array.from({ length: 1000 }, (_, id) => ({ ${keys}, DeviceID: String(id), Description: 'x'.repeat(3000) })) }] }`;
    const all = [start('Good', 'Good_Fan', goodFan('Good_Fan')), start('Big', 'Big_Fan', big)];
    const found = await managerOf(all.map(({ handle }) => handle)).enumerateInstances('CIM_Fan');
    expect(JSON.stringify(found).length).toBeLessThan(2 << 20);
    expect(found.instances).toMatchObject([{ className: 'Good_Fan' }]);
    expect(found.problems).toMatchObject([{ provider: 'Big/p', className: 'Big_Fan' }]);
  });

  test.each([
    ['no JSON', "write(3, 'noise\\n')", 'it sent a line that is no JSON object'],
    ['null', "write(3, 'null\\n')", 'it sent a line that is no JSON object'],
    [
      'a list in a list, without end',
      "write(3, '{\"a\":' + '['.repeat(2e4) + ']'.repeat(2e4) + '}\\n')",
      'it sent a line that is no JSON object',
    ],
    ['another form', `write(3, '{"id":"x"}\\n')`, 'its message.id: expected a number, found "x"'],
    [
      'too much',
      `return [{ ${keys}, DeviceID: '1' }].flatMap((one) => Array.from({ length: 1500 }, (_, id) => ({ ...one, DeviceID: String(id), Description: 'x'.repeat(4000) })))`,
      'it sent a message of more than 4194304 characters',
    ],
  ])('outlives a provider that sends %s, and says why it was ended', async (_what, act, why) => {
    const enumerate = `async () => { const { writeSync: write } = await import('node:fs'); ${act}; return new Promise(() => {}); }`;
    const { handle, trouble } = start(
      'Odd',
      'Odd_Fan',
      `{ classes: [{ name: 'Odd_Fan', superclass: 'CIM_Fan', description: '', properties: {}, enumerate: ${enumerate} }] }`,
    );
    const { problems } = await managerOf([handle]).enumerateInstances('Odd_Fan');
    expect(problems[0]?.message).toContain(`provider Odd/p ended: ${why}`);
    expect(trouble).toHaveLength(1);
  });

  test('gets one instance and invokes its method, or says why not by a status of CIM', async () => {
    const invoke = `methods: { Spin: { description: '', parameters: { Speed: { type: 'uint32', required: true } },
      returns: 'uint32', invoke: ({ keys, parameters }) => ({ returnValue: parameters.Speed * 2 }) } }`;
    const { handle } = start('Acme', 'Acme_Fan', goodFan('Acme_Fan', invoke), {
      methods: { Spin: spin },
    });
    const manager = managerOf([handle]);
    const { get, invoke: call } = cimMethods(manager, indicationLog());
    const path =
      'root/cimv2:acme_fan.SystemCreationClassName="S",SystemName="n",CreationClassName="Acme_Fan",DeviceID="1"';
    expect(await get?.({ path })).toMatchObject({
      className: 'Acme_Fan',
      path: path.length > 0 && expect.stringContaining('Acme_Fan.CreationClassName'),
    });
    expect(await call?.({ path, method: 'Spin', parameters: { Speed: 21 } })).toEqual({
      returnValue: 42,
    });
    const other = path.replace('DeviceID="1"', 'DeviceID="2"');
    const refusals: [string, () => Promise<unknown>][] = [
      ['not-found', () => manager.getInstance(other)],
      ['invalid-parameter', () => manager.getInstance('Acme_Fan.DeviceID="1"')],
      ['not-supported', () => manager.getInstance('CIM_Fan.DeviceID="1"')],
      ['invalid-class', () => manager.getInstance('No_Fan.DeviceID="1"')],
      ['method-not-found', () => manager.invokeMethod(path, 'Stop', {})],
      ['invalid-parameter', () => manager.invokeMethod(path, 'Spin', {})],
      ['invalid-parameter', () => manager.invokeMethod(path, 'Spin', { Speed: -1 })],
      ['invalid-parameter', () => manager.invokeMethod(path, 'Spin', { Speed: 1, Other: 1 })],
      ['not-found', () => manager.invokeMethod(other, 'Spin', { Speed: 1 })],
    ];
    for (const [status, refused] of refusals) {
      await expect(refused()).rejects.toMatchObject({ status });
    }
    await expect(get?.({ path: 5 })).rejects.toMatchObject({
      code: 'cim.invalid-parameter',
      message: 'CIM status 4: path: expected an object path, found 5',
    });
  });

  test('leaves out the second provider of a class, and names both', () => {
    const one = start('One', 'Acme_Fan', goodFan('Acme_Fan'));
    const two = start('Two', 'ACME_FAN', goodFan('ACME_FAN'));
    const manager = managerOf([one.handle, two.handle]);
    expect(manager.refused).toEqual(['provider Two/p is left out: ACME_FAN is a class of One/p']);
    expect(manager.ownerOf('acme_fan')).toBe('One/p');
  });
});

describe('indications', () => {
  test('of a monitor are completed, kept in order, and waited for', async () => {
    const raise = (text: string) =>
      `host.indicate('CIM_AlertIndication', { AlertType: 6, ProbableCause: 51, Message: '${text}' });`;
    const body = `{ ...${goodFan('Acme_Fan')}, async monitor(host) { ${raise('hot')} ${raise('cool')} await host.sleep(1e6); } }`;
    const { handle, log } = start('Mon', 'Acme_Fan', body, { monitors: true });
    handle.start();
    const first = await log.read(0, 20_000);
    if (first.next < 2) await log.read(first.next, 20_000);
    const { indications } = await log.read(0, 0);
    expect(indications).toMatchObject([
      {
        className: 'CIM_AlertIndication',
        properties: { Message: 'hot', SystemName: 'n', ProviderName: 'Mon/p' },
      },
      { properties: { Message: 'cool', IndicationTime: '19700101000000.000000+000' } },
    ]);
  });

  test('of a class that is none, or not of their class, are refused', () => {
    const { handle } = start('Bad', 'Acme_Fan', goodFan('Acme_Fan'));
    const { completeIndication } = managerOf([handle]);
    expect(() => completeIndication(handle, 'Acme_Fan', {})).toThrow('expected an indication');
    expect(() => completeIndication(handle, 'CIM_Indication', {})).toThrow(
      'expected an indication',
    );
    expect(() => completeIndication(handle, 'CIM_AlertIndication', { AlertType: 5 })).toThrow(
      'CIM_AlertIndication.ProbableCause: expected a value, as it is required, found none',
    );
  });

  test('a reader is told how many it has missed, and a wait ends in its time', async () => {
    const log = indicationLog(2);
    const add = (className: string) => log.add({ path: '', className, properties: {} });
    expect(await log.read(0, 10)).toEqual({ indications: [], next: 0, lost: 0 });
    for (const name of ['A', 'B', 'C']) add(name);
    const names = ({ indications }: { indications: readonly { className: string }[] }) =>
      indications.map(({ className }) => className);
    const all = await log.read(0, 0);
    expect([names(all), all.next, all.lost]).toEqual([['B', 'C'], 3, 1]);
    expect(names(await log.read(2, 0))).toEqual(['C']);
    const waiting = log.read(3, 10_000);
    add('D');
    expect(names(await waiting)).toEqual(['D']);
    // A number of an agent before this one.
    expect(names(await log.read(99, 0))).toEqual(['C', 'D']);
  });
});

test('a monitor that ends its process is started again, and told of', async () => {
  const marker = join(folder, 'starts');
  writeFileSync(marker, '');
  const body = `{ ...${goodFan('Acme_Fan')}, async monitor() { (await import('node:fs')).appendFileSync(${JSON.stringify(marker)}, 'x'); throw new Error('it is over'); } }`;
  const ended = new Promise<string>((resolve) => {
    const { handle, trouble } = start('Over', 'Acme_Fan', body, { monitors: true });
    handle.start();
    const timer = setInterval(() => {
      if (trouble.length === 0) return;
      clearInterval(timer);
      resolve(trouble[0] ?? '');
    }, 20);
  });
  expect(await ended).toBe('monitor of Over/p ended: it is over');
});

test('M3: a provider that nobody asks ends, unless it monitors, and starts again when it is asked', async () => {
  const body = (className: string, more = ''): string =>
    goodFan(className, more).replace("DeviceID: '1'", 'DeviceID: String(process.pid)');
  const resting = start('Rests', 'Rests_Fan', body('Rests_Fan'), { idleMs: 1 });
  const monitor = 'monitor: () => new Promise(() => {})';
  const watching = start(
    'Stays',
    'Stays_Fan',
    body('Stays_Fan').replace(/ }$/, `, ${monitor} }`).replace(', ,', ','),
    { monitors: true, idleMs: 1 },
  );
  const manager = managerOf([resting.handle, watching.handle]);
  const pidOf = async (className: string): Promise<number> => {
    const { instances } = await manager.enumerateInstances(className);
    return Number(instances[0]?.properties.DeviceID);
  };
  const stays = await pidOf('Stays_Fan');
  const first = await pidOf('Rests_Fan');
  await vi.waitFor(() => expect(() => process.kill(first, 0)).toThrow('ESRCH'), 10_000);
  const second = await pidOf('Rests_Fan');
  expect(second).toBeGreaterThan(0);
  expect(second).not.toBe(first);
  expect(await pidOf('Stays_Fan')).toBe(stays);
  expect([resting.trouble, watching.trouble]).toEqual([[], []]);
});
