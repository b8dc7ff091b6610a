import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { startQemu } from '../../src/harness/qemu/qemu.ts';
import { readTar } from '../../src/state/tar.ts';
import type { BenchContext, BenchRow } from './bench-row.ts';

/** What issue and budget allow after boot, without virtual machines (docs/budget.md). */
const allowedBytes = 170e6;
const timeoutMs = 600_000;

/** Boots the default image with 1 GiB and asks the host itself what it uses, a minute after it is ready. */
export const memoryInUseRow: BenchRow = {
  name: 'memory in use',
  meaning: 'memory in use of the default image, a minute after ready / 170 MB',
  runs: 1,
  target: { ratio: 1 },
  setUp: async (context) => ({
    oursBytes: usedBytes(await meminfoOfHost(context)),
    theirsBytes: allowedBytes,
  }),
};

async function meminfoOfHost({ program, root, folder }: BenchContext): Promise<string> {
  const args = [program, 'build', 'recipes/default.yaml', '--out', folder, '-q'];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  const image = join(folder, 'twinbank-0.1.0.img');
  const machine = await startQemu({ ...defaultMachine, image, accelerator: 'tcg' });
  try {
    const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs });
    if ('ended' in ready) {
      const end = machine.console.lines.slice(-5).map(({ text }) => text);
      throw new Error(`expected a host that is ready, found its end: ${end.join(' | ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    await machine.vmkd.call('support.collect', {}, timeoutMs);
    return fileOf(await readBundle(machine.vmkd), 'files/proc/meminfo');
  } finally {
    await machine.stop();
  }
}

interface Vmkd {
  call(method: string, params: Record<string, unknown>, timeoutMs: number): Promise<unknown>;
}

async function readBundle(vmkd: Vmkd): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ; ) {
    const read = await vmkd.call('support.read', { offset }, timeoutMs);
    const { data, next, end } = read as { data: string; next: number; end: boolean };
    chunks.push(Buffer.from(data, 'base64'));
    if (end) return gunzipSync(Buffer.concat(chunks));
    offset = next;
  }
}

function fileOf(bundle: Uint8Array, ending: string): string {
  const found = readTar(bundle).find(({ path }) => path.endsWith(ending));
  if (!found) throw new Error(`expected ${ending} in the support bundle, found none`);
  return Buffer.from(found.bytes).toString('utf8');
}

/** What free(1) calls used: neither free nor of files, those of the bank's layers among them. */
function usedBytes(meminfo: string): number {
  const kib = (name: string): number => {
    const [, value] = new RegExp(`^${name}: +([0-9]+) kB$`, 'm').exec(meminfo) ?? [];
    if (value === undefined) throw new Error(`expected ${name} in /proc/meminfo, found none`);
    return Number(value);
  };
  const others = ['MemFree', 'Buffers', 'Cached', 'SReclaimable'];
  return others.reduce((left, name) => left - kib(name), kib('MemTotal')) * 1024;
}
