import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isBankPartition } from '../../src/bootloader/image-partitions.ts';
import { memoryDevice } from '../../src/disk/block-device.ts';
import { openFat } from '../../src/disk/fat/volume.ts';
import { readGpt } from '../../src/disk/gpt.ts';
import { partitionDevice } from '../../src/disk/partition-device.ts';
import { simulateBoot } from '../../src/harness/sim/sim-boot.ts';
import { simDisk } from '../../src/harness/sim/sim-disk.ts';
import type { BenchContext, BenchRow } from './bench-row.ts';
import { runProgram } from './run-program.ts';

const bootsInARun = 20_000;

/** The default image in memory. */
async function imageInMemory({ program, root, folder }: BenchContext): Promise<Uint8Array> {
  const build = ['build', 'recipes/default.yaml', '--out', folder, '-q'];
  await runProgram(process.execPath, [program, ...build], root);
  return readFileSync(join(folder, 'twinbank-0.1.0.img'));
}

/** Boots of a host whose disk does not change but for its marks. */
export const simulatedBootsRow: BenchRow = {
  name: 'simulated boots',
  meaning: `${bootsInARun} simulated boots, each with its writes and its confirmation, hashes remembered`,
  runs: 5,
  target: { seconds: 1 },
  setUp: async (context) => {
    const disk = simDisk(memoryDevice(await imageInMemory(context)));
    return {
      ours: async () => {
        for (let boot = 0; boot < bootsInARun; boot++) {
          if (simulateBoot(disk).outcome !== 'healthy') throw new Error('expected a healthy boot');
        }
      },
    };
  },
};

/** A boot that hashes everything, against SHA-256 of the same bytes alone. */
export const hashedBootRow: BenchRow = {
  name: 'hashed boot',
  meaning:
    "a simulated boot that checks every hash / SHA-256 of the bank's files by itself, in memory",
  runs: 15,
  target: { ratio: 1.25 },
  setUp: async (context) => {
    const bytes = await imageInMemory(context);
    const device = memoryDevice(bytes);
    const place = readGpt(device).partitions.find(isBankPartition);
    if (!place) throw new Error('expected a bank');
    const partition = partitionDevice(device, place);
    const volume = openFat(partition);
    const files = volume
      .list()
      .filter(({ name }) => /\.v00$|^vmkernel$|^bank\.env$/i.test(name))
      .flatMap(({ name }) => volume.extents(name))
      .map(({ offset, length }) => {
        const start = place.firstLba * 512 + offset;
        return bytes.subarray(start, start + length);
      });
    return {
      ours: async () => {
        const { booted } = simulateBoot(simDisk(device));
        if (booted !== place.number) throw new Error(`expected bank ${place.number}`);
      },
      theirs: async () => {
        for (const file of files) createHash('sha256').update(file).digest();
      },
    };
  },
};
