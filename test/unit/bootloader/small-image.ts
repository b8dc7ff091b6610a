import type {
  BankManifest,
  BaseFacts,
  ManifestModule,
} from '../../../src/bootloader/bank-manifest.ts';
import { type BootCfg, encodeBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { coreImageLba } from '../../../src/bootloader/core-image-place.ts';
import { encodeGrubCfg } from '../../../src/bootloader/grub-cfg-parts.ts';
import { imagePartitions } from '../../../src/bootloader/image-partitions.ts';
import { bootx64Path, grubCfgPath, hashLoader } from '../../../src/bootloader/loader-parts.ts';
import { sha256 } from '../../../src/bootloader/sum-file.ts';
import { writeBankMagic } from '../../../src/disk/bank-magic.ts';
import { type BlockDevice, memoryDevice, sliceDevice } from '../../../src/disk/block-device.ts';
import { emptyCoredump, writeCoredumpHeader } from '../../../src/disk/coredump-header.ts';
import { formatFat16 } from '../../../src/disk/fat/format.ts';
import { type FatVolume, openFat } from '../../../src/disk/fat/volume.ts';
import { writeGpt } from '../../../src/disk/gpt.ts';
import { deriveGuid } from '../../../src/disk/guid.ts';
import { writeProtectiveMbr } from '../../../src/disk/mbr.ts';
import { type KeptManifest, planBank } from '../../../src/update/manifest/plan-bank.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { encodeLoaderStatement } from '../../../src/update/signing/loader-statement.ts';
import { signBytes } from '../../../src/update/signing/signature.ts';
import { encodeManifest } from '../../../src/update/signing/signed-manifest.ts';
import { payload } from '../disk/fat/trees.ts';

const MiB = 2 ** 20;
const sizes: Record<number, number> = { 1: 4, 5: 4, 6: 4, 7: 1, 8: 4 };

export const build = '1.2.3-400';
/** First bytes of a partition in the image; the partitions follow each other from 1 MiB. */
export const partitionStart: Record<number, number> = { 1: 1, 5: 5, 6: 9, 7: 13, 8: 14 };

export interface SmallImage {
  readonly bytes: Buffer;
  readonly size: number;
  /** Changes files of a partition's volume. */
  edit(partition: number, change: (volume: FatVolume) => void): void;
  /** Replaces boot.cfg of a bank by one that differs in this. */
  mark(bank: number, cfg: Partial<BootCfg>): void;
}

/** Images as they were made, by the partitions that they lack: to copy one takes a tenth of the time. */
const made = new Map<string, Buffer>();

/** A whole image of 19 MiB in memory, made by src/disk: real tables and volumes, random modules. */
export function smallImage(without: readonly number[] = []): SmallImage {
  const key = without.join();
  const master = made.get(key) ?? makeBytes(without);
  made.set(key, master);
  return imageOver(Buffer.from(master));
}

function imageOver(bytes: Buffer): SmallImage {
  const device = memoryDevice(bytes);
  const edit = (number: number, change: (volume: FatVolume) => void) => {
    const volume = openFat(partitionOf(device, number));
    change(volume);
    volume.flush();
  };
  const mark = (bank: number, cfg: Partial<BootCfg>) =>
    edit(bank, (volume) => volume.overwrite('boot.cfg', 0, bootCfg({ updated: 7 - bank, ...cfg })));
  return { bytes, size: bytes.length, edit, mark };
}

function partitionOf(device: BlockDevice, number: number): BlockDevice {
  return sliceDevice(device, partitionStart[number]! * MiB, sizes[number]! * MiB);
}

function makeBytes(without: readonly number[]): Buffer {
  const bytes = Buffer.alloc(19 * MiB);
  const device = memoryDevice(bytes);
  const partitions = imagePartitions
    .filter(({ number }) => !without.includes(number))
    .map(({ number, name, type }) => {
      const start = partitionStart[number];
      const lbas =
        start === undefined
          ? { firstLba: 34, lastLba: 2047 }
          : { firstLba: start * 2048, lastLba: (start + sizes[number]!) * 2048 - 1 };
      return { number, name, type, guid: deriveGuid('test', name), attributes: 0n, ...lbas };
    });
  writeProtectiveMbr(device, { bootCode: loader.bootCode });
  writeGpt(device, { diskGuid: deriveGuid('test', 'disk'), partitions });
  device.write(coreImageLba * 512, loader.coreImage);
  const { edit } = imageOver(bytes);
  const files = { 1: loaderFiles(), 5: bankFiles(2), 6: bankFiles(1), 8: storeFiles() };
  for (const [text, content] of Object.entries(files)) {
    const number = Number(text);
    formatFat16(partitionOf(device, number), { serial: number });
    edit(number, (volume) => {
      for (const [path, data] of Object.entries(content)) {
        volume.mkdir(path.split('/').slice(0, -1).join('/'));
        volume.write(path, data);
      }
    });
  }
  for (const bank of [5, 6])
    writeBankMagic(partitionOf(device, bank), deriveGuid('test', `bank ${bank}`));
  writeCoredumpHeader(partitionOf(device, 7), emptyCoredump);
  return bytes;
}

export function bootCfg(cfg: Partial<BootCfg>): Uint8Array {
  const marks = { bootstate: '0', attempts: '0', verdict: '-' } as const;
  return encodeBootCfg({ ...plan.bootCfg, ...marks, updated: 1, ...cfg });
}

const content: Record<string, Uint8Array> = {
  vmkernel: payload(50_000, 1),
  'boot.v00': payload(3000, 2),
  'engine.v00': payload(70_001, 3),
};

/** The manifest of the base with these modules, signed with the development key and trusting it. */
export function signedBase(
  files: Record<string, Uint8Array>,
  more: Partial<BankManifest> = {},
  base: Partial<BaseFacts> = {},
): KeptManifest {
  const { id: keyId, raw: publicKey } = developmentKey.public;
  return signed({
    origin: 'base',
    vendor: 'twinbank',
    product: 'twinbank',
    version: build.split('-')[0]!,
    build,
    kernelOptions: ['quiet'],
    modules: Object.entries(files).map(([file, data]) => manifestModule(file, data, 'base')),
    base: {
      title: 'test',
      securityVersion: 0,
      minVersion: '',
      packages: [],
      trust: [{ keyId, publicKey }],
      ...base,
    },
    ...more,
  });
}

export function signed(manifest: BankManifest): KeptManifest {
  const bytes = encodeManifest(manifest);
  return { manifest, bytes, signature: signBytes(bytes, [developmentKey]) };
}

export function manifestModule(
  file: string,
  data: Uint8Array,
  kind: 'base' | 'oem',
): ManifestModule {
  return {
    name: file.replace('.v00', ''),
    file,
    version: '7.8',
    vendor: 'twinbank',
    kind,
    bytes: data.length,
    sha256: sha256(data),
    files: [],
    provides: [],
    requires: [],
    conflicts: [],
    replaces: [],
  };
}

/** A loader that starts nothing. */
const loader = {
  bootCode: payload(440, 9),
  coreImage: payload(2048, 10),
  bootx64: payload(900, 4),
  grubCfg: '# grub\n',
};
/** Its hashes, as the base manifest of the image lists them. */
export const smallLoader = hashLoader(loader);

const plan = planBank([signedBase(content, {}, { loader: smallLoader })]);

function bankFiles(updated: number): Record<string, Uint8Array> {
  const planned = plan.files.map((file) => {
    return [file.name, 'data' in file ? file.data : content[file.name]!] as const;
  });
  return { 'boot.cfg': bootCfg({ updated }), ...Object.fromEntries(planned) };
}

function loaderFiles(): Record<string, Uint8Array> {
  const bytes = encodeLoaderStatement({ product: 'twinbank', build, loader: smallLoader });
  const grubCfg = encodeGrubCfg(loader.grubCfg, {
    bytes,
    signature: signBytes(bytes, [developmentKey]),
  });
  return { [bootx64Path]: loader.bootx64, [grubCfgPath]: Buffer.from(grubCfg) };
}

function storeFiles(): Record<string, Uint8Array> {
  return {
    'packages/tool_1_amd64.deb': payload(5000, 5),
    [`builds/${build}.json`]: Buffer.from('{}'),
  };
}
