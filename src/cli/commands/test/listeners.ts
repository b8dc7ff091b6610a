import { PassThrough } from 'node:stream';
import { verdictLooks } from '../../../harness/report/describe.ts';
import { ndjsonLine } from '../../../harness/report/ndjson.ts';
import type { RunRecord } from '../../../harness/report/record.ts';
import type { RunEvent } from '../../../harness/report/run-event.ts';
import { collectRun } from '../../../harness/report/run-record.ts';
import { linePrefix } from '../../../protocol/console-event.ts';
import { parseConsoleLine } from '../../../protocol/parse-console-line.ts';
import type { Context } from '../../command.ts';
import type { OutputFile } from '../../output-file.ts';
import { plain } from '../../text/plain-text.ts';
import { scenarioLine } from './text.ts';

/** Whoever wants to know what happens in a run: the record, people, the file of events. */
interface Listeners {
  hear(event: RunEvent): void;
  record(): RunRecord;
  /** Throws what went wrong with the file. */
  close(): Promise<void>;
}

interface ListenerOptions {
  /** Takes the events. */
  readonly events: OutputFile | undefined;
  readonly watch: boolean | undefined;
  /** Standard output is for people. */
  readonly stdoutIsFree: boolean;
}

export function listenTo(
  context: Context,
  { events, watch = false, stdoutIsFree }: ListenerOptions,
  artefacts: string,
): Listeners {
  const collected = collectRun({ artefacts });
  const file = events && eventFile(events);
  const printScenario = scenarioPrinter(context, stdoutIsFree, collected.record);
  const printStep = stepPrinter(context, watch);
  return {
    hear(event) {
      collected.add(event);
      file?.write(event);
      printStep(event);
      printScenario(event);
    },
    record: collected.record,
    close: async () => file?.close(),
  };
}

function eventFile(output: OutputFile) {
  const lines = new PassThrough();
  // Of an output that fails, the writing of it tells.
  lines.on('error', () => {});
  let broken: unknown;
  const written = output
    .write(async (write) => {
      for await (const line of lines) await write(line);
    })
    .catch((error: unknown) => {
      broken = error;
    });
  return {
    write: (event: RunEvent) => void lines.write(ndjsonLine(event)),
    async close(): Promise<void> {
      lines.end();
      await written;
      if (broken) throw broken;
    },
  };
}

/** One line for each scenario that is over: as a part of the result, or as progress beside a document. */
function scenarioPrinter(
  { stdout, colors, report }: Context,
  stdoutIsFree: boolean,
  record: () => RunRecord,
) {
  return (event: RunEvent): void => {
    if (event.type !== 'scenario-end') return;
    const scenario = record().scenarios.find(({ run }) => run === event.run);
    if (!scenario) return;
    const line = scenarioLine(scenario, colors);
    if (stdoutIsFree) stdout.write(`${line}\n`);
    else report({ type: 'note', text: line });
  };
}

/** A line of the machine's own about itself; the kernel repeats some in its log. */
function isTelling(text: string): boolean {
  return text.startsWith(linePrefix) || parseConsoleLine(text)?.type === 'panic';
}

function stepPrinter(context: Context, watch: boolean): (event: RunEvent) => void {
  if (watch) return watchPrinter(context);
  return context.live ? () => {} : endedStepPrinter(context);
}

/** One line for each step that is over, for the log of a CI job: `upgrade: ✓ 3/7 boot  21.4 s  bank 5, 0.1.0-1`. */
function endedStepPrinter({ report }: Context) {
  const steps = new Map<string, readonly string[]>();
  const begun = new Map<string, number>();
  return (event: RunEvent): void => {
    if (event.type === 'scenario-begin') steps.set(event.run, event.steps);
    if (event.type === 'step-begin') begun.set(event.run, event.at);
    if (event.type !== 'step-end') return;
    const titles = steps.get(event.run) ?? [];
    const seconds = event.at - (begun.get(event.run) ?? event.at);
    const parts = [
      `${plain(event.run)}: ${verdictLooks[event.verdict].sign} ${event.step + 1}/${titles.length} ${plain(titles[event.step] ?? '')}`,
      `${seconds.toFixed(1)} s`,
      plain(event.failure?.message.split('\n')[0] ?? event.found ?? ''),
    ];
    report({ type: 'note', text: parts.join('  ').trimEnd() });
  };
}

/** Steps as they begin and end, and the machine's own words about itself; each with its run, where there are several. */
function watchPrinter({ report, colors }: Context) {
  const steps = new Map<string, readonly string[]>();
  let several = false;
  const textOf = (event: RunEvent): string | undefined => {
    switch (event.type) {
      case 'scenario-begin':
        steps.set(event.run, event.steps);
        return colors.bold(event.description);
      case 'step-begin':
        return colors.bold(`▸ ${plain(steps.get(event.run)?.[event.step] ?? '')}`);
      case 'step-end': {
        const { sign } = verdictLooks[event.verdict];
        const found = event.failure?.message.split('\n')[0] ?? event.found ?? '';
        return `${sign} ${plain(found)}`.trimEnd();
      }
      case 'console':
        if (!isTelling(event.text)) return undefined;
        return colors.dim(`${event.seconds.toFixed(1).padStart(6)} ${plain(event.text)}`);
      case 'power':
        return colors.yellow(`power ${event.what}`);
      case 'fault':
        return colors.yellow(`fault: ${plain(event.text)}`);
      default:
        return undefined;
    }
  };
  return (event: RunEvent): void => {
    if (event.type === 'run-begin') several = event.scenarios > 1;
    const text = textOf(event);
    if (text === undefined) return;
    const run = several && 'run' in event ? `${plain(event.run)}: ` : '';
    report({ type: 'note', text: `${run}${text}` });
  };
}
