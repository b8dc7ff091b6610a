import { describe, expect, it } from 'vitest';
import { junitReport } from '../../../../src/harness/report/junit.ts';
import { collectRun } from '../../../../src/harness/report/run-record.ts';
import { exampleRun } from '../../../support/report/example-run.ts';
import { eventStream } from '../../../support/report/stream.ts';

function junitOf(events: ReturnType<typeof exampleRun>): string {
  const run = collectRun();
  for (const event of events) run.add(event);
  return junitReport(run.record(), { attachment: ({ path }) => `out/${path}` });
}
const report = junitOf(exampleRun());
const caseOf = (name: string): string =>
  new RegExp(`<testcase name="${name}[^"]*"[\\s\\S]*?</testcase>`).exec(report)?.[0] ?? '';

describe('JUnit XML', () => {
  it('has a suite for each variant, with its parts as properties', () => {
    expect(report).toContain('<testsuite name="qemu firmware=uefi disk=nvme oem=acme" tests="1"');
    expect(report).toContain('<property name="oem" value="acme"/>');
  });

  it('gives a failure its sentence, its place and the last lines', () => {
    const failed = caseOf('update-power-cut');
    expect(failed).toMatch(
      /<failure message="expected the ready line [^"]*" type="scenario.boot">/,
    );
    expect(failed).toContain('scenarios/update-power-cut.yaml:31:7');
    expect(failed).toContain('SQUASHFS error: Failed to read block');
    expect(failed).toContain('[[ATTACHMENT|out/update-power-cut/failed.png]]');
    expect(failed).not.toContain('<skipped');
  });

  it('calls a flaky scenario passed, with what failed at first', () => {
    const flaky = caseOf('update-from-web-server');
    expect(flaky).toMatch(/<flakyFailure message="[^"]*" type="scenario.timeout">\s*<stackTrace>/);
    expect(flaky).not.toContain('<failure');
  });

  it('never calls passed what was not run', () => {
    expect(caseOf('console-password')).toContain(
      '<skipped message="not applicable: the simulator has no keyboard"/>',
    );
    expect(caseOf('replace-host')).toContain('<skipped message="not run"/>');
  });

  it('has the failures of repeated attempts after the first', () => {
    const stream = eventStream();
    for (const attempt of [1, 2]) {
      const one = stream.scenario('x', { attempt, steps: ['try'] });
      one.begin();
      one.end('failed', undefined, { code: 'a.b', message: `attempt ${attempt}` });
      one.done('failed');
    }
    const again = junitOf(stream.end());
    expect(again).toMatch(/<failure message="attempt 1"[\s\S]*<rerunFailure message="attempt 2"/);
    expect(again).toContain('failures="1"');
  });

  it('makes an error of events that end too early', () => {
    const stream = eventStream({ scenarios: 2 });
    stream.scenario('a').done('passed');
    const cut = junitOf(stream.events);
    expect(cut).toMatch(/<testsuites name="twinbank" tests="2" failures="0" errors="1"/);
    expect(cut).toMatch(/<error message="the events of the run end before it does; 1 of 2 /);
  });

  it('has no character that XML does not have, and shows those that hide', () => {
    const stream = eventStream();
    const one = stream.scenario('x', {
      steps: ['<&"\u0000\u001b[31m\u202e\ud800\ufffe]]>\r\n\tend'],
    });
    one.begin();
    one.end();
    one.done('passed');
    const odd = junitOf(stream.end());
    expect(odd).toContain('&lt;&amp;&quot;\\u0000\\u001b[31m\\u202e\\ud800\\ufffe]]&gt;\n\tend');
  });
});
