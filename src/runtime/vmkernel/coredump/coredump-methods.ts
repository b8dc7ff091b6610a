import { coredumpParts, placeOfPart } from '../../../coredump/coredump-parts.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import { emptyCoredump, readCoredumpHeader } from '../../../disk/coredump-header.ts';
import { usage } from '../../../hostcore/params.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import type { CoredumpService } from './coredump-service.ts';

const chunkBytes = 512 * 1024;

/** The methods by which a host's core dump is looked at, fetched and removed (docs/coredump.md). */
export function coredumpMethods(
  service: Pick<CoredumpService, 'status' | 'withPartition' | 'writeHeader'>,
): Record<string, Method> {
  return {
    'coredump.status': () => service.status(),
    'coredump.fetch': ({ part = 'dump', offset = 0 }) =>
      service.withPartition((partition) => fetchChunk(service, partition, { part, offset })),
    'coredump.clear': () =>
      service.withPartition((partition) => {
        const header = foundHeader(partition);
        service.writeHeader(partition, emptyCoredump);
        return { cleared: true, build: header.build };
      }),
  };
}

/** Up to 512 KiB of a part, in base64. Who has the end of the dump has the dump: the next crash may write over it. */
function fetchChunk(
  service: Pick<CoredumpService, 'writeHeader'>,
  partition: BlockDevice,
  { part, offset }: { readonly part: unknown; readonly offset: unknown },
): { data: string; next: number; end: boolean } {
  const wanted = coredumpParts.find((one) => one === part);
  if (wanted === undefined) throw usage('part', coredumpParts.join(', '), part);
  const header = foundHeader(partition);
  const place = placeOfPart(header, wanted);
  if (
    !Number.isSafeInteger(offset) ||
    (offset as number) < 0 ||
    (offset as number) > place.length
  ) {
    throw usage('offset', `a number from 0 to ${place.length}`, offset);
  }
  const from = offset as number;
  const next = Math.min(from + chunkBytes, place.length);
  const data = Buffer.from(partition.read(place.offset + from, next - from)).toString('base64');
  const end = next === place.length;
  if (end && wanted === 'dump' && !header.fetched) {
    service.writeHeader(partition, { ...header, fetched: true });
  }
  return { data, next, end };
}

function foundHeader(partition: BlockDevice) {
  const header = readCoredumpHeader(partition);
  if (header.state !== 'empty') return header;
  throw new RpcError('coredump.none', 'expected a core dump, found none: no kernel has panicked');
}
