import { TwinbankError } from '../diagnostics/error.ts';
import { inFile } from '../diagnostics/in-file.ts';
import type { BlockDevice } from './block-device.ts';
import { type DiskFormatName, diskFormats } from './disk-formats.ts';
import type { Extent } from './extents.ts';
import { openFileDevice } from './file-device.ts';
import { beforeFirstWrite, type ImageChange, withdrawDocuments } from './image-documents.ts';

export interface OpenImage {
  readonly format: 'raw' | DiskFormatName;
  /** The disk itself, whatever it is packed in. */
  readonly device: BlockDevice;
  /** What the file stores, where its format tells; everything else reads as zero. */
  dataExtents?(): Extent[];
  close(): void;
}

export interface OpenImageOptions {
  /** The first write takes away what lies beside the image and becomes untrue by it. */
  readonly writable?: boolean | undefined;
  /** What the writes change; default `system`, which is everything. */
  readonly change?: ImageChange | undefined;
  /** Hears which documents were taken away. */
  readonly onWithdrawn?: ((withdrawn: readonly string[]) => void) | undefined;
}

interface Foreign {
  readonly offset: number;
  /** In Latin-1. */
  readonly magic: string;
  readonly what: string;
  /** What to do about it. */
  readonly hint: string;
}

const titles: readonly string[] = ['raw', ...diskFormats.map(({ title }) => title)];
const readable = `${titles.slice(0, -1).join(', ')} or ${titles.at(-1)}`;

const convert = 'qemu-img convert -O raw makes an image that can be read';
const unpack = 'unpack it first';
const besideMap = 'name the image that it lies beside';
const foreignFormats: readonly Foreign[] = [
  row(0, 'COWD', 'a VMDK disk', convert),
  row(0, '# Disk Descriptor', 'the descriptor of a VMDK disk', convert),
  row(0, 'vhdxfile', 'a VHDX disk', convert),
  row(0, 'conectix', 'a VHD disk', convert),
  row(0x40, '\x7f\x10\xda\xbe', 'a VDI disk', convert),
  row(0, '\x3a\xff\x26\xed', 'an Android sparse image', convert),
  row(0, '\x1f\x8b', 'a gzip file', unpack),
  row(0, '\xfd7zXZ\0', 'an xz file', unpack),
  row(0, '\x28\xb5\x2f\xfd', 'a zstd file', unpack),
  row(0, '\x50*M\x18', 'a zstd file', unpack),
  row(0, 'BZh', 'a bzip2 file', unpack),
  row(0, '\x04\x22\x4d\x18', 'an lz4 file', unpack),
  row(0, 'PK\x03\x04', 'a zip file', unpack),
  row(0, '<bmap', 'a block map', besideMap),
  row(0, '<?xml', 'an XML file, as block maps (.bmap) are', besideMap),
  row(257, 'ustar', 'a tar archive', 'if it is a bundle, name it where a bundle is expected'),
];

/**
 * Opens the disk image at a path, raw or of a format of {@link diskFormats} by its first bytes. Throws what
 * {@link openFileDevice} and the format's `open` throw, and (kind `corrupt`) `image.foreign` for formats of others and `image.too-small`
 * for a file that is shorter than a sector. The first write throws what {@link withdrawDocuments} throws.
 */
export function openImage(path: string, options: OpenImageOptions = {}): OpenImage {
  const { writable = false, change = 'system', onWithdrawn } = options;
  const opened = openReadable(path, writable);
  // What is packed refuses every write: nothing becomes untrue by one.
  if (!writable || opened.format !== 'raw') return opened;
  const device = beforeFirstWrite(opened.device, () => {
    const withdrawn = withdrawDocuments(path, { change });
    if (withdrawn.length > 0) onWithdrawn?.(withdrawn);
  });
  return { ...opened, device };
}

function openReadable(path: string, writable: boolean): OpenImage {
  const file = openFileDevice(path, { writable });
  try {
    const beginning = file.read(0, Math.min(file.size, 4096));
    if (isText(beginning)) {
      const hint = /\.ya?ml$/.test(path)
        ? 'recipe show, test --dry-run and oem check read recipes, scenarios and providers'
        : 'name a disk image';
      const message = `${path}: expected a ${readable} disk image, found a text file; ${hint}`;
      throw new TwinbankError('corrupt', 'image.foreign', message);
    }
    if (file.size < 512) {
      throw new TwinbankError(
        'corrupt',
        'image.too-small',
        `${path}: expected a disk image of 512 bytes or more, found ${file.size} bytes`,
      );
    }
    const start = file.read(0, 512);
    const text = Buffer.from(start).toString('latin1');
    const packed = diskFormats.find(({ magic }) => text.startsWith(magic));
    if (packed) {
      const device = withPath(path, () => packed.open(file));
      const dataExtents = () => withPath(path, () => device.dataExtents());
      return { format: packed.name, device, dataExtents, close: () => file.close() };
    }
    // The mark of a boot sector wins: its code may begin with anything.
    const foreign = start[510] === 0x55 && start[511] === 0xaa ? undefined : foreignOf(text);
    if (foreign) {
      throw new TwinbankError(
        'corrupt',
        'image.foreign',
        `${path}: expected a ${readable} disk image, found ${foreign.what}; ${foreign.hint}`,
      );
    }
    return { format: 'raw', device: file, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The descriptor is the first file of an appliance (DMTF DSP0243), and a file's name is what a tar header begins with. */
const appliance = row(
  257,
  'ustar',
  'an appliance (OVA)',
  'its disk is the .vmdk that tar -xf unpacks',
);

function foreignOf(text: string): Foreign | undefined {
  const found = foreignFormats.find(({ offset, magic }) => text.startsWith(magic, offset));
  return found?.magic === appliance.magic && /^[^\0]*\.ovf\0/.test(text) ? appliance : found;
}

/** Whether it can be nothing but text in UTF-8: a disk image has zeros in its first sectors. */
function isText(bytes: Uint8Array): boolean {
  try {
    // A character may go on behind what was read.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return text !== '' && /^[\t\n\r -~\u00a0-\u{10ffff}]+$/u.test(text) && !isKnownText(text);
  } catch {
    return false;
  }
}

/** What has a word of its own below. */
function isKnownText(text: string): boolean {
  return foreignFormats.some(({ offset, magic }) => text.startsWith(magic, offset));
}

function row(offset: number, magic: string, what: string, hint: string): Foreign {
  return { offset, magic, what, hint };
}

function withPath<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw inFile(path, error);
  }
}
