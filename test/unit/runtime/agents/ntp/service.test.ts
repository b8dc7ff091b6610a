import { expect, test } from 'vitest';
import { ntp } from '../../../../../src/runtime/agents/ntp/agent.ts';
import { chronyConf } from '../../../../../src/runtime/agents/ntp/chrony-conf.ts';
import { ntpStatus } from '../../../../../src/runtime/agents/ntp/service.ts';
import { parseSetup } from '../../../../../src/runtime/agents/ntp/setup.ts';

const tracking = {
  ...{ source: '10.0.0.1', stratum: 4, synchronised: true },
  ...{ offset: 0.001, drift: 3, rootDelay: 0.01, rootDispersion: 0.02 },
};
const servers = ['10.0.0.1'];

test('P7: is started with its setting, and with no server where nobody has set it', () => {
  const setupOf = (settings: Parameters<typeof ntp.program.args>[0]) =>
    parseSetup(ntp.program.args(settings).at(-1) ?? '');
  expect(setupOf({})).toEqual({ servers: [] });
  expect(setupOf({ ntp: { servers } })).toEqual({ servers });
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
  expect(await ntpStatus({ servers, tracking: async () => tracking })).toEqual({
    ...{ ...tracking, servers, problem: null },
  });
  const alone = { ...tracking, synchronised: false };
  expect(await ntpStatus({ servers, tracking: async () => alone })).toMatchObject({
    ...{ synchronised: false, offset: null, problem: null },
  });
  const asks = async () => {
    throw new Error('asked');
  };
  expect(await ntpStatus({ servers, tracking: asks })).toMatchObject({ problem: 'asked' });
  expect(await ntpStatus({ servers: [], tracking: asks })).toMatchObject({ problem: null });
});
