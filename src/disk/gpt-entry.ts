import { TwinbankError } from '../diagnostics/error.ts';
import { decodeGuid, encodeGuid } from './guid.ts';

export const gptEntrySize = 128;
/** Partition type of any file system that other systems know, too (Microsoft's "basic data"). */
export const basicDataType = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7';
const nameUnits = 36;

export interface GptPartition {
  /** From 1: the entry's place in the array. Gaps between numbers are allowed. */
  readonly number: number;
  /** At most 36 UTF-16 code units. */
  readonly name: string;
  /** Partition type GUID, upper-case text. */
  readonly type: string;
  /** Unique partition GUID, upper-case text. */
  readonly guid: string;
  readonly firstLba: number;
  /** Inclusive. */
  readonly lastLba: number;
  /** Bits of UEFI 2.10 table 5-8; bit 2 is "legacy BIOS bootable". */
  readonly attributes: bigint;
}

/** The partitions of an array, in the order of their numbers. */
export function decodeGptEntries(array: Uint8Array): GptPartition[] {
  return Array.from({ length: array.length / gptEntrySize }, (_, index) =>
    decodeGptEntry(array, index * gptEntrySize, index + 1),
  ).filter((one) => one !== undefined);
}

/** One 128-byte entry (UEFI 2.10 table 5-7). Throws `gpt.name` for a name that is too long. */
export function encodeGptEntry(partition: GptPartition): Uint8Array {
  if (partition.name.length > nameUnits) {
    throw new TwinbankError(
      'recipe',
      'gpt.name',
      `partition ${partition.number}: expected a name of at most ${nameUnits} characters, found ${JSON.stringify(partition.name)}`,
    );
  }
  const bytes = new Uint8Array(gptEntrySize);
  const view = new DataView(bytes.buffer);
  bytes.set(encodeGuid(partition.type), 0);
  bytes.set(encodeGuid(partition.guid), 16);
  view.setBigUint64(32, BigInt(partition.firstLba), true);
  view.setBigUint64(40, BigInt(partition.lastLba), true);
  view.setBigUint64(48, partition.attributes, true);
  for (let unit = 0; unit < partition.name.length; unit++) {
    view.setUint16(56 + unit * 2, partition.name.charCodeAt(unit), true);
  }
  return bytes;
}

/** The partition in the entry at `offset`, or undefined where the entry is unused. */
export function decodeGptEntry(
  bytes: Uint8Array,
  offset: number,
  number: number,
): GptPartition | undefined {
  // Most are unused, and the text of a GUID takes longer than all the rest of a table.
  if (bytes.subarray(offset, offset + 16).every((byte) => byte === 0)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, gptEntrySize);
  let name = '';
  for (let unit = 0; unit < nameUnits; unit++) {
    const code = view.getUint16(56 + unit * 2, true);
    if (code === 0) break;
    name += String.fromCharCode(code);
  }
  return {
    number,
    name,
    type: decodeGuid(bytes, offset),
    guid: decodeGuid(bytes, offset + 16),
    firstLba: Number(view.getBigUint64(32, true)),
    lastLba: Number(view.getBigUint64(40, true)),
    attributes: view.getBigUint64(48, true),
  };
}
