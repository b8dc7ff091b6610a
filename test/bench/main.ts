import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../../src/cli/text/table.ts';
import type { BenchRow } from './bench-row.ts';
import { idleShare, waitForIdle } from './machine-load.ts';
import { type BenchResult, failed, measure, median } from './measure.ts';
import { benchRows } from './registry.ts';
import { beUpdateDaemon, daemonFlag } from './update-daemon.ts';

/**
 * `node dist/bench.js [PART OF A NAME]...`: measures the rows (all, or those that are named), prints them as
 * a table and writes out/bench.json. Ends with 1 when a row misses its target, after all have run; with 2 where a
 * word names no row.
 */
async function main(wanted: readonly string[]): Promise<number> {
  const program = join(dirname(fileURLToPath(import.meta.url)), 'twinbank.js');
  const root = repositoryOf(program);
  if (wanted.includes('--deltas')) return printDeltas(program, root);
  const [flag, image, bundle] = wanted;
  if (flag === daemonFlag && image && bundle) return beUpdateDaemon(image, bundle);
  const stranger = wanted.find((part) => !benchRows.some(({ name }) => name.includes(part)));
  if (stranger !== undefined) {
    process.stderr.write(
      `bench: expected a part of the name of a row, found '${stranger}'. The rows:\n`,
    );
    process.stderr.write(benchRows.map(({ name }) => `  ${name}\n`).join(''));
    return 2;
  }
  const rows = benchRows.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  const results: BenchResult[] = [];
  let patienceMs = longestWaitMs;
  for (const row of rows) {
    const busy = await waitForIdle(patienceMs);
    // Once is enough: a machine that did not come to rest in that time is not expected to do so for each row.
    if (busy > idleShare) patienceMs = 0;
    process.stderr.write(
      `${row.name}: ${row.runs} runs${busy > idleShare ? `, ${busyNote(busy)}` : ''}\n`,
    );
    try {
      const run = (folder: string) => measure(row, { folder, root, program, report: () => {} });
      results.push(await inFolder(root, run));
    } catch (error) {
      // The others are measured all the same; this one counts as missed.
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`${row.name}: ${message}\n`);
      results.push(failed(row, message));
    }
  }
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.versions.node,
  };
  const file = join(root, 'out/bench.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ schemaVersion: 1, machine, results }, null, 2)}\n`);
  process.stdout.write(`${report(rows, results)}\n${file}\n`);
  const disturbed = results.filter(({ shareOfOthers }) => (shareOfOthers ?? 0) > idleShare);
  for (const { name, shareOfOthers } of disturbed)
    process.stderr.write(`bench: warning: ${name}: ${busyNote(shareOfOthers ?? 0)}\n`);
  return rows.some((row, index) => misses(row, results[index])) ? 1 : 0;
}

/** How long the first row waits for a machine that does something else. */
const longestWaitMs = 60_000;

function busyNote(share: number): string {
  const percent = Math.round(share * 100);
  return `others use ${percent} % of the machine's processors: its times say little, its processor time and its ratio more`;
}

async function printDeltas(program: string, root: string): Promise<number> {
  const { deltaReport } = await import('./deltas/report.ts');
  const make = (folder: string) => deltaReport({ folder, root, program, report: () => {} });
  process.stdout.write(await inFolder(root, make));
  return 0;
}

/** On the disk that the repository is on. */
async function inFolder<T>(root: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(join(root, 'out'), { recursive: true });
  const folder = await mkdtemp(join(root, 'out/bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The program lies in dist/, or in a folder of a test's own below the repository. */
function repositoryOf(program: string): string {
  const named = process.env.TWINBANK_BENCH_ROOT;
  return named ?? dirname(dirname(program));
}

function misses({ target }: BenchRow, result: BenchResult | undefined): boolean {
  if (!result || result.error !== undefined) return true;
  if ('ratio' in target) return (result.medianRatio ?? Number.POSITIVE_INFINITY) > target.ratio;
  return median(result.oursMs) / 1000 > target.seconds;
}

function report(rows: readonly BenchRow[], results: readonly BenchResult[]): string {
  const milliseconds = (values: readonly number[]): string =>
    values.length === 0 ? '' : `${median(values).toFixed(0)} ms`;
  const kibibytes = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
  const lines = rows.map((row, index) => {
    const result = results[index];
    const { target } = row;
    return [
      row.name,
      result?.sizes ? kibibytes(result.sizes.oursBytes) : milliseconds(result?.oursMs ?? []),
      result?.sizes ? kibibytes(result.sizes.theirsBytes) : milliseconds(result?.theirsMs ?? []),
      result?.medianRatio?.toFixed(result.sizes ? 4 : 2) ?? '',
      milliseconds(result?.oursProcessorMs ?? []),
      milliseconds(result?.theirsProcessorMs ?? []),
      typeof result?.shareOfOthers === 'number'
        ? `${Math.round(result.shareOfOthers * 100)} %`
        : '',
      'ratio' in target ? `at most ${target.ratio.toFixed(2)}` : `at most ${target.seconds} s`,
      result?.error ? 'failed' : misses(row, result) ? 'missed' : 'reached',
    ];
  });
  const head = [
    'row',
    'ours',
    'theirs',
    'ratio',
    'ours, CPU',
    'theirs, CPU',
    'others',
    'target',
    '',
  ];
  const meanings = rows.map(({ name, meaning }) => `${name}: ${meaning}`);
  return [table([head, ...lines]), '', ...meanings, ''].join('\n');
}

// Where it is set, Node reads every certificate of the file at each start: 30 ms that are none of ours.
delete process.env.NODE_EXTRA_CA_CERTS;
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
