import { TwinbankError } from '../../diagnostics/error.ts';
import { quote } from '../../diagnostics/quote.ts';

export type VmdkType = 'streamOptimized' | 'monolithicSparse';
const noParent = 'ffffffff';

interface VmdkDescriptor {
  readonly type: VmdkType;
  /** Changes with the content, 32 bits. */
  readonly contentId: number;
  readonly sectors: number;
  /** Name of the file itself. */
  readonly fileName: string;
}

/** The text inside a VMDK file that says what it is (VMware, "Virtual Disk Format 5.0", The Descriptor File). */
export function encodeVmdkDescriptor(descriptor: VmdkDescriptor): Uint8Array {
  const { type, contentId, sectors, fileName } = descriptor;
  // What SCSI adapters of virtual machines make of a disk; a system of today does not ask.
  const cylinders = Math.min(Math.ceil(sectors / (255 * 63)), 65535);
  const text = `# Disk DescriptorFile
version=1
CID=${contentId.toString(16).padStart(8, '0')}
parentCID=${noParent}
createType="${type}"

# Extent description
RW ${sectors} SPARSE "${fileName}"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.adapterType = "lsilogic"
`;
  return Buffer.from(text, 'utf8');
}

/**
 * The type of a disk that is whole in its file. Throws (kind `corrupt`) `vmdk.descriptor`, and `vmdk.parent` for the
 * changes to another disk.
 */
export function vmdkTypeOf(bytes: Uint8Array): VmdkType {
  const text = Buffer.from(bytes).toString('latin1').split('\0')[0] ?? '';
  const value = (key: string): string =>
    new RegExp(`^${key}\\s{0,9}=\\s{0,9}"?([^"\\r\\n]{0,64}?)"?\\s{0,9}$`, 'm').exec(text)?.[1] ??
    '';
  const type = value('createType');
  if (type !== 'streamOptimized' && type !== 'monolithicSparse') {
    throw new TwinbankError(
      'corrupt',
      'vmdk.descriptor',
      `VMDK descriptor: expected createType streamOptimized or monolithicSparse, found ${quote(type)}`,
    );
  }
  const parent = value('parentCID').toLowerCase();
  if (parent === noParent) return type;
  const message = `VMDK descriptor: expected a disk of its own (parentCID ${noParent}), found ${quote(parent)}`;
  throw new TwinbankError('corrupt', 'vmdk.parent', message);
}
