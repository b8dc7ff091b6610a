import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/** SHA-256 of bytes or of a text's UTF-8, in hexadecimal. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** More than the processor's caches hold costs more than it saves in system calls. */
const chunkBytes = 2 ** 18;
/** So often others have their turn: after 16 MiB, which take some 15 ms. */
const chunksInARow = 64;

/** One digest of a whole file, read once, in chunks of one buffer: a new one each would make the engine collect them. */
export async function digestFile(
  path: string,
  algorithm: 'sha256' | 'sha512',
  encoding: 'hex' | 'base64',
): Promise<string> {
  const hash = createHash(algorithm);
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    for (let count = 1; ; count++) {
      const bytes = readSync(file, chunk);
      if (bytes === 0) return hash.digest(encoding);
      hash.update(chunk.subarray(0, bytes));
      if (count % chunksInARow === 0) await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}
