import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { junitReport } from '../../../src/harness/report/junit.ts';
import type { RunEvent } from '../../../src/harness/report/run-event.ts';
import { collectRun } from '../../../src/harness/report/run-record.ts';
import { exampleRun } from '../../support/report/example-run.ts';
import { hostileRun, hostileTexts } from '../../support/report/hostile-run.ts';
import { eventStream } from '../../support/report/stream.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

judgedBy(['xmllint', 'junitparser'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-junit-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function written(name: string, events: readonly RunEvent[]): string {
    const run = collectRun();
    for (const event of events) run.add(event);
    const path = join(folder, name);
    writeFileSync(path, junitReport(run.record(), { attachment: (file) => file.path }));
    return path;
  }
  const count = (path: string, xpath: string) =>
    Number(judge('xmllint', ['--xpath', `count(${xpath})`, path]));

  it('is XML with the cases, failures and skips that were meant', () => {
    const path = written('example.xml', exampleRun());
    expect(count(path, '/testsuites/testsuite/testcase')).toBe(7);
    expect(count(path, '//testcase/failure')).toBe(1);
    expect(count(path, '//testcase/flakyFailure/stackTrace')).toBe(1);
    expect(count(path, '//testcase/skipped')).toBe(2);
    expect(judge('xmllint', ['--xpath', 'string(//failure)', path])).toContain(
      'SQUASHFS error: Failed to read block 0x14b2c1: -5',
    );
  });

  it('is taken for what it says by a reader of CI reports', () => {
    const verdictOf = (name: string, events: readonly RunEvent[]) =>
      spawnSync('junitparser', ['verify', written(name, events)]).status;
    const passed = eventStream();
    passed.scenario('a').done('passed');
    expect(verdictOf('passed.xml', passed.end())).toBe(0);
    expect(verdictOf('failed.xml', exampleRun())).toBe(1);
    // A run that was cut short is no success, though nothing of it failed.
    const cut = eventStream({ scenarios: 2 });
    cut.scenario('a').done('passed');
    expect(verdictOf('cut.xml', cut.events)).toBe(1);
  });

  it('keeps its numbers when another program puts it together with others', () => {
    const merged = join(folder, 'merged.xml');
    const parts = ['one.xml', 'two.xml'].map((name) => written(name, exampleRun()));
    judge('junitparser', ['merge', ...parts, merged]);
    expect(readFileSync(merged, 'utf8')).toMatch(/<testsuites[^>]* tests="14"/);
    expect(readFileSync(merged, 'utf8')).toMatch(/<testsuites[^>]* failures="2"/);
    expect(readFileSync(merged, 'utf8')).toMatch(/<testsuites[^>]* skipped="4"/);
  });

  it('stays XML whatever a console says', () => {
    const path = written('hostile.xml', hostileRun());
    expect(count(path, '//testcase')).toBe(hostileTexts.length);
    expect(count(path, '//*')).toBe(
      count(path, '//*[not(self::script or self::img or self::svg)]'),
    );
    expect(judge('xmllint', ['--xpath', 'string((//failure)[1])', path])).toContain(
      hostileTexts[0],
    );
  });
});
