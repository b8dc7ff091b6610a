import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const pageBytes = 64 * 1024;
const zeros = Buffer.alloc(pageBytes);

/** Writes an image of which most is zero: holes stay holes, so that it takes the time of what is in it. */
export function writeSparse(path: string, image: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    ftruncateSync(file, image.length);
    for (let at = 0; at < image.length; at += pageBytes) {
      const page = image.subarray(at, at + pageBytes);
      if (Buffer.compare(page, zeros.subarray(0, page.length)) === 0) continue;
      writeSync(file, page, 0, page.length, at);
    }
  } finally {
    closeSync(file);
  }
}
