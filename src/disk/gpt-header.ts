import { TwinbankError } from '../diagnostics/error.ts';
import { crc32, hex32 } from './crc32.ts';
import { gptEntrySize } from './gpt-entry.ts';
import { decodeGuid, encodeGuid } from './guid.ts';

const signature = 'EFI PART';
const revision = 0x00010000;
const headerSize = 92;

export interface GptHeader {
  readonly myLba: number;
  readonly alternateLba: number;
  readonly firstUsableLba: number;
  /** Inclusive. */
  readonly lastUsableLba: number;
  readonly diskGuid: string;
  readonly arrayLba: number;
  readonly entryCount: number;
  readonly arrayCrc: number;
}

/**
 * The headers of both copies for a disk of `sectors` sectors: `primary` goes to LBA 1, in front of its array, `backup` to the last LBA, behind its
 * array, which begins at `backupLba` (UEFI 2.10 section 5.3).
 */
export function encodeGptHeaders(
  common: Omit<GptHeader, 'myLba' | 'alternateLba' | 'arrayLba'>,
  sectors: number,
): { primary: Uint8Array; backup: Uint8Array; backupLba: number } {
  const last = sectors - 1;
  const backupLba = last - Math.ceil((common.entryCount * gptEntrySize) / 512);
  return {
    primary: encodeGptHeader({ ...common, myLba: 1, alternateLba: last, arrayLba: 2 }),
    backup: encodeGptHeader({ ...common, myLba: last, alternateLba: 1, arrayLba: backupLba }),
    backupLba,
  };
}

/** One 512-byte sector (UEFI 2.10 table 5-5); the CRC is over its first 92 bytes. */
export function encodeGptHeader(header: GptHeader): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(signature, 'latin1'));
  view.setUint32(8, revision, true);
  view.setUint32(12, headerSize, true);
  view.setBigUint64(24, BigInt(header.myLba), true);
  view.setBigUint64(32, BigInt(header.alternateLba), true);
  view.setBigUint64(40, BigInt(header.firstUsableLba), true);
  view.setBigUint64(48, BigInt(header.lastUsableLba), true);
  bytes.set(encodeGuid(header.diskGuid), 56);
  view.setBigUint64(72, BigInt(header.arrayLba), true);
  view.setUint32(80, header.entryCount, true);
  view.setUint32(84, gptEntrySize, true);
  view.setUint32(88, header.arrayCrc, true);
  view.setUint32(16, crc32(bytes.subarray(0, headerSize)), true);
  return bytes;
}

/**
 * Reads the header sector found at `lba`. Throws `gpt.signature`, `gpt.revision`, `gpt.header-size`,
 * `gpt.header-crc`, `gpt.my-lba`, `gpt.entry-size` or `gpt.entry-count`, in this order.
 */
export function decodeGptHeader(bytes: Uint8Array, lba: number): GptHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expect = (ok: boolean, code: string, expected: string, found: string) => {
    if (ok) return;
    const message = `LBA ${lba}: expected ${expected}, found ${found}`;
    throw new TwinbankError('corrupt', code, message, { data: { lba, expected, found } });
  };
  const found = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  expect(
    found === signature,
    'gpt.signature',
    `the GPT signature "${signature}"`,
    JSON.stringify(found),
  );
  const foundRevision = view.getUint32(8, true);
  expect(
    foundRevision === revision,
    'gpt.revision',
    `GPT revision ${hex32(revision)}`,
    hex32(foundRevision),
  );
  const size = view.getUint32(12, true);
  expect(
    size >= headerSize && size <= 512,
    'gpt.header-size',
    'a header of 92 to 512 bytes',
    String(size),
  );
  const stored = view.getUint32(16, true);
  const covered = new Uint8Array(bytes.subarray(0, size));
  covered.fill(0, 16, 20);
  const actual = crc32(covered);
  expect(actual === stored, 'gpt.header-crc', `header CRC-32 ${hex32(stored)}`, hex32(actual));
  const lbaAt = (offset: number) => Number(view.getBigUint64(offset, true));
  expect(lbaAt(24) === lba, 'gpt.my-lba', `a header that names LBA ${lba}`, `LBA ${lbaAt(24)}`);
  const entrySize = view.getUint32(84, true);
  expect(
    entrySize === gptEntrySize,
    'gpt.entry-size',
    `entries of ${gptEntrySize} bytes`,
    String(entrySize),
  );
  const entryCount = view.getUint32(80, true);
  // Bounded, so that a forged header cannot make us read and sum gigabytes.
  expect(
    entryCount >= 1 && entryCount <= 1024,
    'gpt.entry-count',
    '1 to 1024 entries',
    String(entryCount),
  );
  return {
    myLba: lba,
    alternateLba: lbaAt(32),
    firstUsableLba: lbaAt(40),
    lastUsableLba: lbaAt(48),
    diskGuid: decodeGuid(bytes, 56),
    arrayLba: lbaAt(72),
    entryCount,
    arrayCrc: view.getUint32(88, true),
  };
}
