import type { ByteSource } from './byte-source.ts';

/**
 * A source that is opened by its first read, as whoever has it may be asked in vain before. Its size is known from then on. Throws
 * from that read what `open` throws.
 */
export function deferredSource(name: string, open: () => Promise<ByteSource>): ByteSource {
  let opened: Promise<ByteSource> | undefined;
  let source: ByteSource | undefined;
  return {
    name,
    get size() {
      return source?.size;
    },
    async read(max, scratch) {
      opened ??= open();
      source = await opened;
      return source.read(max, scratch);
    },
    async close() {
      // What could not be opened has nothing to close.
      await opened?.then(
        (one) => one.close(),
        () => {},
      );
    },
  };
}
