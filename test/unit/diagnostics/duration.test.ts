import { expect, test } from 'vitest';
import { parseDuration } from '../../../src/diagnostics/duration.ts';
import { parseScenarioFault } from '../../../src/harness/faults/parse-fault.ts';
import { problemsOf } from '../harness/scenario/scenario-folder.ts';

test.each([
  ['1440m', 86_400_000],
  ['86400s', 86_400_000],
  ['0ms', 0],
  ['1441m', undefined],
  ['86401s', undefined],
  ['9999999m', undefined],
  ['90', undefined],
])('takes a time of a day at most: %s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['1441m', '86401s', '9999999m'])('refuses %s in a scenario, by its place', (time) => {
  const text = `description: A test\nsteps:\n  - build\n  - flash\n  - boot: { timeout: ${time} }`;
  expect(problemsOf(text)).toEqual([
    `test.yaml:5:22 steps[2].boot.timeout: expected a time of at most 1440m, a day, found "${time}"`,
  ]);
  expect(problemsOf(text.replace(time, '1440m'))).toEqual([]);
});

test('refuses a fault that would last longer than a day', () => {
  expect(parseScenarioFault('disk-latency=1440m')).toMatchObject({ milliseconds: 86_400_000 });
  expect(parseScenarioFault('disk-latency=1441m')).toMatchObject({
    expected: expect.stringContaining('a time such as 200ms'),
  });
});
