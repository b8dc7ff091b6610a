import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Agent } from '../../../../../src/runtime/agents/agent.ts';
import { ntp } from '../../../../../src/runtime/agents/ntp/agent.ts';
import { idleStatus } from '../../../../../src/runtime/agents/ntp/status.ts';
import { syslog } from '../../../../../src/runtime/agents/syslog/agent.ts';
import { agentHealth } from '../../../../../src/runtime/vmkernel/health/agent-health.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lamp: Agent = {
  ...{ name: 'lamp', description: 'Lamp', program: { path: '/lamp', args: () => [] } },
  health: {
    check: 'time',
    method: 'look',
    problem: (answer) => (answer === 'dark' ? 'lamp: it is dark' : undefined),
  },
};

it('asks again and again, and says when a problem lasts', async () => {
  let answer = 'dark';
  const rows = [lamp, { ...lamp, name: 'mute', health: undefined } as never];
  const health = agentHealth({ rows, times: { interval: 1000, lasting: 5000 } });
  const first = { check: 'time', why: 'lamp has not said yet how it is', lasts: false };
  expect(health.problems()).toEqual([first]);
  const methods = {
    'lamp.look': () => {
      if (answer === 'gone') throw new Error('the agent lamp does not run');
      return answer;
    },
  };
  health.begin(methods);
  await vi.advanceTimersByTimeAsync(4000);
  const dark = { check: 'time', why: 'lamp: it is dark' };
  expect(health.problems()).toEqual([{ ...dark, lasts: false }]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(health.problems()).toEqual([{ ...dark, lasts: true }]);
  answer = 'gone';
  await vi.advanceTimersByTimeAsync(1000);
  expect(health.problems()).toEqual([{ ...dark, lasts: true }]);
  answer = 'bright';
  await vi.advanceTimersByTimeAsync(1000);
  expect(health.problems()).toEqual([]);
  answer = 'dark';
  await vi.advanceTimersByTimeAsync(1000);
  expect(health.problems()).toEqual([{ ...dark, lasts: false }]);
});

it('P7: knows a clock that follows none of its servers, and that one without a server has none to follow', () => {
  const { problem } = ntp.health ?? {};
  expect(problem?.(idleStatus)).toBeUndefined();
  const asked = { ...idleStatus, servers: ['a', 'b'], from: 'settings' };
  expect(problem?.(asked)).toBe('time: none of the servers a, b is followed');
  expect(problem?.({ ...asked, problem: 'chronyd: no' })).toBe('time: chronyd: no');
  expect(problem?.({ ...asked, synchronised: true })).toBeUndefined();
});

it('P5: names the log targets that get nothing', () => {
  const { problem } = syslog.health ?? {};
  const counts = { sent: 0, dropped: 0, queued: 0 };
  const target = (state: string, lastError: string | null) => ({
    ...{ target: `tcp://${state}:514`, state, lastError, ...counts },
  });
  const answer = (...targets: object[]) => ({ files: [], targets });
  expect(problem?.(answer(target('open', 'refused')))).toBeUndefined();
  expect(
    problem?.(
      answer(target('open', null), target('waiting', 'refused'), target('connecting', null)),
    ),
  ).toBe('log: not sent to tcp://waiting:514 (refused), tcp://connecting:514 (no answer yet)');
});
