import { verdictLooks } from './describe.ts';
import type { RunRecord, ScenarioRecord } from './record.ts';
import { verdicts } from './run-event.ts';
import { firstFailure, isGreen } from './verdict.ts';

/** Lines of the console in a failure. */
const tail = 20;
/** Failures that are told in full, and their bytes: GitHub takes 1 MiB of summary, and drops a longer one whole. */
const mostFailures = 50;
const mostBytes = 700 * 2 ** 10;
/** Characters of a line: more of it is in the report. */
const longest = 500;
/** Rows of the table, and their bytes: what failed comes first. */
const mostRows = 500;
const mostRowBytes = 200 * 2 ** 10;

/** What a page of a CI system shows of a run: totals, what failed and why, a row for each scenario. Markdown as GitHub has it. */
export function markdownSummary(record: RunRecord): string {
  const { scenarios, totals, gaps } = record;
  const sums = verdicts
    .filter((verdict) => totals[verdict] > 0)
    .map((verdict) => `${totals[verdict]} ${verdictLooks[verdict].word}`);
  const sign = verdictLooks[isGreen(record) ? 'passed' : 'failed'].sign;
  const failed = scenarios.filter(({ verdict }) => verdict === 'failed' || verdict === 'flaky');
  const blocks = within(failed.slice(0, mostFailures).map(failureBlock), mostBytes);
  const sorted = [...scenarios].sort((a, b) => Number(isGood(a)) - Number(isGood(b)));
  const rows = within(sorted.slice(0, mostRows).map(row), mostRowBytes);
  return [
    `## ${sign} twinbank: ${sums.join(', ') || 'no scenarios'}`,
    ...gaps.map((gap) => `**Incomplete:** ${inline(gap)}`),
    ...blocks,
    ...(failed.length > blocks.length
      ? [`${failed.length - blocks.length} more in the report.`]
      : []),
    ...(rows.length > 0
      ? [['| | scenario | engine | time |', '|---|---|---|---:|', ...rows].join('\n')]
      : []),
    ...(scenarios.length > rows.length
      ? [`${scenarios.length - rows.length} more in the report.`]
      : []),
  ]
    .join('\n\n')
    .concat('\n');
}

/** As many texts from the first one on as have room. */
function within(texts: readonly string[], bytes: number): string[] {
  let left = bytes;
  const end = texts.findIndex((text) => {
    left -= Buffer.byteLength(text);
    return left < 0;
  });
  return end < 0 ? [...texts] : texts.slice(0, end);
}

function isGood({ verdict }: ScenarioRecord): boolean {
  return verdict !== 'failed' && verdict !== 'flaky';
}

function row({ run, verdict, engine, seconds }: ScenarioRecord): string {
  const { sign, word } = verdictLooks[verdict];
  return `| ${sign} ${word} | ${inline(run)} | ${engine} | ${seconds.toFixed(1)} s |`;
}

function failureBlock(scenario: ScenarioRecord): string {
  const { run, verdict } = scenario;
  const { message, place, lines = [] } = firstFailure(scenario);
  const where = place ? ` (${inline(`${place.file}:${place.line}:${place.column}`)})` : '';
  const { sign, word } = verdictLooks[verdict];
  const head = `${sign} **${inline(run)}** ${word}${where}: ${inline(message)}`;
  if (lines.length === 0) return head;
  const console = lines.slice(-tail).map(verbatim).join('\n');
  return `${head}\n\n<details><summary>The console's last lines</summary>\n<pre>\n${console}\n</pre>\n</details>`;
}

/** One line of plain text: nothing of it is Markdown, HTML, the end of a cell, or a mention of somebody. */
function inline(text: string): string {
  return verbatim(text.replaceAll(/\s+/g, ' ')).replaceAll(
    /[\\`*_{}[\]()#+!|~@:]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

/** Text inside `<pre>`, which can end nothing. */
function verbatim(text: string): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}...` : text;
  return shown
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '?')
    .replaceAll(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
