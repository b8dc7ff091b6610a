import fc from 'fast-check';
import { type Cut, isMissing } from './cut-cases.ts';
import type { Chunk, CutDisk } from './cut-disk.ts';
import { storePartition } from './cut-host.ts';
import { pendingAt, type Recording, type Write, writeAt } from './cut-recording.ts';

/** A number from 0 to 1, less than 1; another one each time. */
export type Random = () => number;

/** What a random cut follows from. */
export const seeds = fc.noBias(fc.nat());

/** Evenly spread numbers that follow from a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Lays on the disk what is left when the power fails at a random moment: of the writes that were not flushed
 * each is lost, kept, torn at a sector or within one, or kept in some of its sectors only, in a random order.
 * Undefined where that has cost nothing.
 */
export function layRandomCut(recording: Recording, disk: CutDisk, random: Random): Cut | undefined {
  const { operations } = recording;
  const at = 1 + Math.floor(random() * operations.length);
  const pending = pendingAt(recording, at);
  const waits = new Set(pending);
  const before = operations.slice(0, at).filter((_, index) => !waits.has(index));
  disk.lay(before.flatMap((one) => (one.does === 'write' ? [one] : [])));
  const victim = pending[Math.floor(random() * pending.length)];
  const told: string[] = [];
  for (const index of shuffled(pending, random)) {
    const fate = fateOf(random() * (index === victim ? 0.6 : 1));
    disk.lay(partsOf(writeAt(recording, index), fate, random));
    told.push(`${index} ${fate}`);
  }
  if (!isMissing(recording, disk, pending)) return undefined;
  const what = `random cut before operation ${at}: ${told.join(', ')}`;
  return { what, done: pending[0] ?? at, begun: at };
}

type Fate = 'lost' | 'torn' | 'torn in a sector' | 'in chunks' | 'whole';

function fateOf(number: number): Fate {
  if (number < 0.3) return 'lost';
  if (number < 0.4) return 'torn';
  if (number < 0.5) return 'torn in a sector';
  return number < 0.6 ? 'in chunks' : 'whole';
}

function partsOf(write: Write, fate: Fate, random: Random): Chunk[] {
  const { bytes } = write;
  const sectors = Math.ceil(bytes.length / 512);
  const from = (start: number, end: number): Chunk => {
    return { ...write, offset: write.offset + start, bytes: bytes.subarray(start, end) };
  };
  switch (fate) {
    case 'lost':
      return [];
    case 'whole':
      return [write];
    case 'torn':
      return [from(0, Math.floor(random() * sectors) * 512)];
    case 'torn in a sector':
      // The volume of the store depends on whole sectors; banks do not.
      if (write.partition === storePartition) return [];
      return [from(0, Math.floor(random() * bytes.length))];
    case 'in chunks': {
      // Runs of sectors, in large writes larger ones, every other of which is there.
      const chunks: Chunk[] = [];
      const longest = Math.max(1, Math.floor(sectors / 8));
      let kept = random() < 0.5;
      for (let sector = 0; sector < sectors; kept = !kept) {
        const until = Math.min(sectors, sector + 1 + Math.floor(random() * longest));
        if (kept) chunks.push(from(sector * 512, until * 512));
        sector = until;
      }
      return sectors === 1 ? [] : chunks;
    }
  }
}

function shuffled(list: readonly number[], random: Random): number[] {
  return list
    .map((value) => ({ value, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
