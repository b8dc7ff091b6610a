import type { BlockDevice } from '../disk/block-device.ts';
import { type CoredumpHeader, coredumpPlaces } from '../disk/coredump-header.ts';

export const coredumpParts = ['dump', 'log', 'later-log'] as const;
export type CoredumpPart = (typeof coredumpParts)[number];

/** Where a part lies in the core-dump partition, and how many bytes it has. */
export function placeOfPart(
  { length, logLength, later }: CoredumpHeader,
  part: CoredumpPart,
): { readonly offset: number; readonly length: number } {
  const { dump, log, laterLog } = coredumpPlaces;
  const places = {
    dump: { offset: dump.offset, length },
    log: { offset: log.offset, length: logLength },
    'later-log': { offset: laterLog.offset, length: later.logLength },
  };
  return places[part];
}

/** The log of the dump, or of the last crash after it, as text. */
export function readLog(
  partition: BlockDevice,
  header: CoredumpHeader,
  part: Exclude<CoredumpPart, 'dump'>,
): string {
  const { offset, length } = placeOfPart(header, part);
  return Buffer.from(partition.read(offset, length)).toString('utf8');
}
