import type { WorldsList, WorldsStats } from '../../../hostcore/world-answers.ts';

export const usage =
  'usage: worlds list | stats | restart NAME            each with --json for one JSON document';

export interface Parsed {
  readonly command: 'list' | 'stats' | 'restart';
  readonly params: Readonly<Record<string, unknown>>;
  readonly json: boolean;
}

/** What is to be asked, or why nothing can be. */
export function parseArguments(args: readonly string[]): Parsed | string {
  const json = args.includes('--json');
  const [command, ...rest] = args.filter((word) => word !== '--json');
  const unknown = [command, ...rest].find((word) => word?.startsWith('-'));
  if (unknown !== undefined) return `unknown option ${unknown}`;
  if (command === 'restart') {
    const [name] = rest;
    if (name === undefined || rest.length > 1) return 'restart: expected the NAME of one world';
    return { command, params: { name }, json };
  }
  if (command !== 'list' && command !== 'stats') {
    return `expected list, stats or restart, found ${command ?? 'none'}`;
  }
  if (rest.length > 0) return `${command}: expected nothing more, found ${rest.join(' ')}`;
  return { command, params: {}, json };
}

/** A line each; `now` in seconds since 1970. */
export function listText({ worlds }: WorldsList, now: number): string {
  const rows = worlds.map(({ name, user, state, pid, restarts, lastEnd, problem }) => {
    const end = lastEnd ? `${ago(now - lastEnd.time)} ago: ${lastEnd.why}` : '-';
    const last = problem !== null && problem !== lastEnd?.why ? `${end}; now: ${problem}` : end;
    return [name, user, state, pid === null ? '-' : String(pid), String(restarts), last];
  });
  return columns([['WORLD', 'USER', 'STATE', 'PID', 'RESTARTS', 'LAST END'], ...rows]);
}

/** A line for each world, each pool and the swap file; memory in MiB. */
export function statsText({ worlds, pools, swap }: WorldsStats): string {
  const row = (kind: string, one: WorldsStats['pools'][number]): string[] => [
    `${kind}${one.name}`,
    mib(one.memory.current),
    mib(one.memory.peak),
    one.memory.max === null ? '-' : mib(one.memory.max),
    mib(one.memory.swap),
    one.processorSeconds === null ? '?' : one.processorSeconds.toFixed(1),
    String(one.processes.current ?? '?'),
    String(one.processes.max ?? '-'),
  ];
  const table = columns([
    ['WORLD', 'MEMORY MiB', 'PEAK', 'LIMIT', 'SWAP', 'PROCESSOR s', 'PROCESSES', 'LIMIT'],
    ...worlds.map((one) => row('', one)),
    ...pools.map((one) => row('pool ', one)),
  ]);
  if (swap === null) return table;
  return `${table}\nswap: ${mib(swap.used)} of ${mib(swap.size)} MiB in ${swap.path}`;
}

function mib(bytes: number | null): string {
  return bytes === null ? '?' : (bytes / (1 << 20)).toFixed(1);
}

function ago(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  return whole < 7200 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h`;
}

/** Left-aligned columns, two blanks between them. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
