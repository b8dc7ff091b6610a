import { TwinbankError } from '../diagnostics/error.ts';
import { crc32 } from '../disk/crc32.ts';
import { wrappingCounter } from '../disk/wrapping-counter.ts';

/**
 * The boot journal: a file of fixed size in the store, made with the image, in which the running system
 * writes what became of each boot. Every record is one sector, written in place, so that nothing of the
 * volume changes and a power cut costs the record that was being written and no other. The oldest record
 * is written over.
 *
 * A sector: `TWBJ`, u16 version 1, u16 bytes of text, u32 sequence number from 1 (behind the last comes 1 again), u32 CRC-32 of the bytes 0
 * to 12 and the text, then the text: JSON in UTF-8, rest zero. Numbers are little-endian.
 */
export const journalPath = 'journal/boot.jnl';
export const journalSlots = 256;
const slotBytes = 512;
export const journalBytes = journalSlots * slotBytes;

/** Of the sequence numbers of records. */
export const journalCounter = wrappingCounter(2 ** 32 - 1);

const magic = 'TWBJ';
const version = 1;
const headBytes = 16;

/** A bank that the loader passed over in a boot, and its reason. */
export interface RefusedBank {
  readonly bank: number;
  readonly why: string;
}

/** What can be said of a boot; times are seconds. */
export type JournalEvent =
  | {
      /** The system runs: which bank the loader chose, in which state it had found it. */
      readonly event: 'booted';
      readonly bank: number;
      readonly build: string;
      readonly state: string;
      readonly attempts: string;
      readonly refused: readonly RefusedBank[];
    }
  | {
      /** All stages are over, and whether the boot counts as a good one. */
      readonly event: 'ready';
      readonly bank: number;
      readonly confirmed: boolean;
      /** Why it was not confirmed, or what is not healthy. */
      readonly why?: string;
      /** When each stage was over, since power-on. */
      readonly stages: Readonly<Record<string, number>>;
    }
  | { readonly event: 'unhealthy'; readonly bank: number; readonly why: string }
  | {
      /** A new version is being written into a bank, was written, or was not and why. */
      readonly event: 'update';
      readonly bank: number;
      readonly step: 'begun' | 'complete' | 'failed';
      readonly from: string;
      readonly to: string;
      readonly why?: string;
    }
  | {
      /** A kernel panicked in this bank, and what of it is in the core-dump partition was found by a later boot. */
      readonly event: 'crash';
      readonly bank: number;
      readonly build: string;
      readonly why: string;
    }
  | { readonly event: 'rollback'; readonly bank: number; readonly why: string }
  | { readonly event: 'shutdown'; readonly bank: number; readonly why: string };

export type JournalRecord = JournalEvent & {
  readonly sequence: number;
  /** By the machine's clock, seconds since 1970. */
  readonly time: number;
};

/**
 * The sector of a record. Texts that are too long for it are cut, the longest first; throws
 * `journal.record` (kind `internal`) for a record that is too long without them.
 */
export function encodeRecord(record: JournalRecord): Uint8Array {
  const { sequence, ...content } = record;
  const text = fittingText(content);
  const bytes = Buffer.alloc(slotBytes);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt16LE(version, 4);
  bytes.writeUInt16LE(text.length, 6);
  bytes.writeUInt32LE(sequence, 8);
  text.copy(bytes, headBytes);
  bytes.writeUInt32LE(checksum(bytes, text.length), 12);
  return bytes;
}

/** The JSON of a record. A loader's reason can name what it read in a damaged bank, and be of any length. */
function fittingText(content: object): Buffer {
  const room = slotBytes - headBytes;
  let text = Buffer.from(JSON.stringify(content));
  for (let most = room; text.length > room && most > 0; most--) {
    const cut = (_key: string, value: unknown): unknown =>
      typeof value === 'string' && value.length > most ? cutText(value, most) : value;
    text = Buffer.from(JSON.stringify(content, cut));
  }
  if (text.length <= room) return text;
  throw new TwinbankError(
    'internal',
    'journal.record',
    `boot journal: expected a record of at most ${room} bytes, found ${text.length}`,
  );
}

/** The first half of a surrogate pair is no character without the other. */
function cutText(text: string, characters: number): string {
  return `${text.slice(0, characters).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The record of a sector; undefined for one that is empty, torn, of a later version or not of this form. */
export function decodeRecord(sector: Uint8Array): JournalRecord | undefined {
  const bytes = Buffer.from(sector.buffer, sector.byteOffset, sector.byteLength);
  const length = bytes.readUInt16LE(6);
  const ours = bytes.toString('latin1', 0, 4) === magic && bytes.readUInt16LE(4) === version;
  if (!ours || length > slotBytes - headBytes) return undefined;
  if (bytes.readUInt32LE(12) !== checksum(bytes, length)) return undefined;
  const text = bytes.toString('utf8', headBytes, headBytes + length);
  const content = parseContent(text);
  return content && { ...content, sequence: bytes.readUInt32LE(8) };
}

type Content = JournalEvent & { readonly time: number };

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isText = (value: unknown): boolean => typeof value === 'string';
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRefused = (value: unknown): boolean =>
  isMap(value) && isNumber(value.bank) && isText(value.why);

/** What each event has beside bank and time. */
const members: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  booted: {
    build: isText,
    state: isText,
    attempts: isText,
    refused: (value) => Array.isArray(value) && value.every(isRefused),
  },
  ready: {
    confirmed: (value) => typeof value === 'boolean',
    why: (value) => value === undefined || isText(value),
    stages: (value) => isMap(value) && Object.values(value).every(isNumber),
  },
  unhealthy: { why: isText },
  shutdown: { why: isText },
  update: {
    step: (value) => ['begun', 'complete', 'failed'].includes(String(value)),
    from: isText,
    to: isText,
    why: (value) => value === undefined || isText(value),
  },
  crash: { build: isText, why: isText },
  rollback: { why: isText },
};

/** Checked by hand, as the running system has no room for a schema library: an image can be anybody's. */
function parseContent(text: string): Content | undefined {
  try {
    const content: unknown = JSON.parse(text);
    if (!isMap(content) || !isText(content.event)) return undefined;
    const event = String(content.event);
    const wanted = Object.hasOwn(members, event) && members[event];
    if (!wanted || !isNumber(content.bank) || !isNumber(content.time)) return undefined;
    const right = Object.entries(wanted).every(([key, isRight]) => isRight(content[key]));
    return right ? (content as unknown as Content) : undefined;
  } catch {
    return undefined;
  }
}

/** All records of a journal's bytes, oldest first. */
export function readJournal(bytes: Uint8Array): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let at = 0; at + slotBytes <= bytes.length; at += slotBytes) {
    const record = decodeRecord(bytes.subarray(at, at + slotBytes));
    if (record) records.push(record);
  }
  const { newest, stepsBehind } = journalCounter;
  const last = newest(records.map(({ sequence }) => sequence));
  return records.sort((a, b) => stepsBehind(b.sequence, last) - stepsBehind(a.sequence, last));
}

/** Where in the journal the record of a sequence number goes, in bytes. */
export function slotOffset(sequence: number): number {
  return ((sequence - 1) % journalSlots) * slotBytes;
}

function checksum(bytes: Buffer, length: number): number {
  return crc32(
    Buffer.concat([bytes.subarray(0, 12), bytes.subarray(headBytes, headBytes + length)]),
  );
}
