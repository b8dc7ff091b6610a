import { constants } from 'node:buffer';
import { dirname, resolve } from 'node:path';
import { verdictLooks } from '../../harness/report/describe.ts';
import { githubAnnotations } from '../../harness/report/github-annotations.ts';
import { mergeRecords } from '../../harness/report/merge-records.ts';
import { readRunEvents } from '../../harness/report/ndjson.ts';
import type { RunRecord } from '../../harness/report/record.ts';
import { verdicts } from '../../harness/report/run-event.ts';
import { collectRun } from '../../harness/report/run-record.ts';
import { failureOf, isGreen } from '../../harness/report/verdict.ts';
import { type Context, defineCommand } from '../command.ts';
import { usageError } from '../failure.ts';
import { reportNote } from '../output-file.ts';
import { isSamePlace, openReports, takesStdout, writeReports } from '../run-reports.ts';
import { readDescriptor, readSmallFile } from '../secrets/read-descriptor.ts';
import { standardInput } from '../standard-input.ts';
import { plain } from '../text/plain-text.ts';
import { table } from '../text/table.ts';

/** Of the events of one file; no text of this program can be longer. */
const maxEventsBytes = constants.MAX_STRING_LENGTH;

export const command = defineCommand({
  examples: [
    ['report run.ndjson --html run.html', 'The report of a run, again'],
    ['ssh ci cat run.ndjson | $0 report - --html run.html', 'From another machine'],
    ['report shard-*.ndjson --html all.html --junit all.xml', 'One report of all shards'],
    ['report run.ndjson --summary - --annotations github', 'What a page of GitHub Actions shows'],
  ],
  builder: (yargs) =>
    yargs
      .positional('events', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Files that test --events wrote, or - for standard input; several are merged',
      })
      .option('html', {
        type: 'string',
        requiresArg: true,
        describe: 'Write one page of HTML that needs nothing else; - for standard output',
      })
      .option('junit', {
        type: 'string',
        requiresArg: true,
        describe: 'Write JUnit XML for a CI system; - for standard output',
      })
      .option('summary', {
        type: 'string',
        requiresArg: true,
        describe: 'Write a page of Markdown for a CI system; - for standard output',
      })
      .option('annotations', {
        choices: ['github'] as const,
        requiresArg: true,
        describe: 'Print a line for each failure that GitHub shows at its place in the scenario',
      })
      .option('artefacts', {
        type: 'string',
        requiresArg: true,
        defaultDescription: 'the folder of the events',
        describe: 'Folder of the console logs and screenshots',
      }),
  dash: { events: 'input', html: 'output', junit: 'output', summary: 'output' },
  run: async (context, { events, html, junit, summary, annotations, artefacts }) => {
    for (const [option, path] of Object.entries({ html, junit, summary })) {
      const read = events.find((name) => isSamePlace(context, name, path));
      if (read) throw usageError(`--${option}: expected another file than ${read}, which is read`);
    }
    const files = openReports(context, { junit, html, summary });
    const records: RunRecord[] = [];
    for (const name of events) records.push(await readRecord(context, name, artefacts));
    const [only] = records;
    const record = only && records.length === 1 ? only : mergeRecords(records);
    for (const gap of record.gaps) context.report({ type: 'warning', text: gap });
    await writeReports(record, files, context.cwd);
    const lines = annotations === 'github' ? githubAnnotations(record) : [];
    const text = reportText(record);
    if (takesStdout(files)) {
      if (lines.length > 0) context.report({ type: 'result', text: lines.join('\n') });
      return reportNote(context, text);
    }
    return {
      json: {
        ...reportJson(record),
        ...{ html: html ?? null, junit: junit ?? null, summary: summary ?? null },
        ...(annotations && { annotations: lines }),
      },
      text: [...lines, text].join('\n'),
    };
  },
});

async function readRecord(
  context: Context,
  file: string,
  artefacts: string | undefined,
): Promise<RunRecord> {
  const { cwd, report } = context;
  const piped = file === '-';
  const name = piped ? standardInput : file;
  const path = resolve(cwd, name);
  const wanted = { name, limit: maxEventsBytes };
  const bytes = piped
    ? await readDescriptor(context, 0, wanted)
    : await readSmallFile(context, path, wanted);
  const lines = bytes.toString('utf8').split('\n');
  const { events, cut } = readRunEvents(lines, name);
  if (cut) report({ type: 'warning', text: `${name}:${lines.length}: the last line is not whole` });
  const run = collectRun({ artefacts: resolve(cwd, artefacts ?? dirname(path)) });
  for (const event of events) run.add(event);
  return run.record();
}

function reportJson(record: RunRecord): Record<string, unknown> {
  const { totals, gaps, scenarios, parts } = record;
  return {
    green: isGreen(record),
    totals,
    gaps,
    runs: parts,
    scenarios: scenarios.map(({ run, scenario, engine, variant, verdict, seconds, attempts }) => ({
      run,
      scenario,
      engine,
      variant,
      verdict,
      seconds,
      attempts: attempts.length,
    })),
  };
}

/** Every scenario that needs a look, and the totals. */
function reportText({ scenarios, totals }: RunRecord): string {
  const rows = scenarios
    .filter(({ verdict }) => verdict === 'failed' || verdict === 'flaky')
    .map(({ run, verdict, attempts }) => {
      const failed = attempts.find((attempt) => attempt.verdict === 'failed');
      const why = failed ? failureOf(failed).message : '';
      return [verdictLooks[verdict].word, plain(run), plain(why)];
    });
  const sums = verdicts
    .filter((verdict) => totals[verdict] > 0)
    .map((verdict) => `${totals[verdict]} ${verdictLooks[verdict].word}`);
  return [...(rows.length > 0 ? [table(rows)] : []), sums.join(', ') || 'no scenarios'].join('\n');
}
