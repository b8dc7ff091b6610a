import { expect, it } from 'vitest';
import { markdownSummary } from '../../../../src/harness/report/markdown-summary.ts';
import type { RunEvent } from '../../../../src/harness/report/run-event.ts';
import { collectRun } from '../../../../src/harness/report/run-record.ts';
import { exampleRun } from '../../../support/report/example-run.ts';
import { hostileRun } from '../../../support/report/hostile-run.ts';
import { eventStream } from '../../../support/report/stream.ts';

function summaryOf(events: readonly RunEvent[]): string {
  const run = collectRun();
  for (const event of events) run.add(event);
  return markdownSummary(run.record());
}

it('begins with the totals, then says what failed, where, why, and with which last lines', () => {
  const text = summaryOf(exampleRun());
  expect(text).toMatch(/^## ✕ twinbank: 3 passed, 1 flaky, 1 failed, /);
  expect(text).toMatch(
    /\n✕ \*\*update-power-cut .*\*\* failed \(scenarios\/update-power-cut\.yaml&#58;31&#58;7\): expected the ready line/,
  );
  expect(text).toMatch(
    /<pre>\n(.*\n)*.*SQUASHFS error: Failed to read block(.*\n)*<\/pre>\n<\/details>\n/,
  );
});

it('has a row for each scenario, what failed first', () => {
  const rows = summaryOf(exampleRun()).match(/^\| [^|]+ \| .* s \|$/gm) ?? [];
  expect(rows).toHaveLength(7);
  expect(rows[0]).toMatch(
    /^\| ✕ failed \| update-power-cut &#91;firmware=uefi .* \| qemu \| [\d.]+ s \|$/,
  );
  expect(rows[1]).toMatch(/^\| ≈ flaky \|/);
});

it('is green only where nothing failed and nothing is missing', () => {
  const stream = eventStream({ scenarios: 1 });
  stream.scenario('a').done('passed');
  const events = stream.end();
  expect(summaryOf(events)).toMatch(/^## ✓ twinbank: 1 passed\n/);
  expect(summaryOf(events.slice(0, -1))).toMatch(
    /^## ✕ twinbank: 1 passed\n\n\*\*Incomplete&?.*the events of the run end before it does/,
  );
});

it('lets no text of a scenario be Markdown, HTML or the end of a cell', () => {
  const text = summaryOf(hostileRun());
  const own = /<\/?(?:details|summary|pre)>/g;
  expect(text.replaceAll(own, '')).not.toMatch(/[<>]/);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const stream = eventStream({ scenarios: 1 });
  stream.scenario('a | b\n| c [x](http://e) @team `d` **e**').done('passed');
  const row = summaryOf(stream.end())
    .split('\n')
    .find((line) => line.startsWith('| ✓'));
  expect(row?.match(/\|/g)).toHaveLength(5);
  expect(row).not.toMatch(/[`*[\]()@]/);
});

it('stays far below the 1 MiB that GitHub takes', () => {
  const stream = eventStream({ scenarios: 3000 });
  for (let at = 0; at < 3000; at++) {
    const one = stream.scenario(`scenario-${at}`, { steps: ['try'] });
    one.begin();
    const lines = Array.from({ length: 30 }, () => 'x'.repeat(200));
    one.end('failed', undefined, { code: 'x', message: 'y'.repeat(200), lines });
    one.done('failed');
  }
  const text = summaryOf(stream.end());
  expect(text.length).toBeLessThan(2 ** 19);
  expect(text).toContain('2950 more in the report.');
  expect(text).toContain('2500 more in the report.');
});

it('tells no more failures in full than GitHub takes, whatever they say, and counts the others', () => {
  const count = 600;
  const stream = eventStream({ scenarios: count });
  for (let at = 0; at < count; at++) {
    // Each of these characters is five in Markdown, and each line is cut at 500 of them.
    const one = stream.scenario(`${at} ${'@'.repeat(600)}`, { steps: ['try'] });
    one.begin();
    const lines = Array.from({ length: 30 }, () => '&'.repeat(600));
    one.end('failed', undefined, { code: 'x', message: 'no', lines });
    one.done('failed');
  }
  const text = summaryOf(stream.end());
  expect(Buffer.byteLength(text)).toBeLessThan(2 ** 20);
  const told = text.match(/<details>/g)?.length ?? 0;
  expect(told).toBeGreaterThan(5);
  expect(told).toBeLessThan(50);
  const rows = text.match(/^\| ✕ failed \|/gm)?.length ?? 0;
  expect(rows).toBeGreaterThan(50);
  expect(text.match(/^(\d+) more in the report\.$/gm)).toEqual([
    `${count - told} more in the report.`,
    `${count - rows} more in the report.`,
  ]);
});
