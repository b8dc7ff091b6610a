import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';
import { crc32, hex32 } from './crc32.ts';
import type { Finding } from './finding.ts';
import { assertGptLayout } from './gpt-check.ts';
import { decodeGptEntries, encodeGptEntry, type GptPartition, gptEntrySize } from './gpt-entry.ts';
import { decodeGptHeader, encodeGptHeaders, type GptHeader } from './gpt-header.ts';

/** Entries of the tables that we write. */
export const gptEntryCount = 128;
const arraySectors = (gptEntryCount * gptEntrySize) / 512;
/** The first LBA after the primary array. */
export const firstUsableLba = 2 + arraySectors;

export interface GptTable {
  readonly diskGuid: string;
  readonly partitions: readonly GptPartition[];
}

export interface GptReading extends GptTable {
  readonly firstUsableLba: number;
  /** Inclusive. */
  readonly lastUsableLba: number;
  /** Which copy the table was taken from. */
  readonly source: 'primary' | 'backup';
  /** LBA of the other header, as the one that was used names it. */
  readonly alternateLba: number;
  readonly findings: readonly Finding[];
}

/** The last LBA (inclusive) that a partition may use on a disk of `sectors` sectors. */
export function lastUsableLba(sectors: number): number {
  return sectors - arraySectors - 2;
}

/**
 * Both copies of a table for a disk of `sectors` sectors, as the bytes to write and where: `primary` goes
 * to LBA 1 (header, then array), `backup` to LBA `sectors - 33` (array, then header at the last LBA; UEFI
 * 2.10 section 5.3). Throws `gpt.overlap`, `gpt.range`, `gpt.number` or `gpt.name` (kind `recipe`).
 */
function encodeGpt(
  table: GptTable,
  sectors: number,
): { primary: Uint8Array; backup: Uint8Array; backupLba: number } {
  const usable = { firstUsableLba, lastUsableLba: lastUsableLba(sectors) };
  assertGptLayout(table.partitions, usable, gptEntryCount, 'recipe');
  const array = new Uint8Array(gptEntryCount * gptEntrySize);
  for (const partition of table.partitions) {
    array.set(encodeGptEntry(partition), (partition.number - 1) * gptEntrySize);
  }
  const common = {
    ...usable,
    diskGuid: table.diskGuid,
    entryCount: gptEntryCount,
    arrayCrc: crc32(array),
  };
  const headers = encodeGptHeaders(common, sectors);
  return {
    primary: Buffer.concat([headers.primary, array]),
    backup: Buffer.concat([array, headers.backup]),
    backupLba: headers.backupLba,
  };
}

/** Writes both copies (backup first: one of them is whole at any time) and flushes between them. */
export function writeGpt(device: BlockDevice, table: GptTable): void {
  const { primary, backup, backupLba } = encodeGpt(table, sectorsOf(device));
  device.write(backupLba * 512, backup);
  device.flush();
  device.write(512, primary);
  device.flush();
}

/**
 * Reads the table and checks both copies. A broken or stale copy beside a good one is a finding; when
 * neither is good, throws what is wrong with the primary one (kind `corrupt`: the codes of
 * {@link decodeGptHeader}, `gpt.array-range`, `gpt.array-crc`, `gpt.range`, `gpt.overlap`).
 */
export function readGpt(device: BlockDevice): GptReading {
  const sectors = sectorsOf(device);
  const last = sectors - 1;
  const primary = attempt(() => readCopy(device, 1));
  const backupLba = 'copy' in primary ? primary.copy.header.alternateLba : last;
  const backup = attempt(() => readCopy(device, backupLba));
  const findings: Finding[] = [];
  const warn = (code: string, message: string) =>
    findings.push({ severity: 'warning', code, message });
  if ('copy' in primary) {
    if ('error' in backup) {
      warn(backup.error.code, `backup GPT: ${backup.error.message}`);
    } else if (!sameTable(primary.copy, backup.copy)) {
      warn('gpt.copies-differ', `LBA ${backupLba}: expected a copy of the table at LBA 1`);
    }
    if (backupLba !== last) {
      warn('gpt.backup-place', `expected the backup GPT at LBA ${last}, found LBA ${backupLba}`);
    }
    return reading(primary.copy, 'primary', findings);
  }
  if ('copy' in backup) {
    warn(primary.error.code, `primary GPT: ${primary.error.message}; the backup is used`);
    return reading(backup.copy, 'backup', findings);
  }
  const { code, message, data } = primary.error;
  throw new TwinbankError(
    'corrupt',
    code,
    `${message}; the backup is no help: ${backup.error.message}`,
    {
      data: { ...data, backup: backup.error.code },
    },
  );
}

/**
 * Puts the backup at the end of a device that is larger than the disk the table was made for, and lets
 * both headers say so. The old backup header is wiped, so that no tool finds it. Throws as {@link readGpt}
 * does, and kind `refused` where the table that we write has no place for what is there: `gpt.first-usable`,
 * `gpt.range`, `gpt.number`.
 */
export function moveBackup(device: BlockDevice): GptReading {
  const found = readGpt(device);
  if (found.firstUsableLba < firstUsableLba) {
    throw new TwinbankError(
      'refused',
      'gpt.first-usable',
      `expected the first usable LBA to be ${firstUsableLba} or higher, found ${found.firstUsableLba}`,
    );
  }
  const sectors = sectorsOf(device);
  const last = sectors - 1;
  const usable = { firstUsableLba, lastUsableLba: lastUsableLba(sectors) };
  assertGptLayout(found.partitions, usable, gptEntryCount, 'refused');
  writeGpt(device, found);
  const old = found.source === 'primary' ? found.alternateLba : last;
  const inPartition = found.partitions.some((p) => old >= p.firstLba && old <= p.lastLba);
  if (old > firstUsableLba && old < last && !inPartition) {
    device.write(old * 512, new Uint8Array(512));
    device.flush();
  }
  return readGpt(device);
}

interface Copy {
  readonly header: GptHeader;
  readonly partitions: readonly GptPartition[];
}

function readCopy(device: BlockDevice, lba: number): Copy {
  const sectors = sectorsOf(device);
  if (lba < 1 || lba >= sectors) {
    throw new TwinbankError(
      'corrupt',
      'gpt.header-range',
      `expected a GPT header within ${sectors} sectors, found it named at LBA ${lba}`,
    );
  }
  const header = decodeGptHeader(device.read(lba * 512, 512), lba);
  const length = header.entryCount * gptEntrySize;
  const arrayEnd = header.arrayLba + Math.ceil(length / 512);
  if (header.arrayLba < 2 || arrayEnd > sectors) {
    throw new TwinbankError(
      'corrupt',
      'gpt.array-range',
      `LBA ${lba}: expected a partition array within ${sectors} sectors, found LBA ${header.arrayLba} to ${arrayEnd - 1}`,
    );
  }
  const array = device.read(header.arrayLba * 512, length);
  const actual = crc32(array);
  if (actual !== header.arrayCrc) {
    throw new TwinbankError(
      'corrupt',
      'gpt.array-crc',
      `LBA ${header.arrayLba}: expected partition array CRC-32 ${hex32(header.arrayCrc)}, found ${hex32(actual)}`,
    );
  }
  const partitions = decodeGptEntries(array);
  const usable = {
    firstUsableLba: header.firstUsableLba,
    lastUsableLba: Math.min(header.lastUsableLba, sectors - 1),
  };
  assertGptLayout(partitions, usable, header.entryCount, 'corrupt');
  return { header, partitions };
}

function attempt(read: () => Copy): { copy: Copy } | { error: TwinbankError } {
  try {
    return { copy: read() };
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'corrupt') return { error };
    throw error;
  }
}

function sameTable(a: Copy, b: Copy): boolean {
  return a.header.arrayCrc === b.header.arrayCrc && a.header.diskGuid === b.header.diskGuid;
}

function reading(copy: Copy, source: 'primary' | 'backup', findings: Finding[]): GptReading {
  const { diskGuid, firstUsableLba, lastUsableLba, alternateLba } = copy.header;
  const { partitions } = copy;
  return { diskGuid, partitions, firstUsableLba, lastUsableLba, alternateLba, source, findings };
}

function sectorsOf(device: BlockDevice): number {
  const sectors = Math.floor(device.size / 512);
  if (sectors < 2 * (arraySectors + 1) + 2) {
    throw new TwinbankError(
      'corrupt',
      'gpt.device-size',
      `expected a device of at least ${2 * (arraySectors + 1) + 2} sectors, found ${sectors}`,
    );
  }
  return sectors;
}
