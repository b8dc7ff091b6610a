import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import { runText } from '../../../../../src/cli/commands/test/text.ts';
import { collectRun } from '../../../../../src/harness/report/run-record.ts';
import { exampleRun } from '../../../../support/report/example-run.ts';

test('names every kept file of what failed, screenshots too', () => {
  const run = collectRun();
  for (const event of exampleRun()) run.add(event);
  const [, kept = ''] =
    /^ {4}kept: (.*)$/m.exec(runText(run.record(), createColors(false), 'out')) ?? [];
  expect(kept.split(', ')).toEqual([
    'update-power-cut/console.log',
    'update-power-cut/boot-journal.txt',
    'update-power-cut/disk.qcow2',
    'update-power-cut/failed.png',
  ]);
});
