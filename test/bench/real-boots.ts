import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Firmware } from '../../src/harness/qemu/machine-options.ts';
import type { BenchContext, BenchRow } from './bench-row.ts';
import { runProgram } from './run-program.ts';

/** From power-on to the ready line; the orderly end after it takes no part. The targets are those of an idle machine with two cores. */
export const biosBootRow = bootRow('bios', 20);
export const uefiBootRow = bootRow('uefi', 20);

function bootRow(firmware: Firmware, seconds: number): BenchRow {
  return {
    name: `boot to ready, ${firmware}`,
    meaning: `the default image in QEMU, emulated, ${firmware}: from power-on to the ready line`,
    runs: 3,
    target: { seconds },
    setUp: async (context) => {
      const image = await defaultImage(context);
      return { ours: () => bootOnce(context, image, firmware) };
    },
  };
}

async function defaultImage({ program, root, folder }: BenchContext): Promise<string> {
  const build = ['build', 'recipes/default.yaml', '--set', 'version=0.1.0', '--out', folder, '-q'];
  await runProgram(process.execPath, [program, ...build], root);
  return join(folder, 'twinbank-0.1.0.img');
}

/** Returns milliseconds. Throws where the host does not become ready. */
async function bootOnce(
  { program, root }: BenchContext,
  image: string,
  firmware: Firmware,
): Promise<number> {
  const argv = [program, 'boot', image, '--firmware', firmware, '--accelerator', 'tcg', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root });
  const { outcome, stages } = JSON.parse(stdout) as {
    readonly outcome: string;
    readonly stages: readonly { readonly end: number }[];
  };
  const ready = stages.at(-1)?.end;
  if (outcome !== 'healthy' || ready === undefined) {
    throw new Error(`${image}: expected a host that becomes ready, found ${outcome}`);
  }
  return ready * 1000;
}
