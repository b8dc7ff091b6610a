import { formatUuid } from './guid.ts';

/** What a file system's superblock says (Linux, Documentation/filesystems/ext4/super.rst). */
export interface Ext4Superblock {
  /** Lower-case text. */
  readonly uuid: string;
  /** At most 16 characters; '' where it has none. */
  readonly label: string;
  /** It was not unmounted, or has an error noted: it has to be looked at before it is used. */
  readonly isDirty: boolean;
}

/** Where it begins on the device, and how long it is. */
export const superblockPlace = { offset: 1024, length: 1024 };

const magic = 0xef53;
const cleanState = 1;
const errorState = 2;
/** Of s_feature_incompat: the journal has to be replayed. */
const recover = 0x4;

/** The superblock in the 1024 bytes at offset 1024 of a device; undefined where there is none of ext4. */
export function decodeSuperblock(bytes: Uint8Array): Ext4Superblock | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < superblockPlace.length || view.getUint16(0x38, true) !== magic)
    return undefined;
  const state = view.getUint16(0x3a, true);
  const wasClean = (state & cleanState) !== 0 && (state & errorState) === 0;
  const [label = ''] = Buffer.from(bytes.subarray(0x78, 0x88)).toString('utf8').split('\0');
  return {
    uuid: formatUuid(bytes.subarray(0x68, 0x78)).toLowerCase(),
    label,
    isDirty: !wasClean || (view.getUint32(0x60, true) & recover) !== 0,
  };
}
