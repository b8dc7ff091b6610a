import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { judge } from '../components/foreign-tool.ts';

export const repository = resolve(import.meta.dirname, '../../..');

/** A cold cache is filled by the first build of a run, which fetches 100 MB and packs for a minute. */
const patience = 900_000;

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line of twinbank's, as it is shipped, bundled into a folder of the test's own. */
export interface Program {
  readonly path: string;
  /** Empty, and gone after the tests. */
  readonly folder: string;
  run(argv: readonly string[], options?: RunOptions): Ended;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string | undefined>;
  /** Program and arguments that are to run it: `taskset -c 0`. */
  readonly under?: readonly string[];
}

/** Bundles the command line before the tests of a file and removes it after them. */
export function builtProgram(): Program {
  const id = Math.random().toString(36).slice(2, 10);
  const dist = join('out', `test-builder-${id}`);
  const path = join(repository, dist, 'twinbank.js');
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-built-'));
  beforeAll(() => {
    execFileSync('node', ['scripts/build.mjs', dist], { cwd: repository });
  });
  afterAll(() => {
    rmSync(join(repository, dist), { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path,
    folder,
    run: (argv, { cwd = repository, env = {}, under = [] } = {}) => {
      const [program = '', ...args] = [...under, process.execPath, path, ...argv];
      const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
      return spawnSync(program, args, { ...options, encoding: 'utf8' });
    },
  };
}

/** The default image, built before the tests of a file, and its parts as foreign tools want them named. */
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
  const folder = join(program.folder, 'image');
  const raw = join(folder, 'twinbank-0.1.0.img');
  let printed: BuildJson | undefined;
  beforeAll(() => {
    // Files of tests run side by side: with a cold cache one of them builds, and the others find it done.
    const lock = join(tmpdir(), `twinbank-tests-${process.getuid?.() ?? 0}.lock`);
    const argv = [
      'build',
      'recipes/default.yaml',
      '--format',
      'raw,qcow2,vmdk',
      '--out',
      folder,
      '--json',
    ];
    const ended = program.run(argv, { under: ['flock', lock] });
    if (ended.status !== 0) throw new Error(`build: ${ended.status}: ${ended.stderr}`);
    printed = JSON.parse(ended.stdout);
  }, patience);
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
    json: () => {
      if (!printed) throw new Error('not built yet');
      return printed;
    },
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
