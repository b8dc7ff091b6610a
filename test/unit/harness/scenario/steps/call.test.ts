import { expect, test } from 'vitest';
import { TwinbankError } from '../../../../../src/diagnostics/error.ts';
import { notAble } from '../../../../../src/harness/machine/test-machine.ts';
import { fakeMachines } from '../../run/fake-machine.ts';
import { runOnFakes } from '../../run/run-on-fakes.ts';
import { runsOf } from '../scenario-folder.ts';

/** What one `call` comes to on a machine that is up, whose vmkd answers so. */
async function call(spec: string, vmkd: () => Promise<unknown>) {
  const machines = fakeMachines();
  const calls: unknown[] = [];
  const { failures, record } = await runOnFakes(
    runsOf(`description: A test\nsteps: [build, flash, boot, { call: ${spec} }]`),
    {
      makeMachine: async () => ({
        ...(await machines.make()),
        boots: 1,
        vmkd: {
          call: (...args: unknown[]) => {
            calls.push(args.slice(0, 2));
            return vmkd();
          },
        },
      }),
    },
  );
  const [attempt] = record.scenarios[0]?.attempts ?? [];
  const step = attempt?.steps.at(-1);
  return { text: failures[0]?.message ?? step?.found, verdict: step?.verdict, calls };
}

const worlds = async () => ({
  worlds: [
    { name: 'syslog', restarts: 0 },
    { name: 'cim', restarts: 2 },
  ],
});
const refuses = async () => {
  throw new TwinbankError('boot', 'harness.refused', 'vmkd: name: expected a world, found "x"');
};

test.each([
  ['worlds.list', worlds, 'passed', /"name":"cim","restarts":2/],
  [
    '{ method: worlds.list, answer: { worlds: { some: { name: cim, restarts: 2 } } } }',
    worlds,
    'passed',
    /^\{"worlds":\[\{"name":"cim","restarts":2\}\]\}$/,
  ],
  [
    '{ method: worlds.list, answer: { worlds: { some: { name: cim, restarts: 0 } } } }',
    worlds,
    'failed',
    /expected worlds.list to answer with .*, found \{"worlds":\[\{"name":"syslog","restarts":0\},\{"name":"cim","restarts":2\}\]\}/,
  ],
  ['{ method: worlds.restart, error: expected a world }', refuses, 'passed', /found "x"/],
  [
    '{ method: worlds.restart, error: not now }',
    refuses,
    'failed',
    /to be refused with "not now", found vmkd: name/,
  ],
  [
    '{ method: worlds.restart, error: not now }',
    worlds,
    'failed',
    /to be refused with "not now", found an answer/,
  ],
  ['worlds.restart', refuses, 'failed', /vmkd: name: expected a world/],
] as const)('call: %s', async (spec, vmkd, verdict, text) => {
  const found = await call(spec, vmkd);
  expect(found).toMatchObject({ verdict, text: expect.stringMatching(text) });
  // An act is done once, whatever comes of it.
  expect(found.calls).toHaveLength(1);
});

test('hands on the parameters', async () => {
  const { calls } = await call('{ method: worlds.restart, params: { name: cim } }', worlds);
  expect(calls).toEqual([['worlds.restart', { name: 'cim' }]]);
});

test.each(['storage.list', '{ method: storage.list, error: no disk }'])(
  'is not applicable where only a running system can answer: %s',
  async (spec) => {
    const { verdict } = await call(spec, async () => {
      throw notAble('sim', 'storage.list', 'only a running system can answer it');
    });
    expect(verdict).toBe('not-applicable');
  },
);

test('needs a machine that is on', () => {
  expect(() => runsOf('description: A test\nsteps: [build, flash, { call: status }]')).toThrow(
    'a machine that is on',
  );
});
