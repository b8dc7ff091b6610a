import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { assertInRange, type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { encodeBootSector } from '../../../src/disk/fat/boot-sector.ts';
import type { FatEntry } from '../../../src/disk/fat/fat-entry.ts';
import { encodeEmptyFat } from '../../../src/disk/fat/fat-table.ts';
import { formatFat16 } from '../../../src/disk/fat/format.ts';
import { dataOffset } from '../../../src/disk/fat/geometry.ts';
import { type FatVolume, openFat } from '../../../src/disk/fat/volume.ts';
import { overlayDevice } from '../../../src/disk/overlay-device.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { assertSame, fails } from '../oracle.ts';
import { type Random, randomOf } from '../random.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

/** As large as the largest of the seeds; the others are smaller than their partition, which is right. */
const partitionBytes = 16_600 * 512;

export const fat: FuzzTarget = {
  name: 'fat',
  seeds: () => [usual(), narrow(), wide()],
  mutate: mutateFat,
  run(input) {
    const disk = prefixDevice(input);
    const volume = openFat(disk);
    const findings = volume.check();
    const sound = findings.every(({ severity }) => severity === 'warning');
    const paths = readAll(volume, sound);
    return takenAs(`${findings[0]?.code ?? 'sound'}, ${changeAll(disk, paths, sound)}`);
  },
  // A root directory of 2 MiB is read with each check.
  bounds: { inputBytes: 48 * 2 ** 20 },
};

/** A volume of which the beginning is in memory: tables, root directory, first clusters. The rest is zero. */
function prefixDevice(prefix: Uint8Array): BlockDevice {
  return {
    size: partitionBytes,
    read(offset, length) {
      assertInRange(partitionBytes, offset, length);
      const bytes = new Uint8Array(length);
      if (offset < prefix.length) bytes.set(prefix.subarray(offset, offset + length));
      return bytes;
    },
    write: () => fails('a write to what is only read'),
    flush() {},
  };
}

/** Reads what is there by every way; of a sound volume all can be read. Returns the paths of files. */
function readAll(volume: FatVolume, sound: boolean): string[] {
  const entries = sound ? volume.walk() : listed(volume);
  const files = entries.filter(({ directory }) => !directory).slice(0, 24);
  for (const { path } of files) {
    const outcome = attempt(() => readFile(volume, path));
    if (sound && outcome !== undefined) fails(`${path}: ${outcome}, in a sound volume`);
  }
  return files.map(({ path }) => path);
}

/** What can be listed of a damaged volume, as deep as a person would look. */
function listed(volume: FatVolume): (FatEntry & { path: string })[] {
  const found: (FatEntry & { path: string })[] = [];
  for (const folder of ['/', '/EFI/', '/EFI/BOOT/', '/a long name/']) {
    attempt(() => {
      for (const entry of volume.list(folder))
        found.push({ ...entry, path: `${folder}${entry.name}` });
    });
  }
  return found;
}

function readFile(volume: FatVolume, path: string): void {
  // Not the size of the entry that was listed: in a damaged volume two may have one name.
  const size = volume.stat(path)?.size ?? 0;
  const dataEnd = volume.boot.totalSectors * 512;
  let bytes = 0;
  for (const { offset, length } of volume.extents(path)) {
    if (offset < 512 || offset + length > dataEnd) fails(`${path}: an extent outside the volume`);
    bytes += length;
  }
  if (bytes !== size) fails(`${path}: extents of ${bytes} bytes for ${size}`);
  const whole = size < 16_384 ? volume.read(path) : volume.readRange(path, size - 512, 512);
  if (whole.length !== Math.min(size, size < 16_384 ? size : 512)) fails(`${path}: too few bytes`);
}

/** Changes a copy as an update does; whatever comes of that, what is there afterwards is sound. */
function changeAll(disk: BlockDevice, paths: readonly string[], sound: boolean): string {
  const copy = overlayDevice(disk);
  const volume = openFat(copy);
  const content = randomOf(7).bytes(700);
  const [first = 'other', second] = paths;
  const steps = {
    write: () => volume.write('new file.bin', content),
    replace: () => volume.write(first, content),
    mkdir: () => volume.mkdir('new folder/sub'),
    remove: () => (second === undefined ? undefined : volume.remove(second)),
  };
  if (!sound) {
    const outcome = attempt(steps.write);
    if (!outcome?.startsWith('corrupt')) fails(`a damaged volume is written to: ${outcome}`);
    return 'refused';
  }
  const outcomes = Object.values(steps).map((step) => attempt(step));
  const refused = outcomes.find((outcome) => outcome?.startsWith('corrupt'));
  if (refused) fails(`a sound volume is refused: ${refused}`);
  volume.flush();
  const after = openFat(copy);
  const wrong = after
    .check()
    .find(({ severity, code }) => severity === 'error' || mended.has(code));
  if (wrong) fails(`after ${outcomes.join()}: ${wrong.code}: ${wrong.message}`);
  const written = [outcomes[0] === undefined && 'new file.bin', outcomes[1] === undefined && first];
  for (const path of written) if (path) assertSame(after.read(path), content, `another ${path}`);
  return outcomes.find((outcome) => outcome !== undefined) ?? 'changed';
}

/** Warnings that the first change ends. */
const mended = new Set(['fat.copies-differ', 'fat.lost-clusters']);

/** Kind and code of a refusal, or undefined. */
function attempt(step: () => unknown): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (!(error instanceof TwinbankError) || !['corrupt', 'io'].includes(error.kind)) throw error;
    return `${error.kind} ${error.code}`;
  }
}

/** As the builder makes them, but of clusters of a sector: the smallest FAT16 has 4085 of them. */
function usual(): Uint8Array {
  const bytes = new Uint8Array(4168 * 512);
  formatFat16(memoryDevice(bytes), { serial: 1, sectorsPerCluster: 1, label: 'BANK' });
  return filled(bytes, 24 * 512);
}

/** The same with clusters of 2 KiB. */
function wide(): Uint8Array {
  const bytes = new Uint8Array(16_460 * 512);
  formatFat16(memoryDevice(bytes), { serial: 3, sectorsPerCluster: 4 });
  return filled(bytes, 16 * 2048);
}

/** As others make them: one table, 16 entries in the root, one reserved sector. */
function narrow(): Uint8Array {
  const bytes = new Uint8Array(4120 * 512);
  const metadata = 1 + 17 + 1;
  const boot = {
    ...{ totalSectors: 4120, sectorsPerCluster: 1, reservedSectors: 1 },
    ...{ fatCount: 1, sectorsPerFat: 17, rootEntries: 16, clusters: 4120 - metadata },
    ...{ mediaDescriptor: 0xf8, hiddenSectors: 0, serial: 2, label: '' },
  };
  bytes.set(encodeBootSector(boot));
  bytes.set(encodeEmptyFat(boot.sectorsPerFat, boot.mediaDescriptor), 512);
  return filled(bytes, 24 * 512);
}

/** With directories, long names, a chain in two pieces, a deleted entry; cut after so many bytes of clusters. */
function filled(bytes: Uint8Array, clusterBytes: number): Uint8Array {
  const volume = openFat(memoryDevice(bytes));
  volume.mkdir('EFI/BOOT');
  volume.mkdir('a long name');
  const files: Record<string, number> = {
    ...{ 'boot.cfg': 1024, 'vmkernel.sum': 75, 'a hole': 600, vmkernel: 3000, empty: 0 },
    ...{ 'EFI/BOOT/BOOTX64.EFI': 900, 'a long name/with a file in it': 513 },
  };
  for (const [path, size] of Object.entries(files)) volume.write(path, randomOf(size).bytes(size));
  volume.remove('a hole');
  volume.flush();
  volume.write('in two pieces', randomOf(9).bytes(2500));
  volume.flush();
  return bytes.slice(0, dataOffset(volume.boot) + clusterBytes);
}

const tableValues = [0, 1, 2, 3, 4, 5, 20, 4085, 4086, 4087, 0xfff6, 0xfff7, 0xfff8, 0xffff];
const tokens = [
  ...tableValues.map((value) => Uint8Array.of(value & 0xff, value >> 8)),
  ...[
    'BOOT    CFG',
    '.          ',
    '..         ',
    '\xe5',
    '\x05',
    '\u0010',
    '\u000f',
    '\u0008',
    'FAT16   ',
  ],
];

/** Boot sector, the tables' beginnings, root directory, first clusters: wherever this boot sector has them. */
function place(input: Buffer): (random: Random, length: number) => number {
  const reserved = input.readUInt16LE(14) * 512;
  const table = input.readUInt16LE(22) * 512;
  const root = reserved + (input[16] ?? 0) * table;
  const data = root + input.readUInt16LE(17) * 32;
  return (random) => {
    const [start, length] = random.pick([
      ...[
        [0, 64],
        [reserved, 96],
        [reserved, 96],
        [reserved + table, 96],
      ],
      ...[
        [root, 512],
        [root, 512],
        [root, 512],
        [data, 4096],
        [data, 4096],
      ],
    ] as const);
    return start + random.below(length);
  };
}

function mutateFat(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input);
  const rules = {
    fixed: true,
    record: random.pick([2, 32, 32, 512]),
    tokens,
    place: place(bytes),
    longest: 2 ** 17,
  };
  return mutateBytes(bytes, random, other, rules);
}
