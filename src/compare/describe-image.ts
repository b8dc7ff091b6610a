import { hashOr, readOr } from '../bootloader/bank-contents.ts';
import { readBankEnv } from '../bootloader/bank-env.ts';
import { bankFiles } from '../bootloader/bank-volume.ts';
import { journalPath } from '../bootloader/boot-journal.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import { splitGrubCfg } from '../bootloader/grub-cfg-parts.ts';
import { imagePartition, isBankPartition } from '../bootloader/image-partitions.ts';
import { inspectImage } from '../bootloader/inspect-image.ts';
import { grubCfgPath } from '../bootloader/loader-parts.ts';
import type { Bank } from '../bootloader/read-banks.ts';
import { sha256 } from '../bootloader/sum-file.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { inFile } from '../diagnostics/in-file.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { openFat } from '../disk/fat/volume.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { readProtectiveMbr } from '../disk/mbr.ts';
import { openImage } from '../disk/open-image.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { readBankForUpdate } from '../update/bank-reading.ts';
import { verifyDiskLoader } from '../update/verify-loader.ts';
import { describeListed, describeOrigin } from './describe-manifest.ts';
import {
  type DescribedBank,
  type DescribedFile,
  type DescribedImage,
  type DescribedModule,
  type DescribedSystem,
  systemFacts,
} from './described.ts';
import type { DescribeOptions, Source } from './source.ts';

/** A raw partition with more than this is no loader. */
const maxCode = 2 ** 24;

/**
 * Opens an image for a comparison and hashes what it holds. `bank` is the one to compare in full, else the
 * one that boots next, else the first. Throws as `openImage` and `inspectImage` do, with the file named;
 * `image.truncated` (kind `corrupt`) for an image that is cut short, `compare.bank` (kind `usage`) for a bank
 * that it has not.
 */
export async function describeImage(
  name: string,
  path: string,
  options: DescribeOptions,
): Promise<Source<DescribedImage>> {
  const { device, format, close } = openImage(path);
  try {
    const report = await inspectImage(device, options);
    const cut = report.findings.find(({ code }) => code === 'image.truncated');
    if (cut) throw new TwinbankError('corrupt', cut.code, cut.message);
    const partitions = report.partitions.filter(isBankPartition);
    const banks = partitions.flatMap((partition) => {
      const bank = report.banks.find((one) => one.partition === partition.number);
      return bank ? [describeBank(bank, partitionDevice(device, partition))] : [];
    });
    const chosen = options.bank ?? report.next ?? banks[0]?.partition;
    const bank = banks.find((one) => one.partition === chosen);
    const place = partitions.find((one) => one.number === chosen);
    if (!bank || !place) throw noBank(name, chosen, banks);
    const { size, diskGuid } = report;
    const loader = verifyDiskLoader(device, { current: bank.partition });
    const findings = [...report.findings, ...loader.findings];
    const described: DescribedImage = {
      kind: 'image',
      path: name,
      format,
      size,
      diskGuid,
      partitions: report.partitions,
      files: [...mbrCode(device), ...report.partitions.flatMap((one) => filesOf(device, one))],
      banks,
      bank: bank.partition,
      system: bank.system,
      loader: [loader.state, loader.build].filter(Boolean).join(' '),
      problems: findings.flatMap(({ severity, message }) =>
        severity === 'error' ? [message] : [],
      ),
    };
    const slice = partitionDevice(device, place);
    const moduleBytes = async (file: string) =>
      unlessDamaged(
        () => readFile(slice, file),
        () => {},
      );
    const contentOf = (role: string, file: string): Uint8Array | undefined => {
      const found = report.partitions.find((one) => imagePartition(one)?.role === role);
      return unlessDamaged(
        () => found && readFile(partitionDevice(device, found), file),
        () => {},
      );
    };
    return {
      described,
      moduleBytes,
      close,
      packageBytes: async ({ sha256: hash }) => {
        const isIt = (one: DescribedFile): boolean =>
          one.place === 'store' && one.path.startsWith('packages/') && one.sha256 === hash;
        const stored = described.files.find(isIt);
        return stored && contentOf('store', stored.path);
      },
      loaderConfig: () => contentOf('loader', 'grub/grub.cfg')?.toString(),
    };
  } catch (error) {
    close();
    throw inFile(name, error);
  }
}

function readFile(device: BlockDevice, file: string): Buffer | undefined {
  const volume = openFat(device);
  return volume.stat(file) ? Buffer.from(volume.read(file)) : undefined;
}

function noBank(
  name: string,
  bank: number | undefined,
  banks: readonly DescribedBank[],
): TwinbankError {
  const numbers = banks.map(({ partition }) => partition).join(' or ');
  const message = `${name}: expected --bank ${numbers}, found ${bank}`;
  return new TwinbankError('usage', 'compare.bank', message);
}

function describeBank(bank: Bank, device: BlockDevice): DescribedBank {
  const { partition, build, state, updated, attempts, verdict, uuid } = bank;
  const system = describeSystem(bank, device);
  return { partition, build, state, updated, attempts, verdict, uuid, system };
}

/** Bytes and hashes are those on the disk; what nobody can see in a file is what its manifest says. */
function describeSystem(bank: Bank, device: BlockDevice): DescribedSystem {
  const { files, bootCfg, manifests } = readBankForUpdate(bank.partition, device);
  const listed = manifests.flatMap(({ manifest: { origin, modules } }) =>
    modules.map((one) => describeListed(one, origin)),
  );
  const env = readOr(files, 'bank.env');
  const executed =
    (env && readBankEnv(env))?.kernelopt ?? (bootCfg.ok ? bootCfg.cfg.kernelopt : '');
  return {
    ...systemFacts(manifests.map(({ manifest }) => manifest)),
    origins: manifests.map(describeOrigin),
    kernelOptions: executed.split(/\s+/).filter((word) => word !== ''),
    modules: bank.modules.map((found): DescribedModule => {
      const { name, file, version, vendor, kind, origin, bytes, sha256 } = found;
      const entry = listed.find((one) => one.file.toLowerCase() === file.toLowerCase());
      const { relations = [], files = [] } = entry ?? {};
      const facts = { name, file, version, vendor, kind, origin, bytes, sha256 };
      return { ...facts, relations, files, leftOut: false };
    }),
  };
}

function mbrCode(device: BlockDevice): DescribedFile[] {
  const read = () => readProtectiveMbr(device).bootCode;
  const code = unlessDamaged(read, () => {});
  return code ? [code].map((bytes) => fileOf('mbr', 'boot.img', bytes)) : [];
}

function filesOf(device: BlockDevice, partition: GptPartition): DescribedFile[] {
  const role = imagePartition(partition)?.role;
  const slice = partitionDevice(device, partition);
  if (role === 'bios-boot') {
    const bytes = unlessDamaged(
      () => slice.read(0, Math.min(slice.size, maxCode)),
      () => {},
    );
    return bytes ? [fileOf('bios-boot', 'core.img', bytes)] : [];
  }
  if (role !== 'loader' && role !== 'store') return [];
  const place = role === 'loader' ? 'bootloader' : 'store';
  const list = (): DescribedFile[] => {
    const volume = openFat(slice);
    const contents = bankFiles(volume, slice);
    return volume.walk().flatMap(({ path, size, directory }) => {
      const file = path.slice(1);
      // What became of boots is the host's story, not the image's content.
      if (directory || file.toLowerCase() === journalPath.toLowerCase()) return [];
      if (role === 'loader' && file.toLowerCase() === grubCfgPath) {
        // Its last line names the build, and is judged with the loader.
        const { script } = splitGrubCfg(volume.read(file));
        return [fileOf(place, file, script)];
      }
      return [{ place, path: file, bytes: size, sha256: hashOr(contents, file) ?? '' }];
    });
  };
  return unlessDamaged(list, () => {}) ?? [];
}

function fileOf(place: string, path: string, bytes: Uint8Array): DescribedFile {
  return { place, path, bytes: bytes.length, sha256: sha256(bytes) };
}
