import type { Method } from '../../../protocol/json-rpc.ts';
import type { Collector } from './collectors.ts';

/** The logs of a kernel that panicked, where one has. Its dump is too large, and secret. */
export function crashCollectors(methods: Readonly<Record<string, Method>>): Collector[] {
  const { 'coredump.status': status, 'coredump.fetch': fetch } = methods;
  const { dump } = (status?.({}) ?? {}) as { dump?: { later: { count: number } } | null };
  if (!dump || !fetch) return [];
  const parts = dump.later.count > 0 ? (['log', 'later-log'] as const) : (['log'] as const);
  return parts.map((part) => ({
    file: `coredump/${part}.txt`,
    run: async () => {
      const chunks: Buffer[] = [];
      for (let offset = 0, end = false; !end; ) {
        const found = (await fetch({ part, offset })) as {
          data: string;
          next: number;
          end: boolean;
        };
        chunks.push(Buffer.from(found.data, 'base64'));
        ({ next: offset, end } = found);
      }
      return { bytes: Buffer.concat(chunks) };
    },
  }));
}
