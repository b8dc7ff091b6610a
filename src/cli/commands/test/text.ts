import { verdictLooks } from '../../../harness/report/describe.ts';
import type {
  AttemptRecord,
  RunRecord,
  ScenarioRecord,
  StepRecord,
} from '../../../harness/report/record.ts';
import type { Verdict } from '../../../harness/report/run-event.ts';
import { verdicts } from '../../../harness/report/run-event.ts';
import type { PlannedRun } from '../../../harness/scenario/read-scenario.ts';
import type { PlannedStep } from '../../../harness/scenario/step.ts';
import type { Colors } from '../../command.ts';
import { plain } from '../../text/plain-text.ts';
import { table } from '../../text/table.ts';

function paint(verdict: Verdict, colors: Colors): (text: string) => string {
  if (verdict === 'failed') return colors.red;
  if (verdict === 'flaky') return colors.yellow;
  return verdict === 'passed' ? colors.green : colors.dim;
}

/** One line for a scenario that is over. */
export function scenarioLine(record: ScenarioRecord, colors: Colors): string {
  const { verdict, run, seconds } = record;
  const last = record.attempts.at(-1);
  const shared = last?.boots.some((boot) => boot.shared) ? ', boot shared' : '';
  const why = last?.steps.find((step) => step.verdict === 'not-applicable')?.found;
  const word = verdict === 'passed' ? '' : `  ${verdictLooks[verdict].word}`;
  const more = verdict === 'not-applicable' && why ? `: ${plain(why)}` : '';
  return `${paint(verdict, colors)(`${verdictLooks[verdict].sign} ${plain(run)}`)}  ${seconds.toFixed(1)} s${shared}${word}${more}`;
}

/** What failed, step by step, with the console's last lines; then the sums. */
export function runText(record: RunRecord, colors: Colors, artefacts: string | undefined): string {
  const failed = record.scenarios.filter(
    ({ verdict }) => verdict === 'failed' || verdict === 'flaky',
  );
  const blocks = failed.map((scenario) => failureTree(scenario, colors));
  return [
    ...blocks,
    totalsLine(record, colors),
    ...(artefacts ? [`artefacts: ${artefacts}`] : []),
  ].join('\n');
}

function failureTree(scenario: ScenarioRecord, colors: Colors): string {
  const lines = [`\n${scenarioLine(scenario, colors)}`];
  for (const attempt of scenario.attempts) {
    if (attempt.verdict !== 'failed') continue;
    if (scenario.attempts.length > 1) lines.push(`  attempt ${attempt.attempt}`);
    lines.push(...attemptLines(attempt, colors));
  }
  return lines.join('\n');
}

function attemptLines({ steps, artefacts, screenshots }: AttemptRecord, colors: Colors): string[] {
  const files = [...artefacts, ...screenshots].map(({ path }) => path);
  return [
    ...steps.flatMap((step) => stepLines(step, colors)),
    ...(files.length > 0 ? [`    kept: ${files.join(', ')}`] : []),
  ];
}

function stepLines(
  { title, verdict, seconds, found, failure }: StepRecord,
  colors: Colors,
): string[] {
  const time = verdict === 'skipped' ? '' : `  ${seconds.toFixed(1)} s`;
  const what = found === undefined ? '' : colors.dim(`  ${plain(found)}`);
  const head = `  ${paint(verdict, colors)(`${verdictLooks[verdict].sign} ${plain(title)}`)}${time}${what}`;
  if (!failure) return [head];
  const { place, message, lines = [] } = failure;
  return [
    head,
    ...message.split('\n').map((line) => `      ${plain(line)}`),
    ...(place ? [`      ${place.file}:${place.line}:${place.column}`] : []),
    ...lines.map((line) => colors.dim(`      | ${plain(line)}`)),
  ];
}

function totalsLine({ totals, parts }: RunRecord, colors: Colors): string {
  const counts = verdicts
    .filter((verdict) => totals[verdict] > 0)
    .map((verdict) => paint(verdict, colors)(`${totals[verdict]} ${verdictLooks[verdict].word}`));
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  return `${counts.join(', ') || 'nothing to run'} in ${seconds.toFixed(1)} s`;
}

/** What `--list` shows. */
export function listText(runs: readonly PlannedRun[]): string {
  return table(runs.map(({ run, description }) => [run, description]));
}

/** What `--dry-run` shows: every run with its steps, and what the machine lacks for one. */
export function planText(
  runs: readonly PlannedRun[],
  missing: (step: PlannedStep) => string | undefined,
): string {
  const stepText = (step: PlannedStep, index: number): string => {
    const lacking = missing(step);
    return `  ${index + 1}. ${step.title}${lacking === undefined ? '' : ` (not applicable: ${lacking})`}`;
  };
  return runs
    .map(({ run, file, steps }) => [`${run}  (${file})`, ...steps.map(stepText)].join('\n'))
    .join('\n\n');
}
