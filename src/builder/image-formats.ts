import { type DiskContent, type DiskFormatName, diskFormats } from '../disk/disk-formats.ts';
import { type AboutAppliance, writeOva } from './ova/ova.ts';

export type ImageFormat = 'raw' | 'ova' | DiskFormatName;

/** What a format may tell of itself beside the image. */
interface Appliance {
  /** `NAME-VERSION` */
  readonly name: string;
  readonly about: Omit<AboutAppliance, 'name'>;
}

/** What is made of the raw image, a row each. */
interface PackedFormat {
  readonly name: ImageFormat;
  /** Of the file's name, without the dot. */
  readonly ending: string;
  /** How often the image is on the disk while it is written. */
  readonly copies: number;
  write(path: string, image: DiskContent, appliance: Appliance): Promise<void>;
}

export const packedFormats: readonly PackedFormat[] = [
  ...diskFormats.map(
    ({ name: format, ending, write }): PackedFormat => ({
      name: format,
      ending,
      copies: 1,
      write: (path, image, { name }) =>
        write(path, image, { fileName: `${name}.${ending}`, use: 'transfer' }),
    }),
  ),
  {
    // The disk, and the archive that it is put into.
    name: 'ova',
    ending: 'ova',
    copies: 2,
    write: (path, image, { name, about }) => writeOva(path, image, { name, ...about }),
  },
];
export const imageFormats: readonly ImageFormat[] = [
  'raw',
  ...packedFormats.map(({ name }) => name),
];

/** How often the image is on the disk at the most, while it is made in these formats: once raw, whatever they are. */
export function copiesOf(formats: readonly ImageFormat[]): number {
  let whole = 1;
  let most = whole;
  for (const format of formats) {
    const packed = packedFormats.find(({ name }) => name === format);
    if (packed) most = Math.max(most, whole++ + packed.copies);
  }
  return most;
}

/** Of a file of this format, without the dot. */
export function endingOf(format: ImageFormat): string {
  return packedFormats.find(({ name }) => name === format)?.ending ?? 'img';
}
