import type {
  DiskSummary,
  Failure,
  RunEvent,
  Variant,
  Verdict,
} from '../../../src/harness/report/run-event.ts';
import { type Line, stagesOf } from './console-lines.ts';

type ScenarioBegin = RunEvent & { type: 'scenario-begin' };

/** Writes the events of a run with a clock that the test moves. */
export function eventStream(begin: Partial<RunEvent & { type: 'run-begin' }> = {}) {
  const events: RunEvent[] = [
    {
      type: 'run-begin',
      schemaVersion: 1,
      version: '0.1.0',
      started: '2026-11-22T14:03:09.120Z',
      engine: 'qemu',
      scenarios: 1,
      ...begin,
    },
  ];
  let at = 0;
  const totals: Record<Verdict, number> = {
    ...{ passed: 0, flaky: 0, failed: 0, 'not-applicable': 0, skipped: 0 },
  };

  const scenario = (
    name: string,
    given: Partial<Pick<ScenarioBegin, 'engine' | 'attempt' | 'steps' | 'description'>> & {
      variant?: Variant;
    } = {},
  ) => {
    const { variant = {}, attempt = 1, engine = 'qemu', steps = [] } = given;
    const words = Object.entries(variant).map(([key, value]) => `${key}=${value}`);
    const run = words.length > 0 ? `${name} [${words.join(' ')}]` : name;
    const description = given.description ?? `What ${name} is about.`;
    const file = `scenarios/${name}.yaml`;
    let boot = 0;
    let step = -1;
    events.push({
      ...{ type: 'scenario-begin', at, run, scenario: name, description, file, engine, variant },
      ...{ attempt, steps },
    });
    return {
      begin(seconds = 0.2) {
        step += 1;
        events.push({ type: 'step-begin', at, run, step });
        at += seconds;
      },
      end(verdict: Verdict = 'passed', found?: string, failure?: Failure) {
        const more = { ...(found !== undefined && { found }), ...(failure && { failure }) };
        events.push({ type: 'step-end', at, run, step, verdict, ...more });
      },
      power(what: 'on' | 'off' | 'reset' | 'cut') {
        if (what === 'on' || what === 'reset') boot += 1;
        events.push({ type: 'power', at, run, what, boot });
      },
      lines(lines: readonly Line[]) {
        const from = at;
        for (const { seconds, text } of lines) {
          at = from + seconds;
          events.push({ type: 'console', at, run, boot, seconds, text });
        }
      },
      booted(
        lines: readonly Line[],
        outcome = 'healthy',
        bank: number | null = 5,
        build = '0.1.0-1',
      ) {
        const stages = stagesOf(lines);
        events.push({ type: 'boot', at, run, boot, booted: bank, outcome, build, stages });
      },
      fault: (text: string) => events.push({ type: 'fault', at, run, boot, text }),
      disk: (label: string, disk: DiskSummary) =>
        events.push({ type: 'disk', at, run, label, disk }),
      kept: (type: 'screenshot' | 'artefact', label: string, path: string) =>
        events.push({ type, at, run, label, path }),
      wait(seconds: number) {
        at += seconds;
      },
      done(verdict: Verdict) {
        totals[verdict] += 1;
        events.push({ type: 'scenario-end', at, run, attempt, verdict });
      },
    };
  };
  const end = (stopped = false): RunEvent[] => {
    events.push({ type: 'run-end', at, totals, stopped });
    return events;
  };
  return { events, scenario, end };
}
