import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { readTar } from '../../src/state/tar.ts';
import type { BenchContext } from './bench-row.ts';

const timeoutMs = 600_000;
/** What a boot did not have to wait for is over by then. */
const settleMs = 60_000;

/** Builds the default image, boots it with 768 MiB and more of QEMU's arguments, and has a minute pass after it is ready. */
export async function withQuietHost<T>(
  { program, root, folder }: BenchContext,
  use: (machine: QemuMachine) => Promise<T>,
  extra: readonly string[] = [],
): Promise<T> {
  const args = [program, 'build', 'recipes/default.yaml', '--out', folder, '-q'];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  const image = join(folder, 'twinbank-0.1.0.img');
  const machine = await startQemu({ ...defaultMachine, image, accelerator: 'tcg', extra });
  try {
    const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs });
    if ('ended' in ready) {
      const end = machine.console.lines.slice(-5).map(({ text }) => text);
      throw new Error(`expected a host that is ready, found its end: ${end.join(' | ')}`);
    }
    await pause(settleMs);
    return await use(machine);
  } finally {
    await machine.stop();
  }
}

/** A file of the support bundle of a host, which is made for it: one of /proc is as it was before that. */
export async function fileOfHost({ vmkd }: QemuMachine, ending: string): Promise<string> {
  await vmkd.call('support.collect', {}, timeoutMs);
  const chunks: Buffer[] = [];
  for (let offset = 0; ; ) {
    const read = await vmkd.call('support.read', { offset }, timeoutMs);
    const { data, next, end } = read as { data: string; next: number; end: boolean };
    chunks.push(Buffer.from(data, 'base64'));
    if (end) break;
    offset = next;
  }
  const found = readTar(gunzipSync(Buffer.concat(chunks))).find(({ path }) =>
    path.endsWith(ending),
  );
  if (!found) throw new Error(`expected ${ending} in the support bundle, found none`);
  return Buffer.from(found.bytes).toString('utf8');
}
