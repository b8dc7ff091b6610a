import { type LogName, logFiles, logNames } from './log-files.ts';

export const usage = `usage: logread [--newest] [--follow] [LOG]...
  shows the log of the host, all of it in the order of time, or some of ${logNames.join(', ')}
${logFiles.map(({ name, what }) => `    ${name.padEnd(9)} ${what}`).join('\n')}`;

/** Of each log: all of them fit into one file of a support bundle (4 MiB). */
export const newestBytes = 768 << 10;

export interface Wanted {
  readonly follow: boolean;
  /** Only the last {@link newestBytes} of each. */
  readonly newest: boolean;
  readonly names: readonly LogName[];
}

/** What is to be shown, or why nothing can be. */
export function parseArguments(args: readonly string[]): Wanted | string {
  const names: LogName[] = [];
  let follow = false;
  let newest = false;
  for (const word of args) {
    const name = logNames.find((one) => one === word);
    if (name !== undefined) names.push(name);
    else if (word === '--follow' || word === '-f') follow = true;
    else if (word === '--newest') newest = true;
    else if (word.startsWith('-')) return `unknown option ${word}`;
    else return `expected a log of ${logNames.join(', ')}, found ${word}`;
  }
  return { follow, newest, names: names.length > 0 ? names : logNames };
}

/** Lines of several logs in the order of their times, which they begin with; those of one log stay in theirs. */
export function mergeLogs(texts: readonly string[]): string {
  const lists = texts.map((text) => text.split('\n').slice(0, -1));
  if (lists.length === 1) return texts[0] ?? '';
  const merged: string[] = [];
  const at = lists.map(() => 0);
  for (;;) {
    let first = -1;
    for (const [index, lines] of lists.entries()) {
      const line = lines[at[index] ?? 0];
      const best = first < 0 ? undefined : lists[first]?.[at[first] ?? 0];
      if (line !== undefined && (best === undefined || timeOf(line) < timeOf(best))) first = index;
    }
    if (first < 0) return merged.map((line) => `${line}\n`).join('');
    merged.push(lists[first]?.[at[first] ?? 0] ?? '');
    at[first] = (at[first] ?? 0) + 1;
  }
}

/** ISO 8601 in UTC: as texts they are in the order of time. */
function timeOf(line: string): string {
  return line.slice(0, 24);
}
