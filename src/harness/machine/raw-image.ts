import { openImage } from '../../disk/open-image.ts';
import { copyDisk } from './disk-copy.ts';

/** The path of an image as a raw file: its own, or for as long as `use` takes that of a copy. */
export async function withRawImage<T>(
  image: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const opened = openImage(image);
  const { format } = opened;
  opened.close();
  if (format === 'raw') return use(image);
  const copy = await copyDisk(image);
  try {
    return await use(copy.path);
  } finally {
    await copy.remove();
  }
}
