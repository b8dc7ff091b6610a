import { describe, expect, it } from 'vitest';
import { mergeRecords } from '../../../../src/harness/report/merge-records.ts';
import type { RunRecord } from '../../../../src/harness/report/record.ts';
import type { RunEvent } from '../../../../src/harness/report/run-event.ts';
import { collectRun } from '../../../../src/harness/report/run-record.ts';
import { failureOf, isGreen } from '../../../../src/harness/report/verdict.ts';
import { exampleRun } from '../../../support/report/example-run.ts';
import { eventStream } from '../../../support/report/stream.ts';

function recordOf(events: readonly RunEvent[], artefacts = 'kept'): RunRecord {
  const run = collectRun({ artefacts });
  for (const event of events) run.add(event);
  return run.record();
}

describe('the record of a run', () => {
  const record = recordOf(exampleRun());
  const scenario = (name: string) => record.scenarios.find((one) => one.scenario === name)!;

  it('counts each scenario once, by the verdict over its attempts', () => {
    expect(record.totals).toEqual({
      passed: 3,
      flaky: 1,
      failed: 1,
      'not-applicable': 1,
      skipped: 1,
    });
    expect(record.scenarios.map(({ run }) => run)).toContain(
      'first-boot [firmware=uefi disk=nvme]',
    );
    expect(isGreen(record)).toBe(false);
  });

  it('calls flaky what failed and then passed, with both attempts', () => {
    const { verdict, attempts, seconds } = scenario('update-from-web-server');
    expect(verdict).toBe('flaky');
    expect(attempts.map((attempt) => attempt.verdict)).toEqual(['failed', 'passed']);
    expect(seconds).toBeCloseTo(attempts[0]!.seconds + attempts[1]!.seconds, 6);
    expect(failureOf(attempts[0]!).message).toMatch(/found 71 %/);
  });

  it('gives steps their verdicts and times, and calls skipped those that never began', () => {
    const [attempt] = scenario('update-power-cut').attempts;
    expect(attempt!.steps.map(({ verdict }) => verdict)).toEqual([
      ...['passed', 'passed', 'passed', 'passed', 'passed'],
      ...['failed', 'skipped', 'skipped'],
    ]);
    expect(attempt!.steps[1]).toMatchObject({
      title: 'update to 1.1.0',
      seconds: expect.closeTo(4.2, 6),
    });
    const [typed] = scenario('console-password').attempts;
    expect(typed!.steps.map(({ verdict }) => verdict)).toEqual([
      ...['passed', 'not-applicable', 'skipped'],
    ]);
  });

  it('puts faults and power cuts at their time after power-on, beside the console', () => {
    const [attempt] = scenario('update-power-cut').attempts;
    const [first, second] = attempt!.boots;
    expect(first!.marks).toEqual([
      { kind: 'cut', seconds: expect.closeTo(16.19, 5), started: true, text: 'power cut' },
    ]);
    expect(second!.marks[0]).toMatchObject({ kind: 'fault', seconds: expect.closeTo(18.33, 5) });
    const at = attempt!.console.findIndex((entry) => entry.kind === 'cut');
    expect(attempt!.console[at - 1]).toMatchObject({
      kind: 'line',
      text: 'twinbank: stage=engine at=16.01s Node 22.23.3',
    });
    expect(attempt!.console[at + 1]).toEqual({ kind: 'on', boot: 2 });
  });

  it('knows the states of the banks at every boot from what the loader says', () => {
    const [attempt] = scenario('fallback-after-panic').attempts;
    const marks = attempt!.moments.map(({ label, boot, banks, next }) => [
      `${boot} ${label}`,
      ...banks.map(({ state, attempts, verdict }) => `${state} ${attempts} ${verdict}`),
      next,
    ]);
    expect(marks).toEqual([
      ['0 updated', 'VALID 0 -', 'UPGRADING 0 -', 6],
      ['1 bank 6 is booted', 'VALID 0 -', 'DIRTY 0 -', 6],
      ['1 after the panic', 'VALID 0 -', 'DIRTY 0 -', 5],
      ['2 bank 5 is booted', 'VALID 1 -', 'INVALID 0 T', 5],
      ['2 bank 5 is confirmed', 'VALID 0 -', 'INVALID 0 T', 5],
      ['2 ready', 'VALID 0 -', 'INVALID 0 T', 5],
    ]);
  });

  it('takes a cut that no step asked for as the end of the machine', () => {
    const stream = eventStream();
    const one = stream.scenario('x', { steps: ['power on'] });
    one.begin();
    one.power('on');
    one.lines([{ seconds: 1, text: 'twinbank: loader' }]);
    one.end();
    one.power('cut');
    one.done('passed');
    const [attempt] = recordOf(stream.end()).scenarios[0]!.attempts;
    expect(attempt!.boots[0]!.marks.map(({ kind }) => kind)).toEqual(['off']);
  });

  it('lets a boot that hangs last until its end was given up', () => {
    const [attempt] = scenario('update-power-cut').attempts;
    expect(attempt!.boots[1]).toMatchObject({
      outcome: 'timeout',
      seconds: expect.closeTo(88.03, 5),
    });
  });

  it('ends a boot at its reset, and begins the next one there', () => {
    const [attempt] = scenario('fallback-after-panic').attempts;
    expect(attempt!.boots.map(({ outcome, booted }) => [outcome, booted])).toEqual([
      ['panic', 6],
      ['healthy', 5],
    ]);
    expect(attempt!.boots[0]!.marks.map(({ kind }) => kind)).toEqual(['fault', 'reset']);
  });

  it('knows at which boot a disk was looked at and where files are', () => {
    const [attempt] = scenario('update-power-cut').attempts;
    expect(attempt!.disks.map(({ label, boot }) => [label, boot])).toEqual([
      ['flashed', 0],
      ['updated', 0],
      ['power cut', 1],
      ['failed', 2],
    ]);
    expect(attempt!.screenshots).toEqual([
      { label: 'when it failed', path: 'update-power-cut/failed.png', folder: 'kept', boot: 2 },
    ]);
  });
});

describe('a run that was cut short', () => {
  it('has failed, with the scenario that was open, and says what never began', () => {
    const stream = eventStream({ scenarios: 5 });
    const one = stream.scenario('first-boot', { steps: ['power on', 'wait for ready'] });
    one.begin(2);
    one.end();
    one.begin(3);
    one.power('on');
    const record = recordOf(stream.events);
    expect(record.totals.failed).toBe(1);
    expect(record.gaps).toEqual([
      'the events of the run end before it does; 4 of 5 scenarios never began',
    ]);
    const [attempt] = record.scenarios[0]!.attempts;
    expect(attempt).toMatchObject({ finished: false, verdict: 'failed', seconds: 5 });
    expect(failureOf(attempt!)).toEqual({
      code: 'report.unfinished',
      message: 'the events end before this step does',
    });
  });

  it('is no less of a gap when a signal ended it in order', () => {
    const stream = eventStream({ scenarios: 2 });
    stream.scenario('a').done('passed');
    const record = recordOf(stream.end(true));
    expect(record.gaps).toEqual(['the run was stopped; 1 of 2 scenarios never began']);
    expect(isGreen(record)).toBe(false);
  });
});

describe('the records of shards', () => {
  const shard = (index: number, started: string, mine: string, verdict: 'passed' | 'failed') => {
    const stream = eventStream({ started, scenarios: 2, shard: { index, count: 3 } });
    for (const name of ['a', 'b']) {
      stream.scenario(name).done(name === mine ? verdict : 'skipped');
    }
    return recordOf(stream.end());
  };
  const first = shard(1, '2026-11-22T10:00:00Z', 'a', 'failed');

  it('makes one record of several shards, in which a scenario counts where it was run', () => {
    const merged = mergeRecords([first, shard(2, '2026-11-22T10:00:01Z', 'b', 'passed')]);
    expect(merged.scenarios.map(({ run, verdict }) => [run, verdict])).toEqual([
      ['a', 'failed'],
      ['b', 'passed'],
    ]);
    expect(merged.scenarios.every(({ attempts }) => attempts.length === 1)).toBe(true);
    expect(merged.parts).toHaveLength(2);
  });

  it('tell which shards are missing', () => {
    const merged = mergeRecords([first, shard(2, '2026-11-22T10:00:01Z', 'b', 'passed')]);
    expect(merged.gaps).toEqual(['of 3 shards these are missing: 3']);
    expect(isGreen(merged)).toBe(false);
  });

  it('calls a scenario that was run again flaky, whatever the order of the files', () => {
    const again = shard(1, '2026-11-22T11:00:00Z', 'a', 'passed');
    for (const records of [
      [first, again],
      [again, first],
    ]) {
      const [a] = mergeRecords(records).scenarios;
      expect(a).toMatchObject({ run: 'a', verdict: 'flaky' });
      expect(a!.attempts.map(({ attempt, verdict }) => [attempt, verdict])).toEqual([
        [1, 'failed'],
        [2, 'passed'],
      ]);
    }
  });
});
