import { createHash } from 'node:crypto';
import { TwinbankError } from '../diagnostics/error.ts';

const textForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Where byte i of the on-disk form stands in the text: the first three fields are little-endian. */
const mixedEndian = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

const nilGuid = '00000000-0000-0000-0000-000000000000';

/** 16 bytes in the order of the text (RFC 9562, network byte order). Throws `guid.text`. */
export function parseUuid(text: string): Uint8Array {
  if (!textForm.test(text)) {
    throw new TwinbankError(
      'recipe',
      'guid.text',
      `expected a GUID such as ${nilGuid}, found ${JSON.stringify(text)}`,
    );
  }
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

/** The upper-case text of 16 bytes in network byte order. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, 16)).toString('hex').toUpperCase();
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** 16 bytes as a GPT holds them, mixed-endian (UEFI 2.10 appendix A). Throws `guid.text`. */
export function encodeGuid(text: string): Uint8Array {
  const plain = parseUuid(text);
  return Uint8Array.from(mixedEndian, (index) => plain[index] ?? 0);
}

/** The upper-case text of 16 mixed-endian bytes at `offset` (UEFI 2.10 appendix A). */
export function decodeGuid(bytes: Uint8Array, offset = 0): string {
  return formatUuid(Uint8Array.from(mixedEndian, (index) => bytes[offset + index] ?? 0));
}

/**
 * A GUID that is a function of its two arguments alone: the first 16 bytes of
 * SHA-256(namespace, NUL, name) with version 8 and variant 10 (RFC 9562 section 5.8).
 */
export function deriveGuid(namespace: string, name: string): string {
  const bytes = digest(namespace, name).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** A 32-bit number derived as {@link deriveGuid} derives a GUID, e.g. for a FAT volume's serial. */
export function deriveSerial(namespace: string, name: string): number {
  return Buffer.from(digest(namespace, name)).readUInt32LE(16);
}

function digest(namespace: string, name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`${namespace}\0${name}`).digest());
}
