import { createHash } from 'node:crypto';
import { TwinbankError } from '../diagnostics/error.ts';
import { quote } from '../diagnostics/quote.ts';
import { wrappingCounter } from '../disk/wrapping-counter.ts';

/**
 * A state slot: one of the two files of a bank in which the running system keeps what an administrator
 * changed. Both are made with the bank and only ever written over in place (docs/updates.md, "State
 * slots"). Numbers are little-endian:
 *
 *     0 `TWBS`   4 u16 version of this header: 1   6 u16 schema of the content   8 u64 generation, from 1
 *     16 u32 bytes of content   20 SHA-256 of bytes 0 to 19 and the content   52 zero   512 content
 */
export const slotNames = ['state1.slt', 'state2.slt'] as const;
export type SlotName = (typeof slotNames)[number];

export const slotBytes = 262_144;
/** Of the content, in bytes; it begins in the second sector. */
export const maxContentBytes = slotBytes - 512;
/** The schema of the content that this code writes; it reads those before as well (migrations.ts). */
export const stateSchema = 2;

/** True for the schema of a save that this code can read. */
export function isKnownSchema(schema: number): boolean {
  return schema >= 1 && schema <= stateSchema;
}

/** Behind the last generation comes 1 again. */
export const generationCounter = wrappingCounter(Number.MAX_SAFE_INTEGER);

const magic = 'TWBS';
const version = 1;
const headBytes = 512;
const hashed = 20;

/** What is saved: the newest generation of all banks is what counts. */
export interface SavedState {
  /** From 1; every save has the next one to the newest, in whichever bank ({@link generationCounter}). */
  readonly generation: number;
  readonly schema: number;
  /** tar.gz (archive.ts). */
  readonly content: Uint8Array;
}

/** What a slot holds; `empty` is one that was never written. */
export type SlotReading =
  | { readonly ok: true; readonly saved: SavedState }
  | { readonly ok: false; readonly empty: boolean; readonly reason: string };

/**
 * The bytes that a save writes, from the start of the slot on, in whole sectors: header and content. What
 * an older save left behind them has no meaning. Throws `state.too-large` (kind `refused`) for content
 * that does not fit, and `state.generation` (kind `internal`) for a generation that is none.
 */
export function encodeSlot({ generation, schema, content }: SavedState): Uint8Array {
  if (content.length > maxContentBytes) {
    throw new TwinbankError(
      'refused',
      'state.too-large',
      `state: expected at most ${maxContentBytes} bytes when it is packed, found ${content.length}`,
      { data: { bytes: content.length } },
    );
  }
  if (!isGeneration(generation)) {
    const message = `state: expected a generation from 1 to ${Number.MAX_SAFE_INTEGER}, found ${generation}`;
    throw new TwinbankError('internal', 'state.generation', message);
  }
  const bytes = Buffer.alloc(Math.ceil((headBytes + content.length) / 512) * 512);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt16LE(version, 4);
  bytes.writeUInt16LE(schema, 6);
  bytes.writeBigUInt64LE(BigInt(generation), 8);
  bytes.writeUInt32LE(content.length, 16);
  bytes.set(digest(bytes, content), 20);
  bytes.set(content, headBytes);
  return bytes;
}

/** Reads a slot from its first byte on. Never throws; one that is torn, or of no form of ours, says why. */
export function decodeSlot(slot: Uint8Array): SlotReading {
  const bytes = Buffer.from(slot.buffer, slot.byteOffset, slot.byteLength);
  if (bytes.length < headBytes) {
    return wrong(`expected ${slotBytes} bytes, found ${bytes.length}`);
  }
  if (bytes.subarray(0, headBytes).every((byte) => byte === 0)) {
    return { ok: false, empty: true, reason: 'it was never written' };
  }
  const found = bytes.toString('latin1', 0, 4);
  if (found !== magic) return wrong(`expected ${magic} at byte 0, found ${quote(found)}`);
  if (bytes.readUInt16LE(4) !== version) {
    return wrong(`expected version ${version} at byte 4, found ${bytes.readUInt16LE(4)}`);
  }
  const generation = bytes.readBigUInt64LE(8);
  if (!isGeneration(Number(generation))) {
    return wrong(`expected a generation from 1 at byte 8, found ${generation}`);
  }
  const length = bytes.readUInt32LE(16);
  const room = Math.min(bytes.length, slotBytes) - headBytes;
  if (length > room) {
    return wrong(`expected at most ${room} bytes of content at byte 16, found ${length}`);
  }
  const content = new Uint8Array(bytes.subarray(headBytes, headBytes + length));
  if (!bytes.subarray(hashed, hashed + 32).equals(digest(bytes, content))) {
    return wrong('expected its SHA-256 at byte 20, found another: it is torn or damaged');
  }
  const schema = bytes.readUInt16LE(6);
  return { ok: true, saved: { generation: Number(generation), schema, content } };
}

function wrong(reason: string): SlotReading {
  return { ok: false, empty: false, reason };
}

function isGeneration(generation: number): boolean {
  return Number.isSafeInteger(generation) && generation >= 1;
}

function digest(bytes: Buffer, content: Uint8Array): Buffer {
  return createHash('sha256').update(bytes.subarray(0, hashed)).update(content).digest();
}
