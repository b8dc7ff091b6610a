import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';
import { crc32, hex32 } from './crc32.ts';

const magic = 'TWBKDUMP';
const version = 2;
const states = ['empty', 'writing', 'complete', 'cut', 'failed'] as const;
const textBytes = { build: 64, reason: 128 };
const flagBits = { fetched: 1, reported: 2 };
const crcOffset = 508;

/**
 * The parts of the core-dump partition behind its header, in bytes: the kernel's log of the dump, the log of the last
 * crash of which no dump was kept, and the dump up to the partition's end.
 */
export const coredumpPlaces = {
  log: { offset: 4096, bytes: 2 ** 20 - 4096 },
  laterLog: { offset: 2 ** 20, bytes: 2 ** 20 },
  dump: { offset: 2 * 2 ** 20 },
} as const;

/** A crash after that of the dump, whose own dump had no place, as the first was not fetched yet. */
export interface LaterCrashes {
  readonly count: number;
  /** Of the last one, seconds since 1970. */
  readonly time: number;
  /** Bytes of its log. */
  readonly logLength: number;
}

export interface CoredumpHeader {
  /**
   * `writing`: a dump was begun and never finished, its log may be whole. `cut`: it was larger than the partition. `failed`: there is a
   * log, and no dump could be made.
   */
  readonly state: (typeof states)[number];
  /** Bytes of the dump, as `makedumpfile -F` wrote it. */
  readonly length: number;
  /** When it was taken, seconds since 1970. */
  readonly time: number;
  /** Partition number of the bank that crashed. */
  readonly bank: number;
  /** The build that crashed, at most 64 bytes of UTF-8. */
  readonly build: string;
  /** What the kernel panicked about, at most 128 bytes. */
  readonly reason: string;
  /** SHA-256 of the dump, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Bytes of the kernel's log. */
  readonly logLength: number;
  /** Somebody has it: the next crash may write over it. */
  readonly fetched: boolean;
  /** The system has told of it in its journal. */
  readonly reported: boolean;
  readonly later: LaterCrashes;
}

export const emptyCoredump: CoredumpHeader = {
  state: 'empty',
  length: 0,
  time: 0,
  bank: 0,
  build: '',
  reason: '',
  sha256: '0'.repeat(64),
  logLength: 0,
  fetched: false,
  reported: false,
  later: { count: 0, time: 0, logLength: 0 },
};

/**
 * Sector 0 of the core-dump partition, 512 bytes, our own format, numbers little-endian:
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0 | 8 | `TWBKDUMP` |
 * | 8 | 4 | version, 2 |
 * | 12 | 4 | state: 0 empty, 1 writing, 2 complete, 3 cut, 4 failed |
 * | 16 | 8 | length of the dump |
 * | 24 | 8 | time, seconds since 1970 |
 * | 32 | 32 | SHA-256 of the dump |
 * | 64 | 64 | build, UTF-8, padded with zeros |
 * | 128 | 128 | reason, the same |
 * | 256 | 4 | length of the log |
 * | 260 | 4 | flags: 1 fetched, 2 reported |
 * | 264 | 4 | crashes after it that were only counted |
 * | 268 | 4 | length of the log of the last of them |
 * | 272 | 8 | time of the last of them |
 * | 280 | 4 | partition number of the bank that crashed |
 * | 284 | 224 | zero |
 * | 508 | 4 | CRC-32 of the 508 bytes before |
 *
 * {@link coredumpPlaces} says where the parts are. The dump kernel writes the same in shell
 * (src/runtime/image/initramfs/lib/write-coredump). A partition without a dump has this header with state 0.
 */
export function encodeCoredumpHeader(header: CoredumpHeader): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(magic, 'latin1'));
  view.setUint32(8, version, true);
  view.setUint32(12, states.indexOf(header.state), true);
  view.setBigUint64(16, BigInt(header.length), true);
  view.setBigUint64(24, BigInt(header.time), true);
  bytes.set(Buffer.from(header.sha256, 'hex').subarray(0, 32), 32);
  bytes.set(encodeText('build', header.build), 64);
  bytes.set(encodeText('reason', header.reason), 128);
  view.setUint32(256, header.logLength, true);
  const { fetched, reported, later } = header;
  const flags = (fetched ? flagBits.fetched : 0) | (reported ? flagBits.reported : 0);
  view.setUint32(260, flags, true);
  view.setUint32(264, later.count, true);
  view.setUint32(268, later.logLength, true);
  view.setBigUint64(272, BigInt(later.time), true);
  view.setUint32(280, header.bank, true);
  view.setUint32(crcOffset, crc32(bytes.subarray(0, crcOffset)), true);
  return bytes;
}

function encodeText(field: keyof typeof textBytes, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= textBytes[field]) return bytes;
  throw new TwinbankError(
    'internal',
    `coredump.${field}`,
    `expected a ${field} of at most ${textBytes[field]} bytes, found ${JSON.stringify(text)}`,
  );
}

/**
 * Reads sector 0 of a core-dump partition of `partitionSize` bytes. Throws `coredump.magic`,
 * `coredump.version`, `coredump.crc`, `coredump.state` or `coredump.length` (kind `corrupt`).
 */
export function decodeCoredumpHeader(bytes: Uint8Array, partitionSize: number): CoredumpHeader {
  const expect = (ok: boolean, code: string, expected: string, found: string) => {
    if (ok) return;
    const message = `core-dump header: expected ${expected}, found ${found}`;
    throw new TwinbankError('corrupt', code, message);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  expect(found === magic, 'coredump.magic', `"${magic}"`, JSON.stringify(found));
  const foundVersion = view.getUint32(8, true);
  expect(foundVersion === version, 'coredump.version', `version ${version}`, String(foundVersion));
  const stored = view.getUint32(crcOffset, true);
  const actual = crc32(bytes.subarray(0, crcOffset));
  expect(actual === stored, 'coredump.crc', `CRC-32 ${hex32(stored)}`, hex32(actual));
  const number = view.getUint32(12, true);
  const state = states[number] ?? 'empty';
  expect(number < states.length, 'coredump.state', 'state 0 to 4', String(number));
  const expectLength = (what: string, length: number, room: number) =>
    expect(length <= room, 'coredump.length', `${what} of at most ${room} bytes`, String(length));
  const length = Number(view.getBigUint64(16, true));
  expectLength('a dump', length, Math.max(0, partitionSize - coredumpPlaces.dump.offset));
  const logLength = view.getUint32(256, true);
  expectLength('a log', logLength, coredumpPlaces.log.bytes);
  const later = {
    count: view.getUint32(264, true),
    time: Number(view.getBigUint64(272, true)),
    logLength: view.getUint32(268, true),
  };
  expectLength('a later log', later.logLength, coredumpPlaces.laterLog.bytes);
  const flags = view.getUint32(260, true);
  return {
    state,
    length,
    time: Number(view.getBigUint64(24, true)),
    bank: view.getUint32(280, true),
    build: decodeText(bytes.subarray(64, 64 + textBytes.build)),
    reason: decodeText(bytes.subarray(128, 128 + textBytes.reason)),
    sha256: Buffer.from(bytes.subarray(32, 64)).toString('hex'),
    logLength,
    fetched: (flags & flagBits.fetched) !== 0,
    reported: (flags & flagBits.reported) !== 0,
    later,
  };
}

function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes).toString('utf8', 0, end < 0 ? bytes.length : end);
}

export function writeCoredumpHeader(partition: BlockDevice, header: CoredumpHeader): void {
  partition.write(0, encodeCoredumpHeader(header));
}

export function readCoredumpHeader(partition: BlockDevice): CoredumpHeader {
  return decodeCoredumpHeader(partition.read(0, 512), partition.size);
}
