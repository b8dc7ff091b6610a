import { expect, test } from 'vitest';
import { syslog } from '../../../../../src/runtime/agents/syslog/agent.ts';

const args = (targets?: string[]) => syslog.program.args(targets ? { syslog: { targets } } : {});

test('keeps its own log, and sends to the targets beside that', () => {
  expect(args()).toEqual(['-n', '-C512']);
  expect(args([])).toEqual(['-n', '-C512']);
  expect(args(['a:514', '10.0.0.1'])).toEqual([
    ...['-n', '-C512', '-R', 'a:514', '-R', '10.0.0.1', '-L'],
  ]);
});
