import { TwinbankError } from '../diagnostics/error.ts';

/**
 * What `makedumpfile -F` writes to a pipe (makedumpfile's IMPLEMENTATION, and `makedumpfile_header` of its `makedumpfile.h`): a header of 4096
 * bytes that begins with `makedumpfile`, type 1 and version 1, then pieces, each with its place in the dump: i64 offset, i64 length,
 * the bytes. Offset -1 ends them. Numbers are big-endian.
 */
const signature = 'makedumpfile';
const headerBytes = 4096;
const pieceHeadBytes = 16;

/** Takes the bytes of the dump, by their places in it. */
export type WritePiece = (offset: number, bytes: Uint8Array) => void;

/** Takes a flattened dump in chunks of any size, and writes its pieces to their places. */
export interface Rearranging {
  /** Throws `coredump.flattened` (kind `corrupt`) for what is no such dump. */
  write(chunk: Uint8Array): void;
  /** Whether its end was reached: one that was cut short has none. */
  isWhole(): boolean;
}

/**
 * Puts a flattened dump in order: what comes out is what makedumpfile writes to a file, and `crash` reads. A piece that ends behind byte
 * `limit` of it is damage.
 */
export function rearrange(limit: number, writePiece: WritePiece): Rearranging {
  let pending = Buffer.alloc(0);
  let begun = false;
  let whole = false;
  let piece = { offset: 0, left: 0 };
  /** So many bytes of what is there, once they are there. */
  const take = (bytes: number): Buffer | undefined => {
    if (pending.length < bytes) return undefined;
    const taken = pending.subarray(0, bytes);
    pending = pending.subarray(bytes);
    return taken;
  };
  const step = (): boolean => {
    if (!begun) {
      const head = take(headerBytes);
      if (head) checkHeader(head);
      begun = head !== undefined;
      return begun;
    }
    if (piece.left > 0) {
      const bytes = take(Math.min(piece.left, pending.length)) ?? Buffer.alloc(0);
      if (bytes.length > 0) writePiece(piece.offset, bytes);
      piece = { offset: piece.offset + bytes.length, left: piece.left - bytes.length };
      return bytes.length > 0;
    }
    const head = take(pieceHeadBytes);
    if (!head) return false;
    const [offset, left] = [Number(head.readBigInt64BE(0)), Number(head.readBigInt64BE(8))];
    whole = offset === -1;
    if (!whole) piece = checkPiece(offset, left, limit);
    return !whole;
  };
  return {
    write(chunk) {
      if (whole) return;
      pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
      while (step());
    },
    isWhole: () => whole,
  };
}

function checkHeader(head: Buffer): void {
  const [type, version] = [head.readBigInt64BE(16), head.readBigInt64BE(24)];
  const found = head.toString('latin1', 0, signature.length);
  if (found === signature && type === 1n && version === 1n) return;
  throw notFlattened(
    `"${signature}", type 1, version 1`,
    `${JSON.stringify(found)}, ${type}, ${version}`,
  );
}

function checkPiece(offset: number, left: number, limit: number): { offset: number; left: number } {
  if (offset >= 0 && left >= 0 && offset + left <= limit) return { offset, left };
  throw notFlattened(`a piece within ${limit} bytes`, `${left} bytes at ${offset}`);
}

function notFlattened(expected: string, found: string): TwinbankError {
  const message = `core dump: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', 'coredump.flattened', message);
}
