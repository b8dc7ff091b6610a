import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/bootloader/rules.ts';
import {
  chooseState,
  holdsNewest,
  newestGeneration,
  newestIsUnknown,
} from '../../../src/state/choose-state.ts';
import { type SlotReading, slotNames } from '../../../src/state/slot.ts';
import type { BankState } from '../../../src/state/slots-of-bank.ts';
import { runs } from '../../support/soak.ts';

const content = Buffer.from('content');
const damaged: SlotReading = { ok: false, empty: false, reason: 'torn' };
const slot = (generation: number, schema = 2): SlotReading => ({
  ok: true,
  saved: { generation, schema, content },
});
const bank = (verdict: Verdict | undefined, ...readings: SlotReading[]): BankState => ({
  verdict,
  slots: readings.map((reading, index) => ({
    name: slotNames[index]!,
    offset: index * 262_144,
    reading,
  })),
});
/** `own state1.slt 7`, or nothing. */
const chosen = (own: BankState, other?: BankState) => {
  const found = chooseState(own, other);
  return found && `${found.bank} ${found.slot.name} ${found.saved.generation}`;
};

describe('the state that a bank starts from', () => {
  it('is the newest of its own slots, whichever that is', () => {
    expect(chosen(bank('-', slot(3), slot(4)))).toBe('own state2.slt 4');
    expect(chosen(bank('-', slot(5), slot(4)))).toBe('own state1.slt 5');
  });

  it('is none that lies far from all others, as no save makes it', () => {
    const far = slot(Number.MAX_SAFE_INTEGER);
    expect(chosen(bank('-', far, slot(4)), bank('-', slot(3)))).toBe('own state2.slt 4');
    expect(chosen(bank('-', far))).toBe(`own state1.slt ${Number.MAX_SAFE_INTEGER}`);
  });

  it('is that of the other bank where that is newer', () => {
    expect(chosen(bank('-', slot(3), slot(4)), bank('T', slot(5), damaged))).toBe(
      'other state1.slt 5',
    );
  });

  it('is its own where a person rolled the other bank back, however new that one is', () => {
    expect(chosen(bank('-', slot(3), damaged), bank('R', slot(9)))).toBe('own state1.slt 3');
    expect(chosen(bank('-', damaged), bank('R', slot(9)))).toBeUndefined();
  });

  it('does not depend on what was said of the bank itself', () => {
    expect(chosen(bank('R', slot(9)), bank('-', slot(3)))).toBe('own state1.slt 9');
  });

  it('is never one of a schema that is not known, nor one that is damaged', () => {
    expect(chosen(bank('-', slot(9, 3), slot(3)), bank('-', slot(8, 0), damaged))).toBe(
      'own state2.slt 3',
    );
  });

  it('is none where nothing was saved', () => {
    expect(chosen(bank('-'), bank(undefined))).toBeUndefined();
    expect(chosen(bank('-', damaged, damaged))).toBeUndefined();
  });
});

const reading = fc.oneof(
  fc.constant(damaged),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 2, 2, 3))
    .map(([generation, schema]) => slot(generation, schema)),
);
const anyBank = fc
  .tuple(
    fc.constantFrom<(Verdict | undefined)[]>('-', 'T', 'H', 'B', 'R', 'U', undefined),
    fc.array(reading, { maxLength: 2 }),
  )
  .map(([verdict, readings]) => bank(verdict, ...readings));

describe('of any two banks', () => {
  const knownOf = ({ slots }: BankState) =>
    slots.flatMap((one) => (one.reading.ok && one.reading.saved.schema <= 2 ? [one] : []));

  it('no known slot that counts is newer than the chosen one, and one is chosen if there is any', () => {
    fc.assert(
      fc.property(anyBank, fc.option(anyBank, { nil: undefined }), (own, other) => {
        const counting = [
          ...knownOf(own),
          ...(other && other.verdict !== 'R' ? knownOf(other) : []),
        ];
        const found = chooseState(own, other);
        expect(found !== undefined).toBe(counting.length > 0);
        if (!found) return;
        expect(counting).toContain(found.slot);
        const newest = Math.max(
          ...counting.map((one) => (one.reading.ok ? one.reading.saved.generation : 0)),
        );
        expect(found.saved.generation).toBe(newest);
      }),
      { numRuns: runs(500) },
    );
  });

  it('a bank holds the newest if, and only if, it starts from its own and all else is older', () => {
    fc.assert(
      fc.property(anyBank, anyBank, (own, other) => {
        const found = chooseState(own, other);
        const rest = [...own.slots, ...other.slots].filter((one) => one !== found?.slot);
        const older = rest.every(
          ({ reading: one }) => !one.ok || one.saved.generation < (found?.saved.generation ?? 0),
        );
        expect(holdsNewest(own, other)).toBe(found?.bank === 'own' && older);
        if (holdsNewest(own, other)) {
          expect(newestGeneration(own, other)).toBe(found?.saved.generation);
          expect(newestIsUnknown(own, other)).toBe(false);
        }
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('a newest save of a later schema', () => {
  it('is known as such, unless a person rolled its bank back', () => {
    expect(newestIsUnknown(bank('-', slot(3)), bank('T', slot(5, 3)))).toBe(true);
    expect(newestIsUnknown(bank('-', slot(3)), bank('R', slot(5, 3)))).toBe(false);
    expect(newestIsUnknown(bank('-', slot(5)), bank('T', slot(3, 3)))).toBe(false);
    expect(newestIsUnknown(bank('-'), bank('-', slot(3, 3)))).toBe(true);
  });
});
