import { asBuffer, readSections, readText, sectionTypes } from '../elf-sections.ts';

/**
 * Makes, in place, the hash table of a program's dynamic symbols anew for the symbols that still have a name. The hashes
 * of those that were dropped are a quarter of a megabyte that no compressor makes smaller. Returns the number of symbols
 * that can be found by it.
 *
 * Format: "GNU hash ELF sections" as in glibc's `dl-lookup.c`: four words (buckets, first symbol, words of the Bloom
 * filter, its shift), the filter in words of 64 bits, for each bucket the first symbol of its chain, and for each
 * symbol its hash, whose lowest bit ends a chain.
 */
export function rebuildSymbolHash(binary: Uint8Array): number {
  const bytes = asBuffer(binary);
  const sections = readSections(bytes);
  const table = sections.find(({ type }) => type === sectionTypes.gnuHash);
  const symbols = sections.find(({ type }) => type === sectionTypes.dynamicSymbols);
  const strings = symbols && sections[symbols.link];
  if (!table || !symbols || !strings) return 0;
  const [bucketCount, first, words, shift] = [0, 4, 8, 12].map((at) =>
    bytes.readUInt32LE(table.offset + at),
  ) as [number, number, number, number];
  const filter = table.offset + 16;
  const buckets = filter + 8 * words;
  const chains = buckets + 4 * bucketCount;
  bytes.fill(0, filter, table.offset + table.size);
  let lastBucket = -1;
  let lastChain = -1;
  let found = 0;
  for (let index = first; index < symbols.size / 24; index++) {
    const name = bytes.readUInt32LE(symbols.offset + 24 * index);
    if (name === 0) continue;
    const hash = gnuHash(readText(bytes, strings.offset + name));
    const word = filter + 8 * (Math.floor(hash / 64) % words);
    const bits = (1n << BigInt(hash % 64)) | (1n << BigInt((hash >>> shift) % 64));
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(word) | bits, word);
    const bucket = hash % bucketCount;
    const chain = chains + 4 * (index - first);
    // The linker sorts symbols by their buckets, so those of one follow one another, with what was dropped between them.
    if (bucket === lastBucket)
      bytes.writeUInt32LE((bytes.readUInt32LE(lastChain) & ~1) >>> 0, lastChain);
    else bytes.writeUInt32LE(index, buckets + 4 * bucket);
    bytes.writeUInt32LE((hash | 1) >>> 0, chain);
    [lastBucket, lastChain] = [bucket, chain];
    found++;
  }
  return found;
}

/** `dl_new_hash` of glibc: 33 times what was so far, plus the next byte, in 32 bits. */
function gnuHash(name: string): number {
  let hash = 5381;
  for (const byte of Buffer.from(name, 'latin1')) hash = (Math.imul(hash, 33) + byte) >>> 0;
  return hash;
}
