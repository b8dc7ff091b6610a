import { expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { simulateBoot } from '../../../src/harness/sim/sim-boot.ts';
import { applyBundle } from '../../../src/update/apply.ts';
import { verifyBundle } from '../../../src/update/bundle/verify-bundle.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import { exhaustive } from '../../support/exhaustive.ts';
import { type Part, partsOf, piped } from './bundle/small-bundle.ts';
import { keptBank, storePartition, targetBank } from './cut-host.ts';
import {
  allBits,
  bitsOver,
  flipBuilds,
  flipBundle,
  flipDisk,
  someBits,
  whileFlipped,
} from './flip-host.ts';

const bundle = await flipBundle();
const trusted = [developmentKey.public];
const verified = await verifyBundle(memorySource('x.tbu', bundle), trusted);
const parts = partsOf([
  { path: 'bundle.json', bytes: sizeAt(0) },
  { path: 'bundle.sig', bytes: sizeAt(512 + Math.ceil(sizeAt(0) / 512) * 512) },
  ...verified.index.entries,
]);

/** What the tar header there says (POSIX.1-1988 section 10.1.1). */
function sizeAt(header: number): number {
  return Number.parseInt(bundle.toString('latin1', header + 124, header + 135), 8);
}

const isDocument = ({ path, part }: Part): boolean => part === 'content' && !path.includes('/');

/** The refusal has to be of kind corrupt and to name the file; that of a signature may name what it signs. */
function assertNamed(error: unknown, { path }: Part, bit: number): void {
  const message = error instanceof TwinbankError ? error.message : String(error);
  const names = [`x.tbu: ${path}: `];
  if (path === 'bundle.sig') names.push('x.tbu: bundle.json: ');
  const named = names.some((name) => message.includes(name));
  if (error instanceof TwinbankError && error.kind === 'corrupt' && named) return;
  expect.fail(`bit ${bit} of ${path}: ${message}`);
}

test('a bundle with a bit flipped, of its documents or of any other part, is refused and the file named', async () => {
  // Of unknown size, as from a pipe, so that nothing is found out by the length of all.
  expect(parts.at(-1)).toMatchObject({ offset: bundle.length - 1024, length: 1024 });
  const flips = { document: 0, module: 0, rest: 0 };
  for (const part of parts) {
    // All bits of headers, padding and the end are tried by bundle-damage.test.ts, without signatures.
    const kind = isDocument(part) ? 'document' : part.part === 'content' ? 'module' : 'rest';
    const all = kind === 'document' && exhaustive;
    const bits = all ? allBits(part) : someBits(part, exhaustive ? 64 : 16);
    for (const bit of bits) {
      const error = await whileFlipped(bundle, bit, () =>
        verifyBundle(piped(bundle), trusted).catch((thrown: unknown) => thrown),
      );
      assertNamed(error, part, bit);
      flips[kind]++;
    }
  }
  const documents = parts.filter(isDocument).reduce((sum, { length }) => sum + length * 8, 0);
  if (exhaustive) expect(flips.document).toBe(documents);
  else expect(flips.document).toBeGreaterThanOrEqual(2 * 16);
  expect(flips.module).toBeGreaterThan(exhaustive ? 400 : 100);
  expect(flips.rest).toBeGreaterThan(exhaustive ? 1500 : 350);
});

test('an update from a bundle with a bit flipped leaves the bank that is kept, and activates nothing', async () => {
  const disk = flipDisk();
  const versions = () => [keptBank, targetBank, storePartition].map((one) => disk.version(one));
  const before = versions();
  const ends = { before: 0, after: 0 };
  for (const part of parts) {
    for (const bit of bitsOver(part, exhaustive ? 12 : 4)) {
      await disk.triedLater(async () => {
        const error = await whileFlipped(bundle, bit, () =>
          applyBundle(piped(bundle), disk.forUpdate()).catch((thrown: unknown) => thrown),
        );
        assertNamed(error, part, bit);
        const wrote = versions().join() !== before.join();
        ends[wrote ? 'after' : 'before']++;
        // Modules and what comes after them; all else is verified before the first write.
        if (wrote) expect(isLater(part), `${part.path} ${part.part}`).toBe(true);
        const { booted, events } = simulateBoot(disk.simulated);
        const { current } = flipBuilds;
        expect(booted).toBe(keptBank);
        expect(events.at(-1)).toEqual({ type: 'ready', partition: keptBank, build: current.name });
        const cfg = disk.simulated.banks.find(({ partition }) => partition === targetBank);
        const marks = wrote ? { bootstate: '3', verdict: 'U' } : { bootstate: '0', verdict: '-' };
        expect(cfg?.readBootCfg()).toMatchObject({ ok: true, cfg: marks });
      });
    }
  }
  expect(ends.before).toBeGreaterThan(exhaustive ? 150 : 45);
  expect(ends.after).toBeGreaterThan(exhaustive ? 150 : 45);
});

function isLater({ path }: Part): boolean {
  return path.includes('/') || path === 'end';
}
