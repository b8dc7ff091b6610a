import { variantText } from './describe.ts';
import type { AttemptRecord, KeptFile, RunRecord, ScenarioRecord, StepRecord } from './record.ts';
import type { Failure } from './run-event.ts';
import { failureOf } from './verdict.ts';
import { type XmlNode, xmlElement } from './xml.ts';

export interface JunitOptions {
  /** The path under which a kept file is named to the CI system, or undefined for not at all. */
  attachment(file: KeptFile): string | undefined;
}

/** Lines of the console in a failure. */
const tail = 20;

/**
 * JUnit XML by the schema of Jenkins' xUnit plugin (junit-10.xsd), the least that CI systems agree on. A suite is one
 * variant of the machine, with its parts as properties; a case is a scenario on it. Failures before an attempt that passed are
 * `flakyFailure`, those of repeated attempts `rerunFailure`, as Maven Surefire has them. What the events do not tell is an error.
 */
export function junitReport(record: RunRecord, options: JunitOptions): string {
  const nodes = [...bySuite(record.scenarios)].map(([name, scenarios]) =>
    suite(name, scenarios, record, options),
  );
  const errors = record.gaps.length;
  if (errors > 0) nodes.push(gapSuite(record.gaps));
  const attributes = {
    name: 'twinbank',
    tests: record.scenarios.length + errors,
    failures: record.totals.failed,
    errors,
    time: secondsOf(record.scenarios),
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement(['testsuites', attributes, ...nodes])}\n`;
}

function bySuite(scenarios: readonly ScenarioRecord[]): Map<string, ScenarioRecord[]> {
  const suites = new Map<string, ScenarioRecord[]>();
  for (const scenario of scenarios) {
    const name = [scenario.engine, variantText(scenario.variant)].join(' ').trim();
    suites.set(name, [...(suites.get(name) ?? []), scenario]);
  }
  return suites;
}

function suite(
  name: string,
  scenarios: readonly ScenarioRecord[],
  { parts }: RunRecord,
  options: JunitOptions,
): XmlNode {
  const of = (...verdicts: string[]) =>
    scenarios.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const [first] = scenarios;
  const properties = { engine: first?.engine, ...first?.variant, version: parts[0]?.version };
  return [
    'testsuite',
    {
      name,
      tests: scenarios.length,
      failures: of('failed'),
      errors: 0,
      skipped: of('skipped', 'not-applicable'),
      time: secondsOf(scenarios),
      // Without the zone, which the schema's users do not all understand: UTC.
      timestamp: parts[0]?.started.replace(/(?:\.\d+)?Z$/, '') || undefined,
    },
    [
      'properties',
      {},
      ...Object.entries(properties)
        .filter(([, value]) => value)
        .map(([key, value]): XmlNode => ['property', { name: key, value }]),
    ],
    ...scenarios.map((scenario) => testCase(scenario, options)),
  ];
}

function testCase(scenario: ScenarioRecord, options: JunitOptions): XmlNode {
  const { run, verdict, attempts, seconds } = scenario;
  const out = attempts.map((attempt) => transcript(attempt, attempts.length, options)).join('\n');
  return [
    'testcase',
    // Jenkins takes what is before the last dot for the package.
    {
      name: run,
      classname: `twinbank.${scenario.scenario.replaceAll('.', '_')}`,
      time: seconds.toFixed(3),
    },
    ...(verdict === 'skipped' || verdict === 'not-applicable' ? [skip(scenario)] : []),
    ...attempts
      .filter((attempt) => attempt.verdict === 'failed')
      .map((attempt, index) => failure(failureOf(attempt), verdict === 'flaky', index)),
    ['system-out', {}, out],
  ];
}

function failure(what: Failure, flaky: boolean, index: number): XmlNode {
  const text = failureText(what);
  const attributes = { message: what.message, type: what.code };
  if (flaky) return ['flakyFailure', attributes, ['stackTrace', {}, text]];
  if (index === 0) return ['failure', attributes, text];
  return ['rerunFailure', attributes, ['stackTrace', {}, text]];
}

function failureText({ message, place, lines = [] }: Failure): string {
  const where = place ? [`${place.file}:${place.line}:${place.column}`] : [];
  const console = lines.length > 0 ? ["the console's last lines:", ...lines.slice(-tail)] : [];
  return [message, ...where, ...console].join('\n');
}

/** Never silent: what was not run says why. */
function skip({ verdict, attempts }: ScenarioRecord): XmlNode {
  const steps = attempts.at(-1)?.steps ?? [];
  const reason = steps.find((step) => step.verdict === verdict && why(step));
  const fallback = verdict === 'skipped' ? 'not run' : 'not applicable here';
  const text = (reason && why(reason)) || fallback;
  return ['skipped', { message: verdict === 'skipped' ? text : `not applicable: ${text}` }];
}

const why = ({ failure, found }: StepRecord): string => failure?.message ?? found ?? '';

/** The steps of an attempt, and its kept files in the form that Jenkins' and GitLab's readers know. */
function transcript(
  { attempt, verdict, steps, screenshots, artefacts }: AttemptRecord,
  of: number,
  options: JunitOptions,
): string {
  const head = of > 1 ? [`attempt ${attempt} of ${of}: ${verdict}`] : [];
  const lines = steps.map((step) => {
    const text = step.verdict === 'failed' ? '' : why(step);
    const time = step.seconds > 0 ? `${step.seconds.toFixed(1)} s` : '';
    return [`${step.verdict}: ${step.title}`, text, time].filter(Boolean).join(', ');
  });
  const files = [...screenshots, ...artefacts]
    .map((file) => options.attachment(file))
    .flatMap((path) => (path === undefined ? [] : [`[[ATTACHMENT|${path}]]`]));
  return [...head, ...lines, ...files, ''].join('\n');
}

function gapSuite(gaps: readonly string[]): XmlNode {
  return [
    'testsuite',
    { name: 'twinbank run', tests: gaps.length, failures: 0, errors: gaps.length, skipped: 0 },
    ...gaps.map(
      (gap): XmlNode => [
        'testcase',
        { name: gap, classname: 'twinbank.run' },
        ['error', { message: gap, type: 'report.incomplete' }, gap],
      ],
    ),
  ];
}

function secondsOf(scenarios: readonly ScenarioRecord[]): string {
  return scenarios.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3);
}
