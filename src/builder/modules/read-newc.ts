import { TwinbankError } from '../../diagnostics/error.ts';

/** An entry of a newc archive; its data are a view of the archive. */
export interface NewcEntry {
  readonly path: string;
  /** st_mode with the type's bits. */
  readonly mode: number;
  readonly owner: string;
  readonly data: Uint8Array;
}

const headerBytes = 110;
const trailer = 'TRAILER!!!';

/**
 * The entries of a cpio archive in the newc form (newc.ts), up to its trailer. Throws
 * `compare.newc` (kind `corrupt`).
 */
export function readNewc(bytes: Uint8Array): NewcEntry[] {
  const entries: NewcEntry[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; ; ) {
    const head = buffer.subarray(at, at + headerBytes).toString('latin1');
    if (!/^070701[0-9A-Fa-f]{104}$/.test(head)) throw bad(at, 'a newc header', 'none');
    const field = (index: number) => Number.parseInt(head.slice(6 + index * 8, 14 + index * 8), 16);
    const [nameBytes, size] = [field(11), field(6)];
    const data = aligned(at + headerBytes + nameBytes);
    const next = aligned(data + size);
    if (data + size > buffer.length || nameBytes === 0) {
      throw bad(at, `${size} bytes of data and a name`, `${buffer.length} bytes in all`);
    }
    const path = buffer
      .subarray(at + headerBytes, at + headerBytes + nameBytes - 1)
      .toString('utf8');
    if (path === trailer) return entries;
    const owner = `${field(2)}:${field(3)}`;
    entries.push({ path, mode: field(1), owner, data: buffer.subarray(data, data + size) });
    at = next;
  }
}

/** Whether bytes begin like a newc archive. */
export function isNewc(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 6)).toString('latin1') === '070701';
}

/** Names and data are padded to a multiple of 4, counted from the archive's beginning. */
function aligned(offset: number): number {
  return offset + ((4 - (offset % 4)) % 4);
}

function bad(at: number, expected: string, found: string): TwinbankError {
  const message = `byte ${at}: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', 'compare.newc', message);
}
