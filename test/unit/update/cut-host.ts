import type { BootMarks } from '../../../src/bootloader/boot-cfg.ts';
import { imagePartitions } from '../../../src/bootloader/image-partitions.ts';
import { sha256 } from '../../../src/bootloader/sum-file.ts';
import { writeBankMagic } from '../../../src/disk/bank-magic.ts';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { formatFat16 } from '../../../src/disk/fat/format.ts';
import { type FatVolume, openFat } from '../../../src/disk/fat/volume.ts';
import { writeGpt } from '../../../src/disk/gpt.ts';
import { deriveGuid } from '../../../src/disk/guid.ts';
import { partitionDevice } from '../../../src/disk/partition-device.ts';
import { encodeSlot, stateSchema } from '../../../src/state/slot.ts';
import { bootCfgBytes, planBank } from '../../../src/update/manifest/plan-bank.ts';
import { encodeStoreList } from '../../../src/update/store-volume.ts';
import { type Build, builds, stateOf } from './cut-builds.ts';

export const keptBank = 5;
export const targetBank = 6;
export const storePartition = 8;
const mebibyte = 2 ** 20;

/** A host whose other bank is about to be overwritten. */
export interface CutHost {
  readonly image: Buffer;
  /** Where its partitions are, by number. */
  readonly places: ReadonlyMap<number, { readonly firstLba: number; readonly lastLba: number }>;
  /** What it was configured to: the content of the state slot that counts. */
  readonly state: Uint8Array;
  /** Changes the volume of a partition. */
  edit(number: number, change: (volume: FatVolume, device: BlockDevice) => void): void;
}

export interface HostOptions {
  /** Of bank 5 and bank 6; those of the power cuts unless told. */
  readonly current?: Build;
  readonly before?: Build;
  readonly bankMebibytes?: number;
  /** Marks of the bank that will be overwritten, and its place in the order. */
  readonly target?: Partial<BootMarks> & { readonly updated?: number };
  /** Which bank has the newest state; the one with verdict R does not count. Default: the other one. */
  readonly newestState?: 'kept' | 'target';
}

const valid = { bootstate: '0', attempts: '0', verdict: '-' } as const;

/**
 * A disk with the current build and its OEM in bank 5, the build before it in bank 6, both confirmed unless
 * told, the packages of the current one in the store, and states in the slots of both banks.
 */
export function cutHost(options: HostOptions = {}): CutHost {
  const { bankMebibytes = 48, target = {}, newestState = 'target' } = options;
  const { current = builds.current, before = builds.before } = options;
  const sizes = new Map([
    [keptBank, bankMebibytes],
    [targetBank, bankMebibytes],
    [storePartition, 4],
  ]);
  const image = Buffer.alloc((2 * bankMebibytes + 6) * mebibyte);
  const disk = memoryDevice(image);
  let firstLba = 2048;
  const partitions = [...sizes].map(([number, size]) => {
    const { name = '', type = '' } = imagePartitions.find((one) => one.number === number) ?? {};
    const place = { firstLba, lastLba: firstLba + size * 2048 - 1 };
    firstLba += size * 2048;
    return { number, name, type, guid: deriveGuid('test', name), attributes: 0n, ...place };
  });
  writeGpt(disk, { diskGuid: deriveGuid('test', 'disk'), partitions });
  const places = new Map(partitions.map((one) => [one.number, one]));
  const edit: CutHost['edit'] = (number, change) => {
    const device = partitionDevice(disk, places.get(number)!);
    const volume = openFat(device);
    change(volume, device);
    volume.flush();
  };
  for (const place of partitions) {
    const device = partitionDevice(disk, place);
    formatFat16(device, { serial: place.number, hiddenSectors: place.firstLba });
    if (place.number === storePartition) continue;
    writeBankMagic(device, deriveGuid('test', `bank ${place.number}`));
  }
  edit(keptBank, (volume) => fillBank(volume, current, { ...valid, updated: 7 }));
  edit(targetBank, (volume) => {
    fillBank(volume, before, { ...valid, updated: 6, ...target });
  });
  edit(storePartition, (volume) => fillStore(volume, current));
  const newest = newestState === 'kept' ? keptBank : targetBank;
  for (const number of [keptBank, targetBank]) {
    const generation = number === newest ? 4 : 3;
    const saved = { generation, schema: stateSchema, content: stateOf(number) };
    edit(number, (volume) => volume.overwrite('state1.slt', 0, encodeSlot(saved)));
  }
  const counts = target.verdict === 'R' ? keptBank : newest;
  return { image, places, state: stateOf(counts), edit };
}

function fillBank(
  volume: FatVolume,
  { manifests, files }: Build,
  marks: BootMarks & { updated: number },
): void {
  const plan = planBank(manifests);
  volume.write('boot.cfg', bootCfgBytes(plan, marks));
  for (const file of plan.files) {
    volume.write(file.name, 'data' in file ? file.data : files[file.name]!);
  }
}

function fillStore(volume: FatVolume, { name, packages }: Build): void {
  volume.mkdir('packages');
  volume.mkdir('builds');
  const listed = Object.entries(packages).map(([file, data]) => {
    volume.write(`packages/${file}`, data);
    const path = `packages/${file}`;
    return { name: file, path, bytes: data.length, sha256: sha256(data) };
  });
  volume.write(`builds/${name}.json`, encodeStoreList({ build: name, packages: listed }));
  // Of a build that no bank has any more.
  volume.write('packages/old_1.deb', new Uint8Array(9000));
}
