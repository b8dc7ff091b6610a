import { expect, test } from 'vitest';
import { syslog } from '../../../../../src/runtime/agents/syslog/agent.ts';
import { logFiles, logLimits } from '../../../../../src/runtime/agents/syslog/log-files.ts';
import { parseSetup } from '../../../../../src/runtime/agents/syslog/setup.ts';
import type { Settings } from '../../../../../src/state/setting-rows.ts';

const setupOf = (settings: Partial<Settings>) =>
  parseSetup(syslog.program.args(settings).at(-1) ?? '');

test('P5: is started with its setting, and with none where nobody has set it', () => {
  expect(setupOf({})).toEqual({ targets: [], thumbprints: [] });
  const set = { targets: ['tls://a:6514'], thumbprints: ['ab'.repeat(32)], ca: 'PEM' };
  expect(setupOf({ syslog: set })).toEqual(set);
  expect(() => parseSetup('{')).toThrow('the settings of syslog: expected JSON, found "{"');
});

test('P5: keeps files that fit its folder when all are full', () => {
  const { fileBytes, older, folderBytes } = logLimits;
  expect(fileBytes * (older + 1) * logFiles.length).toBeLessThan(folderBytes);
  // They count as memory of its world, beside its process.
  expect(folderBytes).toBeLessThan((syslog.memoryMax ?? 0) / 4);
});
