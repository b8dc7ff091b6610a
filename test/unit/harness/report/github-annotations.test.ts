import { expect, it } from 'vitest';
import { githubAnnotations } from '../../../../src/harness/report/github-annotations.ts';
import type { RunEvent } from '../../../../src/harness/report/run-event.ts';
import { collectRun } from '../../../../src/harness/report/run-record.ts';
import { exampleRun } from '../../../support/report/example-run.ts';
import { eventStream } from '../../../support/report/stream.ts';

function annotationsOf(events: readonly RunEvent[]): string[] {
  const run = collectRun();
  for (const event of events) run.add(event);
  return githubAnnotations(run.record());
}

it('gives an error at the place of a failure, and a warning for a flaky scenario', () => {
  const lines = annotationsOf(exampleRun());
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^::error file=scenarios\/update-power-cut\.yaml,line=31,col=7,title=update-power-cut \[firmware=uefi .*\]::expected the ready line/,
  );
  expect(lines[1]).toMatch(/^::warning file=.*,title=update-from-web-server/);
});

it('gives an error for what the events do not tell', () => {
  const stream = eventStream({ scenarios: 1 });
  stream.scenario('a').done('passed');
  expect(annotationsOf(stream.end().slice(0, -1))).toEqual([
    '::error title=twinbank::the events of the run end before it does',
  ]);
});

it('lets no text begin a command of its own', () => {
  const stream = eventStream({ scenarios: 1 });
  const one = stream.scenario('a:b,c\n::error::x', { steps: ['try'] });
  one.begin();
  one.end('failed', undefined, { code: 'x', message: '100%\r\n::set-env name=A::b' });
  one.done('failed');
  const [line = ''] = annotationsOf(stream.end());
  expect(line).toMatch(/,title=a%3Ab%2Cc%0A%3A%3Aerror%3A%3Ax::100%25%0D%0A::set-env name=A::b$/);
  expect(line).not.toMatch(/[\r\n]/);
});
