import { randomFillSync } from 'node:crypto';

/** Payloads are random, so that what is swapped, repeated or left out shows. */
export function randomBytes(length: number): Buffer {
  return randomFillSync(Buffer.alloc(length));
}
