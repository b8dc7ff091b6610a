import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';
import type { Finding } from './finding.ts';

/** Bytes of boot code that LBA 0 has room for, before the disk signature (UEFI 2.10 table 5-1). */
const bootCodeSize = 440;
const entryOffset = 446;
const protectiveType = 0xee;

interface ProtectiveMbr {
  /** Sectors of the disk, LBA 0 included. */
  readonly sectors: number;
  /** Marks the entry active (0x80), for old firmware that starts nothing else; default no. */
  readonly active?: boolean;
  /** At most 440 bytes of code; the rest is zero. */
  readonly bootCode?: Uint8Array;
}

interface MbrReading {
  readonly active: boolean;
  /** What the protective entry says it covers, from LBA 1. */
  readonly coveredSectors: number;
  readonly bootCode: Uint8Array;
  readonly findings: readonly Finding[];
}

/**
 * LBA 0 of a GPT disk, 512 bytes: one entry of type EE from LBA 1 over the whole disk, the other three
 * zero (UEFI 2.10 section 5.2.3, table 5-4).
 */
export function encodeProtectiveMbr(mbr: ProtectiveMbr): Uint8Array {
  const code = mbr.bootCode ?? new Uint8Array();
  if (code.length > bootCodeSize) {
    throw new TwinbankError(
      'internal',
      'mbr.boot-code',
      `expected at most ${bootCodeSize} bytes of boot code, found ${code.length}`,
    );
  }
  const bytes = new Uint8Array(512);
  bytes.set(code);
  // Start at cylinder 0, head 0, sector 2; the end is beyond what cylinders and heads can say.
  bytes.set([mbr.active ? 0x80 : 0, 0x00, 0x02, 0x00, protectiveType, 0xff, 0xff, 0xff], 446);
  const view = new DataView(bytes.buffer);
  view.setUint32(entryOffset + 8, 1, true);
  bytes.set([0x55, 0xaa], 510);
  return coveringDisk(bytes, mbr.sectors);
}

/** LBA 0 with its protective entry, the first, over a disk of `sectors` sectors; all else of it is as it was. */
export function coveringDisk(lba0: Uint8Array, sectors: number): Uint8Array {
  const bytes = Uint8Array.from(lba0);
  const covered = Math.min(sectors - 1, 0xffffffff);
  new DataView(bytes.buffer).setUint32(entryOffset + 12, covered, true);
  return bytes;
}

/**
 * Reads LBA 0 of a GPT disk. Throws `mbr.signature` without 55 AA and `mbr.not-protective` where no entry
 * has type EE; everything else that differs from a strict protective MBR is a finding.
 */
function decodeProtectiveMbr(bytes: Uint8Array, deviceSectors: number): MbrReading {
  if (bytes[510] !== 0x55 || bytes[511] !== 0xaa) {
    throw new TwinbankError(
      'corrupt',
      'mbr.signature',
      `LBA 0: expected the signature 55 aa at offset 510, found ${hex(bytes.subarray(510, 512))}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const types = [0, 1, 2, 3].map((index) => bytes[entryOffset + index * 16 + 4] ?? 0);
  const index = types.indexOf(protectiveType);
  if (index < 0) {
    throw new TwinbankError(
      'corrupt',
      'mbr.not-protective',
      `LBA 0: expected a protective entry of type ee, found types ${hex(Uint8Array.from(types))}`,
    );
  }
  const entry = entryOffset + index * 16;
  const coveredSectors = view.getUint32(entry + 12, true);
  const findings: Finding[] = [];
  const expect = (ok: boolean, code: string, expected: string, found: string) => {
    if (ok) return;
    const message = `LBA 0: expected ${expected}, found ${found}`;
    findings.push({ severity: 'warning', code, message });
  };
  const used = types.filter((type) => type !== 0).length;
  expect(used === 1, 'mbr.entries', 'one entry only', `${used} entries`);
  const flags = bytes[entry] ?? 0;
  expect(flags === 0 || flags === 0x80, 'mbr.flags', 'flags 00 or 80', flags.toString(16));
  const start = view.getUint32(entry + 8, true);
  expect(start === 1, 'mbr.start', 'a protective entry from LBA 1', `LBA ${start}`);
  const covers = Math.min(deviceSectors - 1, 0xffffffff);
  expect(
    coveredSectors === covers || coveredSectors === 0xffffffff,
    'mbr.size',
    `a protective entry of ${covers} sectors`,
    String(coveredSectors),
  );
  return {
    active: flags === 0x80,
    coveredSectors,
    bootCode: new Uint8Array(bytes.subarray(0, bootCodeSize)),
    findings,
  };
}

/** Writes LBA 0; without `bootCode` the first 440 bytes that are there are kept. */
export function writeProtectiveMbr(
  device: BlockDevice,
  options: { active?: boolean; bootCode?: Uint8Array } = {},
): void {
  const bootCode = options.bootCode ?? device.read(0, bootCodeSize);
  const sectors = Math.floor(device.size / 512);
  device.write(0, encodeProtectiveMbr({ sectors, bootCode, active: options.active ?? false }));
}

export function readProtectiveMbr(device: BlockDevice): MbrReading {
  return decodeProtectiveMbr(device.read(0, 512), Math.floor(device.size / 512));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
