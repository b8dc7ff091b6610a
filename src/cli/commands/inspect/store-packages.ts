import { unlessDamaged } from '../../../bootloader/damage.ts';
import { imagePartition, isBankPartition } from '../../../bootloader/image-partitions.ts';
import type { ImageReport } from '../../../bootloader/inspect-image.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import type { Finding } from '../../../disk/finding.ts';
import { partitionDevice } from '../../../disk/partition-device.ts';
import { readBankForUpdate } from '../../../update/bank-reading.ts';
import { reportStore, type StoreReport, storeProblems } from '../../../update/stored-package.ts';
import { plain } from '../../text/plain-text.ts';
import { table } from '../../text/table.ts';

/** The store of a disk, held against the manifests of its banks, and what is wrong with it. */
export interface StoreOfDisk {
  readonly report: StoreReport;
  readonly findings: readonly Finding[];
}

/**
 * A bank that boots nothing names packages, too, and need not have them: an update was broken off. What cannot be opened at
 * all `inspectImage` has told.
 */
export function storeOfDisk(
  disk: BlockDevice,
  { partitions, banks }: Pick<ImageReport, 'partitions' | 'banks'>,
): StoreOfDisk {
  const slice = (one: (typeof partitions)[number] | undefined) =>
    unlessDamaged(
      () => one && partitionDevice(disk, one),
      () => {},
    );
  const named = partitions.filter(isBankPartition).flatMap((one) => {
    const device = slice(one);
    const bank = banks.find(({ partition }) => partition === one.number);
    const manifests = device ? readBankForUpdate(one.number, device).manifests : [];
    return manifests.flatMap(({ manifest: { build, base } }) =>
      base ? [{ build, packages: base.packages, counts: bank?.state !== 'INVALID' }] : [],
    );
  });
  const device = slice(partitions.find((one) => imagePartition(one)?.role === 'store'));
  const report = reportStore(device, named);
  const counted = named.filter(({ counts }) => counts).map(({ build }) => build);
  const packages = report.packages.filter(({ builds }) =>
    builds.some((build) => counted.includes(build)),
  );
  const messages = report.problem === null ? storeProblems({ ...report, packages }) : [];
  return {
    report,
    findings: messages.map((message) => ({ severity: 'error', code: 'store.package', message })),
  };
}

/** For programs: what builds name, then what none does. `name` and `bytes` stay what they are. */
export function storePackagesJson({ packages, unnamed }: StoreReport) {
  return [
    ...packages.map(({ name, bytes, sha256, id, type, version, state, path, builds }) => ({
      ...{ name, bytes, id: id ?? null, type: type ?? null, version: version ?? null },
      sha256,
      state,
      path,
      builds,
    })),
    ...unnamed.map(({ path, bytes }) => ({
      name: path.slice('packages/'.length),
      bytes,
      id: null,
      type: null,
      version: null,
      sha256: null,
      state: 'unnamed',
      path,
      builds: [],
    })),
  ];
}

/** A row for each package. */
export function storePackagesText({ packages, unnamed }: StoreReport): string {
  const rows = [
    ...packages.map(({ id, name, type, version, bytes, state, builds }) => [
      ...[plain(id ?? name), plain(type ?? ''), plain(version ?? ''), humanSize(bytes)],
      ...[builds.map(plain).join(', '), state === 'right' ? '' : state],
    ]),
    ...unnamed.map(({ path, bytes }) => [
      ...[plain(path.slice('packages/'.length)), '', '', humanSize(bytes), '', 'no build names it'],
    ]),
  ];
  if (rows.length === 0) return '';
  return table([['package', 'type', 'version', 'size', 'of', ''], ...rows]);
}
