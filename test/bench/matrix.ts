import { spawn } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext, BenchRow, Contest } from './bench-row.ts';
import { runProgram } from './run-program.ts';

const images = 100;

/** One image for each of many OEMs whose modules have to be made. */
export const matrixRow: BenchRow = {
  name: 'matrix',
  meaning: `twinbank build --matrix of ${images} generated OEMs, all of them new, at most a second each`,
  runs: 1,
  target: { seconds: images },
  setUp: async (context) => {
    const folders = await makeProviders(context, images);
    const out = join(context.folder, 'out');
    return {
      reset: async () => {
        await rm(out, { recursive: true, force: true });
        for (const folder of folders) await touch(folder);
      },
      ours: () =>
        runProgram(process.execPath, [context.program, ...matrix(folders, out)], context.root),
    };
  },
};

/** What a matrix takes of memory must not depend on how long it is. */
export const matrixMemoryRow: BenchRow = {
  name: 'matrix memory',
  meaning: `peak memory of a matrix of ${images} OEMs / of one of ${images / 2}`,
  runs: 1,
  target: { ratio: 1.15 },
  setUp: async (context) => {
    const folders = await makeProviders(context, images);
    const peakOf = async (count: number): Promise<number> => {
      const out = join(context.folder, 'out');
      const peak = await peakMemory(context, matrix(folders.slice(0, count), out));
      await rm(out, { recursive: true });
      return peak;
    };
    const theirsBytes = await peakOf(images / 2);
    return { theirsBytes, oursBytes: await peakOf(images) };
  },
};

/** A build after one file of an OEM with drivers and programs of packages was changed: pack the file, compose. */
export const changedOemRow: BenchRow = {
  name: 'changed OEM',
  meaning: 'twinbank build after one file of ridge, which has drivers and programs, has changed',
  runs: 9,
  target: { seconds: 1 },
  setUp: (context) => changeOf('ridge', context),
};

/** The same of an OEM with two drivers and CIM providers. */
export const changedSmallOemRow: BenchRow = {
  name: 'changed small OEM',
  meaning:
    'twinbank build after one file of kestrel, which has little but CIM providers, has changed',
  runs: 9,
  target: { seconds: 0.7 },
  setUp: (context) => changeOf('kestrel', context),
};

async function changeOf(name: string, { program, root, folder }: BenchContext): Promise<Contest> {
  const provider = join(folder, name);
  await cp(join(root, 'oem-providers', name), provider, { recursive: true });
  const build = ['build', 'recipes/default.yaml', '--oem', provider, '--out', folder, '-q'];
  return {
    reset: () => touch(provider),
    ours: () => runProgram(process.execPath, [program, ...build], root),
  };
}

let changes = 0;

/** Another change each time, of this run alone, or the cache would have the second one. */
async function touch(folder: string): Promise<void> {
  await mkdir(join(folder, 'files/usr/share'), { recursive: true });
  await appendFile(join(folder, 'files/usr/share/note'), `${process.pid} ${changes++}\n`);
}

async function makeProviders({ folder }: BenchContext, count: number): Promise<string[]> {
  const folders: string[] = [];
  for (let number = 1; number <= count; number++) {
    const name = `o${number}`;
    const provider = join(folder, name);
    await mkdir(join(provider, 'files/usr/share', name), { recursive: true });
    const about = `name: ${name}\nvendor: Maker ${number}\nversion: "1.0"\nsupport: { assetTag: T${number} }\n`;
    await writeFile(join(provider, 'provider.yaml'), about);
    for (let file = 0; file < 20; file++) {
      const text = `${name} ${file}\n`.repeat(100);
      await writeFile(join(provider, 'files/usr/share', name, `${file}.txt`), text);
    }
    folders.push(provider);
  }
  return folders;
}

function matrix(folders: readonly string[], out: string): string[] {
  const columns = folders.flatMap((folder) => ['--oem', folder]);
  return ['build', 'recipes/default.yaml', '--matrix', ...columns, '--out', out, '-q'];
}

/** The most that a command had resident, in bytes; the kernel keeps the mark (proc(5), VmHWM). */
async function peakMemory(
  { program, root }: BenchContext,
  argv: readonly string[],
): Promise<number> {
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  const child = spawn(process.execPath, [program, ...argv], { cwd: root, stdio: [...stdio] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
    await Promise.race([ended, pause(20)]);
  }
  const code = await ended;
  if (code !== 0 || peak === 0) throw new Error(`build --matrix: exit code ${code}, peak ${peak}`);
  return peak;
}
