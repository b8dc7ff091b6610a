import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { judge } from '../components/foreign-tool.ts';
import { type CommandEnd, type CommandRunner, startCommandRunner } from './command-runner.ts';

export const repository = resolve(import.meta.dirname, '../../..');

/** A cold cache is filled by the first build of a run, which fetches 100 MB and packs for a minute. */
const buildTimeoutMs = 900_000;

/** A command line of twinbank's, as it is shipped, bundled once for all tests of a run. */
export interface Program {
  readonly path: string;
  /** Of this file's tests: empty, and gone after them. */
  readonly folder: string;
  /** Runs a command in a thread of this process that has loaded the program: a tenth of what `start` costs. */
  run(argv: readonly string[], options?: RunOptions): CommandEnd;
  /** Starts the program itself: for exit codes, signals and what it does before it runs a command. */
  start(argv: readonly string[], options?: StartOptions): CommandEnd;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Over the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Has standard error in `stdout`, too, as a terminal shows both. */
  readonly oneStream?: boolean;
}

export interface StartOptions extends Omit<RunOptions, 'oneStream'> {
  /** Program and arguments that are to run it: `taskset -c 0`. */
  readonly under?: readonly string[];
}

/** Starts with the first command of a process of tests, and serves all files that are run in it. */
let runner: CommandRunner | undefined;

/**
 * Has `script` make a file of the run's folder unless it is there. Files of tests run side by side: the first one makes
 * it, and the others wait. The script ends with the file under its name, so that no half of one is taken.
 */
function madeOnce(path: string, script: string, args: readonly string[]): void {
  const guarded = `[ -e "$1" ] || { ${script}; }`;
  const shell = ['sh', '-ec', guarded, 'sh', path, ...args];
  const options = { cwd: repository, encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  const ended = spawnSync('flock', [`${path}.lock`, ...shell], options);
  if (ended.status === 0) return;
  throw new Error(
    `${path}: ${ended.error?.message ?? `exit code ${ended.status}`}: ${ended.stderr}`,
  );
}

/** Has the command line bundled before the tests of a file. */
export function builtProgram(): Program {
  const dist = join(inject('runFolder'), 'program');
  const path = join(dist, 'twinbank.js');
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-built-'));
  beforeAll(() => {
    const script = '"$2" scripts/build.mjs "$3" "thread=$4" && touch "$1"';
    const thread = join(import.meta.dirname, 'command-thread.ts');
    madeOnce(`${dist}.made`, script, [process.execPath, dist, thread]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path,
    folder,
    run: (argv, { cwd = repository, env = {}, oneStream = false } = {}) => {
      runner ??= startCommandRunner(join(dist, 'thread.js'));
      const set = Object.entries({ ...process.env, ...env });
      const defined = set.filter((pair): pair is [string, string] => pair[1] !== undefined);
      return runner.run(argv, { cwd, env: Object.fromEntries(defined), oneStream });
    },
    start: (argv, { cwd = repository, env = {}, under = [] } = {}) => {
      const [program = '', ...args] = [...under, process.execPath, path, ...argv];
      const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
      return spawnSync(program, args, { ...options, encoding: 'utf8' });
    },
  };
}

/** The default image, which all tests of a run share and only read, and its parts as foreign tools want them named. */
export interface BuiltImage {
  readonly program: Program;
  readonly folder: string;
  /** `twinbank-0.1.0.img` */
  readonly raw: string;
  readonly qcow2: string;
  readonly vmdk: string;
  /** What the build printed with --json. */
  json(): BuildJson;
  /** The image at a partition, by GPT number, in the form of mtools: `FILE@@OFFSET`. */
  at(partition: number): string;
  /** A partition as a file of its own. */
  extract(partition: number): string;
}

export interface BuildJson {
  readonly images: readonly {
    readonly build: string;
    readonly files: readonly string[];
    readonly modules: readonly { name: string; version: string; bytes: number; sha256: string }[];
  }[];
}

export function builtImage(): BuiltImage {
  const program = builtProgram();
  const folder = join(inject('runFolder'), 'image');
  const printed = `${folder}.json`;
  const raw = join(folder, 'twinbank-0.1.0.img');
  beforeAll(() => {
    const script = [
      '"$2" "$3" build recipes/default.yaml --format raw,qcow2,vmdk --out "$4" --json >"$1.partial"',
      'chmod a-w "$4"/*',
      'mv "$1.partial" "$1"',
    ];
    madeOnce(printed, script.join(' && '), [process.execPath, program.path, folder]);
  }, buildTimeoutMs);
  const place = (partition: number) => {
    const table = JSON.parse(judge('sfdisk', ['-J', raw])).partitiontable;
    const rows: { node: string; start: number; size: number }[] = table.partitions;
    const found = rows.find(({ node }) => node === `${raw}${partition}`);
    if (!found) throw new Error(`no partition ${partition}`);
    return { offset: found.start * 512, size: found.size * 512 };
  };
  return {
    program,
    folder,
    raw,
    qcow2: raw.replace(/img$/, 'qcow2'),
    vmdk: raw.replace(/img$/, 'vmdk'),
    json: () => JSON.parse(readFileSync(printed, 'utf8')),
    at: (partition) => `${raw}@@${place(partition).offset}`,
    extract: (partition) => {
      const { offset, size } = place(partition);
      const path = join(program.folder, `partition-${partition}.img`);
      const blocks = [`skip=${offset}`, `count=${size}`, 'iflag=skip_bytes,count_bytes'];
      judge('dd', [`if=${raw}`, `of=${path}`, 'bs=1M', 'conv=sparse', 'status=none', ...blocks]);
      return path;
    },
  };
}
