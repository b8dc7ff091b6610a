import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packState } from '../../../src/state/archive.ts';
import { chooseState } from '../../../src/state/choose-state.ts';
import { keepState, saveState } from '../../../src/state/save-state.ts';
import { readBankState } from '../../../src/state/slots-of-bank.ts';
import { exhaustive } from '../../support/exhaustive.ts';
import { runs } from '../../support/soak.ts';
import { payload } from '../disk/fat/trees.ts';
import { randomOf } from '../update/cut-random.ts';
import { type FailingDisk, failingDisk, PowerCut } from './failing-disk.ts';
import { type StateBank, stateBank } from './state-bank.ts';

/** What happens to a host of two banks, of which one runs. */
type Deed =
  | { readonly does: 'save'; readonly size: number; readonly seed: number }
  /** The other bank starts: after an update, or because this one failed. */
  | { readonly does: 'switch' }
  /** A person rolls the running bank back; the other one starts. */
  | { readonly does: 'roll-back' }
  /** The running bank is made to hold the state, and the other bank is overwritten: no verdict is left of it. */
  | { readonly does: 'overwrite' };

const save = fc
  .record({
    size: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(0, 200_000, 261_632)),
    seed: fc.nat(),
  })
  .map((what): Deed => ({ does: 'save', ...what }));
const deed = fc.oneof(
  { weight: 5, arbitrary: save },
  fc.constantFrom<Deed>({ does: 'switch' }, { does: 'roll-back' }, { does: 'overwrite' }),
);
const story = fc
  .tuple(save, fc.array(deed, { maxLength: 12 }))
  .map(([first, rest]) => [first, ...rest]);

interface Host {
  readonly banks: readonly [StateBank, StateBank];
  running: 0 | 1;
  /** The last save that was reported in each bank, and its place in the order of all. */
  readonly reported: [Reported | undefined, Reported | undefined];
  /** What is being written, not reported yet. */
  pending: Uint8Array | undefined;
  order: number;
}
interface Reported {
  readonly content: Uint8Array;
  readonly order: number;
}

const newHost = (): Host => ({
  banks: [stateBank(), stateBank()],
  running: 0,
  reported: [undefined, undefined],
  pending: undefined,
  order: 0,
});
const other = (host: Host): 0 | 1 => (host.running === 0 ? 1 : 0);
const isRolledBack = (host: Host) => readBankState(host.banks[other(host)].device).verdict === 'R';

/** What the running bank has to start from: the last save that was reported, where it counts. */
function expectedOf(host: Host): Uint8Array | undefined {
  const own = host.reported[host.running];
  const theirs = isRolledBack(host) ? undefined : host.reported[other(host)];
  return theirs && theirs.order > (own?.order ?? 0) ? theirs.content : own?.content;
}

async function live(host: Host, disk: FailingDisk, deeds: readonly Deed[]): Promise<void> {
  const devices = host.banks.map(({ bytes }) => disk.device(bytes));
  for (const one of deeds) {
    const { running } = host;
    const pair = {
      bank: devices[running]!,
      other: devices[other(host)],
      dropCaches: async () => disk.step(),
    };
    if (one.does === 'save') {
      host.pending = payload(one.size, one.seed);
      await saveState(pair, host.pending);
      host.reported[running] = { content: host.pending, order: ++host.order };
    } else if (one.does === 'switch') {
      if (!isRolledBack(host)) host.running = other(host);
    } else if (one.does === 'roll-back') {
      if (isRolledBack(host)) continue;
      host.banks[running].mark({ bootstate: '3', verdict: 'R' });
      host.running = other(host);
    } else {
      const held = expectedOf(host);
      const outlived = !held && host.reported[other(host)] && isRolledBack(host);
      host.pending = outlived ? packState([]) : held;
      const { generation } = await keepState(pair);
      expect(generation === null).toBe(host.pending === undefined);
      if (host.pending) host.reported[running] = { content: host.pending, order: ++host.order };
      host.banks[other(host)].mark({});
    }
    host.pending = undefined;
  }
}

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined) =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;

/** The state that the running bank starts from, by what is on the medium alone. */
function startsFrom({ banks, running }: Host): Uint8Array | undefined {
  const states = banks.map(({ bytes, device }) => ({ bytes, state: readBankState(device) }));
  return chooseState(states[running]!.state, states[running === 0 ? 1 : 0]!.state)?.saved.content;
}

const cutsTried = exhaustive ? 100 : 40;

it('power cuts at random writes, sectors torn: what was reported last is there, or what was being written, whole', async () => {
  let cuts = 0;
  let old = 0;
  await fc.assert(
    fc.asyncProperty(
      story,
      fc.nat(),
      // Not fc.double, of which nearly all are small: nearly every write would be lost.
      fc.integer(),
      async (deeds, at, seed) => {
        const random = randomOf(seed);
        const whole = failingDisk(-1, random);
        const calm = newHost();
        await live(calm, whole, deeds);
        expect(same(startsFrom(calm), expectedOf(calm))).toBe(true);

        const host = newHost();
        const disk = failingDisk(at % whole.steps(), random);
        await expect(live(host, disk, deeds)).rejects.toThrow(PowerCut);
        expect(disk.fired()).toBe(true);
        cuts++;
        const found = startsFrom(host);
        const isOld = same(found, expectedOf(host));
        if (isOld) old++;
        expect(isOld || (host.pending !== undefined && same(found, host.pending))).toBe(true);

        // The host goes on with what it found, and its next save is the one that counts.
        const content = payload(700, at);
        const pair = {
          bank: host.banks[host.running].device,
          other: host.banks[other(host)].device,
        };
        await saveState(pair, content);
        expect(same(startsFrom(host), content)).toBe(true);
      },
    ),
    { numRuns: runs(cutsTried) },
  );
  expect(cuts).toBeGreaterThanOrEqual(cutsTried);
  // Both ends of a cut were met.
  expect(old).toBeGreaterThan(exhaustive ? 10 : 0);
  expect(cuts - old).toBeGreaterThan(exhaustive ? 10 : 0);
});
