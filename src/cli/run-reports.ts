import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ifThere, outputPlace } from '../disk/output-place.ts';
import { htmlReport } from '../harness/report/html/page.ts';
import { pageCode } from '../harness/report/html/page-code.ts';
import { junitReport } from '../harness/report/junit.ts';
import { markdownSummary } from '../harness/report/markdown-summary.ts';
import type { KeptFile, RunRecord } from '../harness/report/record.ts';
import { packageRoot } from '../host/package-root.ts';
import type { Context } from './command.ts';
import { usageError } from './failure.ts';
import { type OutputFile, openOutput } from './output-file.ts';

/** The files that a command about runs writes, by their options. */
type FileOptions = Readonly<
  Partial<Record<'junit' | 'html' | 'summary' | 'events', string | undefined>>
>;
type OutputFiles = Readonly<Partial<Record<keyof FileOptions, OutputFile>>>;

/** So long a report that is written after a signal waits for whoever reads it. */
const graceMs = 5000;

/**
 * Where they go, asked before the work is done; their folders are made. After a signal they are written still: what was
 * found until then counts. Throws as `openOutput` does, and `cli.usage` where two of them want standard output.
 */
export function openReports(context: Context, options: FileOptions): OutputFiles {
  const names = ['junit', 'html', 'summary', 'events'] as const;
  const outputs = names.flatMap((name) => {
    const path = options[name];
    const option = `--${name}`;
    if (path === undefined) return [];
    const how = { option, makeFolder: true, live: name === 'events', graceMs };
    return [{ name, option, output: openOutput(context, path, how) }];
  });
  for (const [at, { option, name }] of outputs.entries()) {
    const other = outputs
      .slice(0, at)
      .find((one) => isSamePlace(context, options[one.name], options[name]));
    if (other)
      throw usageError(
        `${option}: expected another file than ${other.option} has, found ${options[name]}`,
      );
  }
  const [first, second] = outputs.filter(({ output }) => output.isStdout);
  if (first && second) {
    const message = `${second.option}: expected a file, found standard output, which ${first.option} has`;
    throw usageError(message);
  }
  return Object.fromEntries(outputs.map(({ name, output }) => [name, output]));
}

/** Whether two paths are one file, whatever they are called; `-` is none. */
export function isSamePlace({ cwd }: Pick<Context, 'cwd'>, a = '-', b = '-'): boolean {
  if (a === '-' || b === '-') return false;
  const [one, two] = [resolve(cwd, a), resolve(cwd, b)];
  if (one === two || leadsTo(one) === leadsTo(two)) return true;
  const [left, right] = [one, two].map((path) => ifThere(path, statSync));
  return left?.isFile() === true && left.dev === right?.dev && left.ino === right.ino;
}

/** Where a file would be made or replaced, links followed. */
function leadsTo(path: string): string {
  const place = outputPlace(path);
  return 'path' in place ? place.path : path;
}

/** Whether standard output has one of them, and what is said goes elsewhere. */
export function takesStdout(files: OutputFiles): boolean {
  return Object.values(files).some((output) => output.isStdout);
}

/**
 * Writes the reports of a run that were asked for. The HTML links kept files relative to itself, JUnit names them relative to
 * `cwd`: CI systems run in the folder of the project.
 */
export async function writeReports(
  record: RunRecord,
  { junit, html, summary }: OutputFiles,
  cwd: string,
): Promise<void> {
  if (junit) {
    const attachment = (file: KeptFile) => {
      const path = keptPath(file);
      return path && relative(cwd, path);
    };
    await junit.write((write) => write(junitReport(record, { attachment })));
  }
  if (summary) await summary.write((write) => write(markdownSummary(record)));
  if (html) {
    const link = (file: KeptFile) => {
      const path = keptPath(file);
      return path && relativeUrl(html.folder, path);
    };
    const code = await pageCode(packageRoot());
    await html.write((write) => write(htmlReport(record, { ...code, link, screenshot })));
  }
}

/** Nothing outside the folder of artefacts, whatever the events say: they may be somebody else's. */
function keptPath({ folder, path }: KeptFile): string | undefined {
  // No file is called that, and neither a path nor a URL can hold it.
  if (/[\p{Cs}\0]/u.test(path)) return undefined;
  const whole = resolve(folder, path);
  return isInside(resolve(folder), whole) ? whole : undefined;
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return !(inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside));
}

/** Undefined where the artefacts were not kept, or are elsewhere now. */
function screenshot(file: KeptFile): Uint8Array | undefined {
  const path = keptPath(file);
  if (!path) return undefined;
  try {
    // Nor by a symbolic link.
    const real = realpathSync(path);
    return isInside(realpathSync(file.folder), real) ? readFileSync(real) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

/** `./` keeps a colon in the first name from being a scheme. */
function relativeUrl(from: string, path: string): string {
  const names = relative(from, path).split(sep);
  return `./${names.map(encodeURIComponent).join('/')}`;
}
