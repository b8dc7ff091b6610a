import type { BootMarks } from '../../../src/bootloader/boot-cfg.ts';
import { journalBytes, journalPath } from '../../../src/bootloader/boot-journal.ts';
import { encodeGrubCfg } from '../../../src/bootloader/grub-cfg-parts.ts';
import { imagePartition, isBankPartition } from '../../../src/bootloader/image-partitions.ts';
import { grubCfgPath } from '../../../src/bootloader/loader-parts.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { readGpt } from '../../../src/disk/gpt.ts';
import { partitionDevice } from '../../../src/disk/partition-device.ts';
import type { HostDisk } from '../../../src/update/host-disk.ts';
import {
  bootCfgBytes,
  type KeptManifest,
  planBank,
} from '../../../src/update/manifest/plan-bank.ts';
import type { StoredPackage } from '../../../src/update/plan-store.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { encodeLoaderStatement } from '../../../src/update/signing/loader-statement.ts';
import { signBytes } from '../../../src/update/signing/signature.ts';
import { encodeStoreList } from '../../../src/update/store-volume.ts';
import { type SmallImage, smallImage, smallLoader } from '../bootloader/small-image.ts';
import { contentOf, keys } from './manifests.ts';

export interface BankContents {
  /** The base first; the modules are those that {@link moduleOf} made. */
  readonly manifests: readonly KeptManifest[];
  /** VALID, attempts 0, verdict `-` unless told. */
  readonly marks?: Partial<BootMarks & { updated: number }>;
}

const marks = { bootstate: '0', attempts: '0', verdict: '-' } as const;

/**
 * An image of 19 MiB with these banks, and in its store the packages of their builds. A bank that is not given
 * is empty and INVALID. Bank 5 has the higher number.
 */
export function hostImage(banks: {
  readonly 5?: BankContents;
  readonly 6?: BankContents;
}): SmallImage {
  const image = smallImage();
  const bytes = encodeLoaderStatement({ product: 'twinbank', build: '1.0-1', loader: smallLoader });
  const said = { bytes, signature: signBytes(bytes, [keys.release, developmentKey]) };
  image.edit(1, (volume) =>
    volume.write(grubCfgPath, Buffer.from(encodeGrubCfg('# grub\n', said))),
  );
  for (const number of [5, 6] as const) fillBank(image, number, banks[number]);
  image.edit(8, (volume) => {
    volume.mkdir('journal');
    volume.write(journalPath, new Uint8Array(journalBytes));
    for (const folder of ['packages', 'builds']) {
      for (const { name } of volume.list(folder)) volume.remove(`${folder}/${name}`);
    }
    for (const { manifest } of [banks[5], banks[6]].flatMap((one) => one?.manifests ?? [])) {
      if (!manifest.base) continue;
      const packages = manifest.base.packages.map((one): StoredPackage => {
        volume.write(`packages/${one.name}`, contentOf(one));
        return { ...one, path: `packages/${one.name}` };
      });
      const list = encodeStoreList({ build: manifest.build, packages });
      volume.write(`builds/${manifest.build}.json`, list);
    }
  });
  return image;
}

function fillBank(image: SmallImage, number: number, bank: BankContents | undefined): void {
  image.edit(number, (volume) => {
    const old = Buffer.from(volume.read('boot.cfg'));
    for (const { name } of volume.list()) volume.remove(name);
    if (!bank) {
      // What is there of a bank that was never filled: INVALID, and nothing else.
      const text = old.toString('latin1').replace('bootstate=0', 'bootstate=3');
      volume.write('boot.cfg', Buffer.from(text, 'latin1'));
      return;
    }
    const plan = planBank(bank.manifests);
    volume.write('boot.cfg', bootCfgBytes(plan, { ...marks, updated: 7 - number, ...bank.marks }));
    for (const file of plan.files) {
      volume.write(file.name, 'data' in file ? file.data : contentOf(file.module));
    }
  });
}

/** The disk of an image in memory, as an update wants it. */
export function diskOf(bytes: Buffer): HostDisk {
  const device = memoryDevice(bytes);
  const { partitions } = readGpt(device);
  const store = partitions.find((one) => imagePartition(one)?.role === 'store');
  return {
    banks: partitions.filter(isBankPartition).map((one) => {
      const { number, firstLba } = one;
      return { number, firstLba, device: partitionDevice(device, one) };
    }),
    store: store && partitionDevice(device, store),
    dropCaches: async () => {},
  };
}
