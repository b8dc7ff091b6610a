import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { verdictLooks } from '../harness/report/describe.ts';
import { ndjsonLine } from '../harness/report/ndjson.ts';
import type { RunRecord } from '../harness/report/record.ts';
import type { RunEvent } from '../harness/report/run-event.ts';
import { collectRun } from '../harness/report/run-record.ts';
import type { Context } from './command.ts';
import { plain } from './plain-text.ts';
import { scenarioLine } from './test-text.ts';

/** Whoever wants to know what happens in a run: the record, people, the file of events. */
export interface Listeners {
  hear(event: RunEvent): void;
  record(): RunRecord;
  /** Throws what went wrong with the file. */
  close(): Promise<void>;
}

export interface ListenerOptions {
  /** Path of the file of events. */
  readonly events: string | undefined;
  readonly watch: boolean | undefined;
}

export async function listenTo(
  context: Context,
  { events, watch = false }: ListenerOptions,
  artefacts: string,
): Promise<Listeners> {
  const collected = collectRun({ artefacts });
  const file = events === undefined ? undefined : await eventFile(resolve(context.cwd, events));
  const tell = teller(context, collected.record);
  const show = watch ? watcher(context) : () => {};
  return {
    hear(event) {
      collected.add(event);
      file?.write(event);
      show(event);
      tell(event);
    },
    record: collected.record,
    close: async () => file?.close(),
  };
}

async function eventFile(path: string) {
  await mkdir(dirname(path), { recursive: true });
  const file = createWriteStream(path);
  let broken: Error | undefined;
  file.on('error', (error) => {
    broken ??= error;
  });
  return {
    write: (event: RunEvent) => void file.write(ndjsonLine(event)),
    async close(): Promise<void> {
      await new Promise<void>((done) => {
        if (file.closed) return done();
        file.once('close', done);
        file.end();
      });
      if (broken) throw broken;
    },
  };
}

/** One line for each scenario that is over: as a part of the result, or as progress beside a document. */
function teller({ json, stdout, colors, report }: Context, record: () => RunRecord) {
  return (event: RunEvent): void => {
    if (event.type !== 'scenario-end') return;
    const scenario = record().scenarios.find(({ run }) => run === event.run);
    if (!scenario) return;
    const line = scenarioLine(scenario, colors);
    if (json) report({ type: 'note', text: line });
    else stdout.write(`${line}\n`);
  };
}

/** Steps as they begin and end, and the machine's own words about itself. */
function watcher({ report, colors }: Context) {
  const steps = new Map<string, readonly string[]>();
  const note = (text: string): void => report({ type: 'note', text });
  return (event: RunEvent): void => {
    if (event.type === 'scenario-begin') {
      steps.set(event.run, event.steps);
      note(colors.bold(`${event.run}: ${event.description}`));
    } else if (event.type === 'step-begin') {
      note(colors.bold(`▸ ${plain(steps.get(event.run)?.[event.step] ?? '')}`));
    } else if (event.type === 'step-end' && event.verdict !== 'skipped') {
      const { sign } = verdictLooks[event.verdict];
      const found = event.failure?.message.split('\n')[0] ?? event.found ?? '';
      note(`${sign} ${plain(found)}`.trimEnd());
    } else if (event.type === 'console' && /^twinbank: |Kernel panic/.test(event.text)) {
      note(colors.dim(`${event.seconds.toFixed(1).padStart(6)} ${plain(event.text)}`));
    } else if (event.type === 'power') note(colors.yellow(`power ${event.what}`));
    else if (event.type === 'fault') note(colors.yellow(`fault: ${plain(event.text)}`));
  };
}
