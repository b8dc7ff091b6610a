import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planConfirm, planInvalidate, planRollback } from '../../../src/bootloader/bank-actions.ts';
import type { BootCfg, BootMarks } from '../../../src/bootloader/boot-cfg.ts';
import { bootOrder, selectBank } from '../../../src/bootloader/select-bank.ts';
import type { BankFacts, BankIo } from '../../../src/bootloader/selection.ts';

/** A bank in one word: state, attempts, verdict, `updated`; then h for a wrong hash, w for unwritable. */
type Word = string;

function factsOf(words: readonly Word[]): BankFacts[] {
  return words.map((word, index) => {
    const partition = 5 + index;
    if (word.startsWith('x')) {
      return { partition, bootCfg: { ok: false, key: 'updated', reason: 'torn', problems: [] } };
    }
    const [bootstate, attempts, verdict, updated] = word;
    const rest = { build: '1', kernel: 'k', kernelopt: '', modules: ['m'], title: '' };
    const cfg = { bootstate, attempts, verdict, updated: Number(updated), ...rest } as BootCfg;
    return { partition, bootCfg: { ok: true, cfg, problems: [] } };
  });
}

/** Boots once from these banks; gives who booted and what the banks are afterwards, as words. */
function boot(words: readonly Word[]): {
  booted: number | null;
  after: Word[];
  verified: number[];
} {
  const now = [...words];
  const verified: number[] = [];
  const io: BankIo = {
    write(partition, { bootstate, attempts, verdict }) {
      const word = now[partition - 5]!;
      if (word.includes('w')) return false;
      now[partition - 5] = bootstate + attempts + verdict + word.slice(3);
      return true;
    },
    verify(partition) {
      verified.push(partition);
      return now[partition - 5]!.includes('h') ? 'wrong' : undefined;
    },
  };
  const { booted } = selectBank(factsOf(words), io);
  return { booted, after: now, verified };
}

describe('choosing a bank', () => {
  // Written from the contract's text, not from the code: banks 5 and 6 before, who boots, banks after.
  it.each<[string, Word[], number | null, Word[]]>([
    ['highest updated wins', ['00-1', '00-2'], 6, ['00-1', '01-2']],
    ['equal updated: the lower partition', ['00-2', '00-2'], 5, ['01-2', '00-2']],
    ['every unconfirmed boot counts', ['02-2', '00-1'], 5, ['03-2', '00-1']],
    ['exhausted comes after the others and gets verdict B', ['03-2', '00-1'], 6, ['03B2', '01-1']],
    ['all exhausted: counted from new, in order', ['03B2', '03-1'], 5, ['01B2', '00-1']],
    ['alone and exhausted, it still boots', ['03-2', '30R1'], 5, ['01-2', '30R1']],
    ['a trial is marked before it is tried', ['10-2', '00-1'], 5, ['20-2', '00-1']],
    ['a trial that was not confirmed is over', ['20-2', '00-1'], 6, ['30T2', '01-1']],
    ['a trial that failed its hashes keeps its H', ['20H2', '00-1'], 6, ['30H2', '01-1']],
    ['a trial with a wrong hash falls back at once', ['10-2h', '00-1'], 6, ['20H2h', '01-1']],
    ['a trial that cannot be marked is not tried', ['10-2w', '00-1'], 6, ['10-2w', '01-1']],
    ['a trial is never exhausted', ['13-2', '00-1'], 5, ['23-2', '00-1']],
    ['a trial keeps others from counting as all exhausted', ['10-1', '03-2'], 5, ['20-1', '03B2']],
    ['INVALID is never chosen', ['30R2', '30-1'], null, ['30R2', '30-1']],
    ['malformed is never chosen', ['x', '00-1'], 6, ['x', '01-1']],
    [
      'a wrong hash on a VALID bank counts the attempt too',
      ['00-2h', '00-1'],
      6,
      ['01H2h', '01-1'],
    ],
    ['both wrong: rescue', ['00-2h', '00-1h'], null, ['01H2h', '01H1h']],
    [
      'a VALID bank that cannot be written comes after the others',
      ['00-2w', '00-1'],
      6,
      ['00-2w', '01-1'],
    ],
    ['but it boots when they fail', ['00-2w', '00-1h'], 5, ['00-2w', '01H1h']],
    ['read-only media boot VALID banks in order', ['00-1w', '00-2w'], 6, ['00-1w', '00-2w']],
    ['read-only and exhausted boots too', ['03-1w', '03-2w'], 6, ['03-1w', '03-2w']],
    ['a DIRTY bank on read-only media is refused', ['20-2w', '00-1w'], 6, ['20-2w', '00-1w']],
    ['nothing at all', [], null, []],
  ])('%s', (_rule, before, booted, after) => {
    expect(boot(before)).toMatchObject({ booted, after });
  });

  const word = fc.oneof(
    { weight: 1, arbitrary: fc.constant('x') },
    {
      weight: 9,
      arbitrary: fc
        .tuple(
          fc.constantFrom('0', '1', '2', '3'),
          fc.constantFrom('0', '1', '2', '3'),
          fc.constantFrom('-', 'T', 'H', 'B', 'R', 'U'),
          fc.constantFrom('1', '2', '3'),
          fc.constantFrom('', '', '', 'h', 'w', 'hw'),
        )
        .map((parts) => parts.join('')),
    },
  );
  const host = fc.array(word, { minLength: 1, maxLength: 4 });

  it('boots only a bank that was VALID or UPGRADING and is right, and looks into none twice', () => {
    fc.assert(
      fc.property(host, (words) => {
        const { booted, verified } = boot(words);
        expect(new Set(verified).size).toBe(verified.length);
        if (booted === null) return;
        expect(words[booted - 5]).toMatch(/^[01][^h]*$/);
        expect(verified.at(-1)).toBe(booted);
      }),
      { numRuns: 3000 },
    );
  });

  it('boots something whenever a VALID bank is intact, whatever else is wrong', () => {
    fc.assert(
      fc.property(host, (words) => {
        const intact = words.some((one) => /^0[^h]*$/.test(one));
        if (intact) expect(boot(words).booted).not.toBeNull();
      }),
      { numRuns: 3000 },
    );
  });

  it('tries a trial at most once, over any number of boots', () => {
    fc.assert(
      fc.property(host, (words) => {
        let now = words;
        const trials = new Set<number>();
        for (let boots = 0; boots < 12; boots++) {
          const result = boot(now);
          const trial = result.booted !== null && now[result.booted - 5]?.[0] === '1';
          now = result.after;
          if (!trial || result.booted === null) continue;
          expect(trials.has(result.booted)).toBe(false);
          trials.add(result.booted);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('boots no exhausted bank while another VALID one is intact and not exhausted', () => {
    fc.assert(
      fc.property(host, (words) => {
        const { booted } = boot(words);
        if (booted === null || !words[booted - 5]?.startsWith('03')) return;
        expect(words.filter((one) => /^0[0-2][^hw]*$/.test(one))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it('lets two banks that both fail to be confirmed take turns, three boots each', () => {
    let now = ['00-2', '00-1'];
    const booted = Array.from({ length: 12 }, () => {
      const result = boot(now);
      now = result.after;
      return result.booted;
    });
    expect(booted).toEqual([5, 5, 5, 6, 6, 6, 5, 5, 5, 6, 6, 6]);
  });

  it('keeps all of this when the power fails between any two writes', () => {
    fc.assert(
      fc.property(host, fc.nat(6), (words, cut) => {
        const now = [...words];
        let left = cut;
        const io: BankIo = {
          write(partition, { bootstate, attempts, verdict }) {
            if (left-- === 0) throw new Error('power cut');
            if (now[partition - 5]!.includes('w')) return false;
            now[partition - 5] = bootstate + attempts + verdict + now[partition - 5]!.slice(3);
            return true;
          },
          verify: (partition) => (now[partition - 5]!.includes('h') ? 'wrong' : undefined),
        };
        try {
          selectBank(factsOf(words), io);
        } catch {
          // The host starts again from what is left.
        }
        const next = boot(now);
        if (words.some((one) => /^0[^h]*$/.test(one))) expect(next.booted).not.toBeNull();
        if (next.booted !== null) expect(words[next.booted - 5]).toMatch(/^[01][^h]*$/);
      }),
      { numRuns: 3000 },
    );
  });

  it('has the current bank first in order, exhausted ones last', () => {
    expect(bootOrder(factsOf(['03-9', '00-1', '10-2', '30-8', 'x']))).toEqual([7, 6, 5]);
  });
});

describe('a person at the console', () => {
  const io: BankIo = { write: () => true, verify: () => undefined };

  it('boots an INVALID bank once without a write', () => {
    const facts = factsOf(['00-2', '30R1']);
    const { booted, events } = selectBank(facts, io, { wants: 'boot', partition: 6 });
    expect(booted).toBe(6);
    expect(events.some((event) => event.type === 'write')).toBe(false);
  });

  it('cannot boot a malformed bank; the loader goes on', () => {
    const facts = factsOf(['00-2', 'x']);
    expect(selectBank(facts, io, { wants: 'boot', partition: 6 }).booted).toBe(5);
  });

  it('rolls back to a bank that is verified once and then booted', () => {
    const { booted, banks, events } = selectBank(factsOf(['00-2', '00-1']), io, {
      wants: 'rollback',
    });
    expect(booted).toBe(6);
    expect(banks[0]).toMatchObject({ state: 'INVALID', marks: { verdict: 'R' } });
    expect(events.filter((event) => event.type === 'verify')).toHaveLength(1);
  });
});

describe('bank actions', () => {
  const right = { verify: () => undefined };
  const clean: BootMarks = { bootstate: '0', attempts: '0', verdict: '-' };

  it('confirm the running bank in VALID or DIRTY, and no other state', () => {
    for (const word of ['02H2', '20-2']) {
      const change = planConfirm(factsOf([word, '00-1']), { ...right, running: 5 });
      expect(change).toEqual({ partition: 5, marks: clean });
    }
    for (const word of ['10-2', '30R2', 'x']) {
      expect(() => planConfirm(factsOf([word, '00-1']), { ...right, running: 5 })).toThrow(
        'bank 5',
      );
    }
  });

  it('confirm another bank only when it is VALID', () => {
    const facts = factsOf(['00-2', '03B1']);
    expect(planConfirm(facts, { ...right, running: 5 }, 6)).toEqual({ partition: 6, marks: clean });
    expect(() => planConfirm(factsOf(['00-2', '20-1']), { ...right, running: 5 }, 6)).toThrow(
      'bank 6: expected VALID, as it is not the running one, found DIRTY',
    );
  });

  it('roll back the running bank, or the first in order of an image at rest', () => {
    const facts = factsOf(['01-2', '00-1']);
    const marks = { bootstate: '3', attempts: '1', verdict: 'R' };
    expect(planRollback(facts, right)).toEqual({ partition: 5, marks });
    expect(planRollback(facts, { ...right, running: 6 }).partition).toBe(6);
  });

  it.each([['10-1'], ['03-1'], ['20-1'], ['30-1'], ['x']])(
    'are refused when the other bank is %s or wrong',
    (other) => {
      expect(() => planInvalidate(factsOf(['00-2', other]), right, 5)).toThrow('found none');
      const wrong = { verify: () => 'a.v00 does not match its hash' };
      expect(() => planInvalidate(factsOf(['00-2', '00-1']), wrong, 5)).toThrow('bank 6: a.v00');
    },
  );
});
