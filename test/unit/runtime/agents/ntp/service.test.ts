import { expect, test } from 'vitest';
import type { AgentSettings } from '../../../../../src/runtime/agents/agent.ts';
import { ntp } from '../../../../../src/runtime/agents/ntp/agent.ts';
import { chronyConf } from '../../../../../src/runtime/agents/ntp/chrony-conf.ts';
import { ntpStatus } from '../../../../../src/runtime/agents/ntp/service.ts';
import { parseSetup } from '../../../../../src/runtime/agents/ntp/setup.ts';
import { statusForm } from '../../../../../src/runtime/agents/ntp/status.ts';

const tracking = {
  ...{ source: '10.0.0.1', stratum: 4, synchronised: true },
  ...{ offset: 0.001, drift: 3, rootDelay: 0.01, rootDispersion: 0.02 },
};
const servers = ['10.0.0.1'];
const setup = { servers, from: 'settings' } as const;

test('P7: follows the servers of its setting, else those of DHCP, and rests where there are none', () => {
  const setupOf = (settings: AgentSettings) => [
    ntp.idle?.when(settings),
    parseSetup(ntp.program.args(settings).at(-1) ?? ''),
  ];
  const learnt = { timeServers: ['10.0.0.2', '10.0.0.3'] };
  expect(setupOf({ ntp: { servers }, learnt })).toEqual([false, setup]);
  const byDhcp = { servers: learnt.timeServers, from: 'dhcp' };
  expect(setupOf({ learnt })).toEqual([false, byDhcp]);
  expect(setupOf({ ntp: { servers: [] }, learnt })).toEqual([false, byDhcp]);
  for (const none of [{}, { ntp: { servers: [] } }, { learnt: { timeServers: [] } }]) {
    expect(setupOf(none)[0]).toBe(true);
  }
});

test('P7: answers while it rests what it would answer without a server', () => {
  const { status } = ntp.idle?.answers ?? {};
  expect(statusForm(status, 'ntp.status')).toEqual({
    ...{ servers: [], from: null, synchronised: false, source: null, stratum: null, offset: null },
    ...{ drift: null, rootDelay: null, rootDispersion: null, problem: null },
  });
  expect(Object.keys(ntp.idle?.answers ?? {})).toEqual(Object.keys(ntp.forwards ?? {}));
});

test('P7: has a line for each server, steps the clock only at first, and keeps it over a reboot', () => {
  const lines = chronyConf({ servers: ['a', '::1'], driftFile: '/x/drift' }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      ...['server a iburst', 'server ::1 iburst', 'driftfile /x/drift', 'makestep 1 3', 'rtcsync'],
      'port 0',
    ]),
  );
});

test('P7: says how the clock is doing, and nothing of a clock that follows nobody', async () => {
  expect(await ntpStatus({ ...setup, tracking: async () => tracking })).toEqual({
    ...{ ...tracking, ...setup, problem: null },
  });
  const alone = { ...tracking, synchronised: false };
  expect(await ntpStatus({ ...setup, tracking: async () => alone })).toMatchObject({
    ...{ ...setup, synchronised: false, offset: null, problem: null },
  });
  const asks = async () => {
    throw new Error('asked');
  };
  expect(await ntpStatus({ ...setup, tracking: asks })).toMatchObject({
    ...{ ...setup, synchronised: false, problem: 'asked' },
  });
});
