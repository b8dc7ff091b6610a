import type { BlockDevice } from '../disk/block-device.ts';
import { type CoredumpHeader, readCoredumpHeader } from '../disk/coredump-header.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import type { Finding } from '../disk/finding.ts';
import type { JournalRecord } from './boot-journal.ts';
import { unlessDamaged } from './damage.ts';
import { bootx64Path, grubCfgPath } from './loader-parts.ts';
import { journalOfStore } from './store-journal.ts';

export type CoredumpReport = CoredumpHeader;

export interface StoreReport {
  readonly bytes: number;
  readonly bytesFree: number;
  /** Builds whose packages they are, by the lists in /builds. */
  readonly builds: readonly string[];
  /** What became of the last boots, oldest first; empty where there is no journal. */
  readonly journal: readonly JournalRecord[];
}

/** Files that firmware and loader look for by name. */
const loaderFiles = [
  [bootx64Path, 'UEFI cannot start it'],
  [grubCfgPath, 'the loader does nothing'],
] as const;

export function inspectLoader(partition: BlockDevice, findings: Finding[]): void {
  const volume = openVolume(partition, 'bootloader', findings);
  if (!volume) return;
  for (const [path, loss] of loaderFiles) {
    const found = unlessDamaged(
      () => volume.stat(path),
      () => {},
    );
    if (found && found.size > 0) continue;
    const message = `bootloader: expected ${path}, found none: ${loss}`;
    findings.push({ severity: 'error', code: 'loader.file-missing', message });
  }
}

export function inspectStore(partition: BlockDevice, findings: Finding[]): StoreReport | null {
  const volume = openVolume(partition, 'store', findings);
  if (!volume) return null;
  const list = (path: string) =>
    unlessDamaged(
      () => (volume.stat(path)?.directory ? volume.list(path) : []),
      fail('store', findings),
    ) ?? [];
  return {
    bytes: volume.boot.clusters * volume.clusterBytes,
    bytesFree: volume.freeBytes,
    builds: list('builds').map(({ name }) => name.replace(/\.json$/i, '')),
    journal: unlessDamaged(() => journalOfStore(volume), fail('store', findings)) ?? [],
  };
}

export function inspectCoredump(
  partition: BlockDevice,
  findings: Finding[],
): CoredumpReport | null {
  return unlessDamaged(() => readCoredumpHeader(partition), fail('coredump', findings)) ?? null;
}

function openVolume(
  partition: BlockDevice,
  place: string,
  findings: Finding[],
): FatVolume | undefined {
  const read = () => {
    const volume = openFat(partition);
    for (const { severity, code, message } of volume.check()) {
      findings.push({ severity, code, message: `${place}: ${message}` });
    }
    return volume;
  };
  return unlessDamaged(read, fail(place, findings));
}

function fail(place: string, findings: Finding[]): (code: string, message: string) => void {
  return (code, message) =>
    findings.push({ severity: 'error', code, message: `${place}: ${message}` });
}
