import { expect, test } from 'vitest';
import {
  mergeLogs,
  newestBytes,
  parseArguments,
} from '../../../../../src/runtime/agents/syslog/command-line.ts';
import { logNames } from '../../../../../src/runtime/agents/syslog/log-files.ts';
import { collectorLimits } from '../../../../../src/runtime/vmkernel/support/collectors.ts';

test('P5: shows all logs, or those that are named', () => {
  expect(parseArguments([])).toEqual({ follow: false, newest: false, names: logNames });
  expect(parseArguments(['auth', '-f', '--newest', 'vmkd'])).toEqual({
    ...{ follow: true, newest: true, names: ['auth', 'vmkd'] },
  });
  expect(parseArguments(['messages'])).toMatch(/^expected a log of vmkernel, .*, found messages$/);
  expect(parseArguments(['-x'])).toBe('unknown option -x');
});

test('P5: has room for the newest of all in one file of a support bundle', () => {
  expect(newestBytes * logNames.length).toBeLessThan(collectorLimits.bytes);
});

test('P5: shows several logs in the order of time, each in its own', () => {
  const at = (second: number) => `2026-11-30T23:58:${String(second).padStart(2, '0')}.123Z`;
  const one = `${at(1)} a\n${at(3)} c\n${at(2)} later in the file\n`;
  const two = `${at(2)} b\n${at(4)} d\n`;
  expect(mergeLogs([one, '', two]).replace(/^\S+ /gm, '')).toBe('a\nb\nc\nlater in the file\nd\n');
  expect(mergeLogs(['', ''])).toBe('');
});
