import { once } from 'node:events';
import { createServer as createWebServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  hasParts,
  partsText,
} from '../../../../../src/harness/scenario/expectations/expectation.ts';
import { fakeMachines } from '../../run/fake-machine.ts';
import { runOnFakes } from '../../run/run-on-fakes.ts';
import { runsOf } from '../scenario-folder.ts';

/** What one `expect` finds on a machine that is up: what it found, or how it fails. */
async function look(
  expectation: string,
  vmkd: Readonly<Record<string, unknown>>,
  port?: number,
): Promise<string> {
  const machines = fakeMachines({ vmkd, abilities: ['vmkd', 'network'] });
  const runs = runsOf(
    `description: A test\nsteps: [build, flash, boot, { expect: { ${expectation}, timeout: 300ms } }]`,
  );
  const { failures, record } = await runOnFakes(runs, {
    makeMachine: async () => {
      const machine = await machines.make();
      const endpoint = async () => ({ host: '127.0.0.1', port: port ?? 1 });
      return port === undefined ? machine : { ...machine, boots: 1, endpoint };
    },
  });
  const [attempt] = record.scenarios[0]?.attempts ?? [];
  return failures[0]?.message ?? attempt?.steps.at(-1)?.found ?? '';
}

const status = { problems: ['agent syslog: it ended'] };
const disks = {
  disks: [
    { name: 'vmhba0:C0:T0:L0', state: 'boot', why: null },
    { name: 'vmhba1:C0:T0:L0', state: 'blank', why: null },
    {
      ...{ name: 'vmhba2:C0:T0:L0', state: 'left-alone' },
      why: 'it has a physical volume of LVM',
    },
  ],
  datastores: [
    { name: 'datastore1', accessible: true, why: null },
    { name: 'datastore2', accessible: false, why: 'its disk has gone' },
  ],
};
const network = {
  pending: false,
  uplinks: [
    { name: 'vmnic0', link: 'up' },
    { name: 'vmnic1', link: 'down' },
  ],
  interfaces: [{ name: 'vmk0', addresses: ['10.0.2.15/24', 'fe80::1/64'] }],
};
const agents = {
  worlds: [
    { name: 'cim', state: 'running', problem: null, restarts: 0 },
    { name: 'ntp', state: 'pausing', problem: 'it ended', restarts: 3 },
  ],
};
const sensors = {
  instances: [
    { properties: { ElementName: 'CPU 1 Temp', CurrentReading: 451, UnitModifier: -1 } },
    { properties: { ElementName: 'CPU 2 Temp', CurrentReading: null, UnitModifier: 0 } },
  ],
};

test.each([
  ['health: ok', 'expected health ok, found agent syslog: it ended'],
  ['health: syslog', 'agent syslog: it ended'],
  ['health: network', 'expected health network, found agent syslog: it ended'],
  [
    'vmkd: { method: status, answer: { problems: ["/syslog/"] } }',
    '{"problems":["agent syslog: it ended"]}',
  ],
  [
    'vmkd: { method: status, answer: { problems: [] } }',
    'expected vmkd status, found {"problems":["agent syslog: it ended"]}',
  ],
  ['state: { hostname: lab }', 'expected state hostname, found {"hostname":"localhost"}'],
  ['sensor: { name: "CPU 1", min: 10, max: 90 }', 'CPU 1 Temp: 45.1'],
  [
    'sensor: { name: CPU, max: 90 }',
    'expected sensor /CPU/ from any to 90, found CPU 1 Temp: 45.1, CPU 2 Temp: no value',
  ],
  [
    'sensor: { name: Fan }',
    'expected sensor /Fan/ from any to any, found none among CPU 1 Temp, CPU 2 Temp',
  ],
  [
    'storage: { datastores: { datastore1: accessible, datastore2: disk has gone } }',
    'datastore1 accessible, datastore2 its disk has gone',
  ],
  [
    'storage: { datastores: { datastore1: accessible, datastore2: accessible } }',
    'expected storage datastore1 accessible, datastore2 accessible, found datastore1 accessible, datastore2 its disk has gone',
  ],
  [
    'storage: { datastores: { datastore1: accessible } }',
    'expected storage datastore1 accessible, found datastore1 accessible, datastore2 its disk has gone',
  ],
  [
    'storage: { left-alone: [LVM], blank: 1 }',
    'vmhba2:C0:T0:L0 left alone: it has a physical volume of LVM; 1 blank',
  ],
  [
    'storage: { left-alone: [], blank: 0 }',
    'expected storage 0 left alone, 0 blank, found vmhba2:C0:T0:L0 left alone: it has a physical volume of LVM; 1 blank',
  ],
  [
    'storage: { left-alone: [LVM, USB] }',
    'expected storage 2 left alone, found vmhba2:C0:T0:L0 left alone: it has a physical volume of LVM',
  ],
  [
    'network: { uplinks: { vmnic0: up, vmnic1: down }, addresses: { vmk0: "^10" }, pending: false }',
    'vmnic0 up, vmnic1 down; vmk0 10.0.2.15/24, fe80::1/64; no change waits',
  ],
  [
    'network: { uplinks: { vmnic0: up } }',
    'expected network vmnic0 up, found vmnic0 up, vmnic1 down',
  ],
  ['network: { addresses: { vmk1: "." } }', 'expected network vmk1 ., found no vmk1'],
  ['network: { pending: true }', 'expected network a change waits, found no change waits'],
  [
    'worlds: { cim: running, ntp: { state: pausing, restarts: 3 } }',
    'cim running, ntp pausing after 3 restarts',
  ],
  ['worlds: { ntp: running }', 'expected worlds ntp running, found ntp pausing (it ended)'],
  [
    'worlds: { ntp: { state: pausing, restarts: 0 } }',
    'expected worlds ntp pausing after 0 restarts, found ntp pausing after 3 restarts (it ended)',
  ],
  ['worlds: { hostd: running }', 'expected worlds hostd running, found no hostd among cim, ntp'],
  ['coredump: { armed: true, dump: "^complete: sysrq" }', 'armed; complete: sysrq triggered crash'],
  ['coredump: { armed: false }', 'expected coredump not armed, found armed'],
  [
    'coredump: { dump: none }',
    'expected coredump dump none, found complete: sysrq triggered crash',
  ],
  ['version: "2.0"', 'expected version 2.0, found 1.0.0-1'],
  [
    'not-console: booting',
    'expected no console line /booting/, found "twinbank: booting bank 5 build=1.0.0-1"',
  ],
  [
    'console: [ready, booting]',
    'expected console /ready/, /booting/, found no line like /booting/ after "twinbank: ready build=1.0.0-1 bank=5 boot=1.0s"',
  ],
])('%s', async (expectation, found) => {
  const vmkd = {
    ...{ status, 'config.get': { hostname: 'localhost' }, 'cim.instances': sensors },
    ...{ 'storage.list': disks, 'network.get': network, 'worlds.list': agents },
    'coredump.status': {
      ...{ armed: true, why: null },
      dump: { state: 'complete', reason: 'sysrq triggered crash' },
    },
  };
  expect(await look(expectation, vmkd)).toBe(found);
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('takes a port for open when somebody answers behind it', async () => {
  const speaks = await listening(createServer((socket) => void socket.write('220 hello')));
  expect(await look('port: 902', {}, speaks)).toBe('1 of 1');
  // As QEMU forwards a port that nobody listens at: taken, then closed.
  const shuts = await listening(createServer((socket) => void socket.end()));
  expect(await look('no-port: 902', {}, shuts)).toBe('1 of 1');
  expect(await look('port: 902', {}, shuts)).toBe('expected port 902 open, found port 902 closed');
});

test('looks at an HTTP answer by status and body', async () => {
  const port = await listening(
    createWebServer((request, answer) => {
      answer.statusCode = request.url === '/' ? 200 : 404;
      answer.end('twinbank host');
    }),
  );
  expect(await look('http: { path: /, port: 80, body: "^twinbank" }', {}, port)).toBe('200');
  expect(await look('http: { path: /no, port: 80 }', {}, port)).toBe(
    'expected http :80/no 200, found 404, "twinbank host"',
  );
});

test.each([
  [{ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] } }, true],
  [{ a: [1, 2] }, { a: [1] }, false],
  [{ a: 'ready now' }, { a: '/ready/' }, true],
  [{ a: 'ready now' }, { a: 'ready' }, false],
  [null, { a: 1 }, false],
  [{ a: null }, { a: null }, true],
])('says whether %j has the parts %j: %s', (value, wanted, has) => {
  expect(hasParts(value, wanted)).toBe(has);
});

const long = 'x'.repeat(500);
test.each([
  [{ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3 } }, '{"b":{"d":3}}'],
  [{ a: long, z: 1 }, { a: '/x/' }, `{"a":"${long}"}`],
  [{ a: [{ b: 1, c: 2 }] }, { a: [{ b: 5 }] }, '{"a":[{"b":1}]}'],
  [{ a: [1, 2] }, { a: [1] }, '{"a":[1,2]}'],
  [{ a: 1 }, { b: { c: 1 } }, '{"b":nothing}'],
  [null, { a: 1 }, 'null'],
])('shows of %j the parts that %j names, whole', (value, wanted, text) => {
  expect(partsText(value, wanted)).toBe(text);
});
