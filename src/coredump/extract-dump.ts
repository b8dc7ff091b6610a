import { createHash } from 'node:crypto';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { CoredumpHeader } from '../disk/coredump-header.ts';
import { placeOfPart } from './coredump-parts.ts';
import { rearrange } from './flattened.ts';

const chunkBytes = 2 ** 20;

export interface ExtractedDump {
  /** The dump as makedumpfile writes it to a file, compressed by page, which `crash` and `makedumpfile` read. */
  readonly bytes: Uint8Array;
  /** False where its end is missing: it was cut, or its making broke off. */
  readonly whole: boolean;
}

/** Whether the dump in the partition has the hash of its header. One that was never finished has none. */
export function isIntact(partition: BlockDevice, header: CoredumpHeader): boolean {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(partition, header)) hash.update(chunk);
  return hash.digest('hex') === header.sha256;
}

/**
 * The dump of a partition, in order. Throws `coredump.sha256` (kind `corrupt`) for one that is not what was written, `coredump.flattened`, and
 * `coredump.none` (kind `refused`) where only a log was kept.
 */
export function extractDump(partition: BlockDevice, header: CoredumpHeader): ExtractedDump {
  if (header.length === 0) {
    const message = 'core dump: expected a dump, found only the log of the kernel';
    throw new TwinbankError('refused', 'coredump.none', message);
  }
  if (!isIntact(partition, header)) {
    const message = `core dump: expected SHA-256 ${header.sha256}, found another: it is damaged`;
    throw new TwinbankError('corrupt', 'coredump.sha256', message);
  }
  // What is written to a pipe has each piece, its head beside it, and some twice: in order it is never larger.
  const bytes = new Uint8Array(header.length);
  let end = 0;
  const rearranging = rearrange(bytes.length, (offset, piece) => {
    bytes.set(piece, offset);
    end = Math.max(end, offset + piece.length);
  });
  for (const chunk of chunksOf(partition, header)) rearranging.write(chunk);
  return { bytes: bytes.subarray(0, end), whole: rearranging.isWhole() };
}

function* chunksOf(partition: BlockDevice, header: CoredumpHeader): Generator<Uint8Array> {
  const { offset, length } = placeOfPart(header, 'dump');
  for (let at = 0; at < length; at += chunkBytes) {
    yield partition.read(offset + at, Math.min(chunkBytes, length - at));
  }
}
