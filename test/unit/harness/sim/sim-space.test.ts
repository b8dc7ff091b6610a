import { describe, expect, it } from 'vitest';
import { simulateBoot } from '../../../../src/harness/sim/sim-boot.ts';
import { exhaustive, sampleSeed } from '../../../support/exhaustive.ts';
import {
  after,
  confirmed,
  contract,
  intact,
  type ModelBank,
  type ModelHost,
} from './boot-model.ts';
import { simHost } from './sim-host.ts';

/** Every state of one bank but `updated`: 4 states, 4 attempts, 2 verdicts, hash, boot.cfg writable or not, torn. */
function bankStates(right: boolean): Omit<ModelBank, 'updated'>[] {
  const states: Omit<ModelBank, 'updated'>[] = [{ marks: undefined, right, writable: true }];
  for (const state of [0, 1, 2, 3]) {
    for (const attempts of [0, 1, 2, 3]) {
      for (const verdict of ['-', 'H']) {
        for (const writable of [true, false]) {
          states.push({ marks: { state, attempts, verdict }, right, writable });
        }
      }
    }
  }
  return states;
}

/** All hosts of two banks; those with equal hashes follow each other, so that few files change. */
function* hosts(): Generator<ModelHost> {
  for (const right5 of [true, false]) {
    for (const right6 of [true, false]) {
      for (const five of bankStates(right5)) {
        for (const six of bankStates(right6)) {
          for (const [first, second] of [
            [1, 2],
            [2, 2],
            [2, 1],
          ] as const) {
            yield { 5: { ...five, updated: first }, 6: { ...six, updated: second } };
          }
        }
      }
    }
  }
}

/** One host in so many is booted, beginning with a random one, where not all of them are. */
const stride = exhaustive ? 1 : 101;

/** The hosts that the simulator boots; the contract alone is tried over all. */
function* bootedHosts(): Generator<ModelHost> {
  let index = sampleSeed;
  for (const host of hosts()) if (index++ % stride === 0) yield host;
}
if (!exhaustive) console.info(`one host in ${stride}: TWINBANK_SEED=${sampleSeed}`);

const say = (host: ModelHost) => JSON.stringify(host);

describe('every state of two banks', () => {
  const { disk, set, marks } = simHost();

  it('is booted by the simulator as the contract says, with the same bytes afterwards', () => {
    let count = 0;
    const outcomes = new Set<string>();
    for (const host of bootedHosts()) {
      count++;
      const { writes, failed, starts } = contract(host);
      set(host);
      const panicked = simulateBoot(disk, { behaviour: () => 'kernel-panic' });
      const found = marks(host);
      const expected = after(host, writes);
      if (panicked.booted !== starts || say(found) !== say(expected)) {
        expect({ host, booted: panicked.booted, found }).toEqual({
          host,
          booted: starts,
          found: expected,
        });
      }
      const done = panicked.events.flatMap((event) =>
        event.type === 'write' ? [`${event.partition} ${event.sticks}`] : [],
      );
      if (done.length !== writes.length + failed.length) {
        expect({ host, done }).toEqual({ host, done: [...writes, ...failed] });
      }
      outcomes.add(`${starts === null} ${panicked.outcome}`);
    }
    const share = (65 * 65 * 4 * 3) / stride;
    expect([Math.floor(share), Math.ceil(share)]).toContain(count);
    expect([...outcomes].sort()).toEqual(['false panic', 'true rescue']);
  });

  it('is confirmed when the system is healthy, and never from a state that may not be', () => {
    for (const host of bootedHosts()) {
      const { writes, starts } = contract(host);
      if (starts === null) continue;
      set(host);
      const boot = simulateBoot(disk);
      const expected = confirmed(after(host, writes), starts);
      const found = marks(host);
      if (boot.outcome !== 'healthy' || say(found) !== say(expected)) {
        expect({ host, outcome: boot.outcome, found }).toEqual({
          host,
          outcome: 'healthy',
          found: expected,
        });
      }
    }
  });

  it('has done the first writes of the contract, and no other, when the power fails before any write', () => {
    let cuts = 0;
    for (const host of bootedHosts()) {
      const { writes, starts } = contract(host);
      const confirms = starts === null ? 0 : 1;
      // A write that GRUB refuses never comes to the disk, so only those that stick are counted.
      for (let cut = 0; cut < writes.length + confirms; cut++) {
        set(host);
        disk.medium.cutBeforeWrite(cut + 1);
        const boot = simulateBoot(disk);
        cuts++;
        if (say(marks(host)) !== say(after(host, writes, cut)) || !boot.reset) {
          expect({ host, cut, found: marks(host) }).toEqual({
            host,
            cut,
            found: after(host, writes, cut),
          });
        }
      }
    }
    expect(cuts).toBeGreaterThan(exhaustive ? 50_000 : 350);
  });
});

/** A host whose banks behave: `fails` are the partitions whose system panics. */
type Fails = ReadonlySet<number>;

/** Boots until one is confirmed; the number of resets before, or undefined beyond `limit`. */
function resetsUntilUp(start: ModelHost, fails: Fails, limit: number): number | undefined {
  let host = start;
  for (let resets = 0; resets <= limit; resets++) {
    const { writes, starts } = contract(host);
    host = after(host, writes);
    if (starts === null) return undefined;
    if (!fails.has(starts)) return resets;
  }
  return undefined;
}

describe('a host with an intact VALID bank that runs', () => {
  // The longest way: the other bank is newer, runs three times and panics; both are then exhausted, so it
  // gets three more, because this one was exhausted from the start.
  const bound = 6;

  it(`is up after at most ${bound} resets, whatever the other bank is and does`, () => {
    let most = 0;
    for (const host of hosts()) {
      for (const good of [5, 6]) {
        if (!intact(host[good]!)) continue;
        for (const fails of [new Set<number>(), new Set([11 - good])]) {
          const resets = resetsUntilUp(host, fails, bound);
          if (resets === undefined) expect({ host, fails: [...fails] }).toBe('up');
          most = Math.max(most, resets ?? 0);
        }
      }
    }
    expect(most).toBe(bound);
  });

  it('needs at most one more when the power fails before any write of any of these boots', () => {
    for (const host of hosts()) {
      for (const good of [5, 6]) {
        if (!intact(host[good]!)) continue;
        const fails = new Set([11 - good]);
        let now = host;
        for (let boot = 0; boot <= bound; boot++) {
          const { writes, starts } = contract(now);
          for (let cut = 0; cut < writes.length; cut++) {
            const left = after(now, writes, cut);
            if (!intact(left[good]!)) expect({ host, boot, cut }).toBe('still intact');
            const resets = resetsUntilUp(left, fails, bound);
            if (resets === undefined) expect({ host, boot, cut }).toBe('up');
          }
          if (starts === null || !fails.has(starts)) break;
          now = after(now, writes);
        }
      }
    }
  });
});

describe('the properties of the contract, over every state and every way to fail', () => {
  it('boots no INVALID, DIRTY, malformed or wrong bank', () => {
    for (const host of hosts()) {
      const { starts } = contract(host);
      if (starts === null) continue;
      const bank = host[starts]!;
      if (!bank.right || (bank.marks?.state ?? 3) > 1) expect(host).toBe('not booted');
    }
  });

  it('tries a trial once, and a VALID bank that another can replace three times in a row', () => {
    for (const start of hosts()) {
      let host = start;
      const tried = new Set<number>();
      let streak = { bank: 0, length: 0 };
      for (let boot = 0; boot < 16; boot++) {
        const { writes, starts } = contract(host);
        if (starts === null) break;
        if (host[starts]!.marks?.state === 1) {
          if (tried.has(starts)) expect({ start, trial: starts }).toBe('tried once');
          tried.add(starts);
        }
        const other = host[11 - starts]!;
        const replaceable = intact(other) && other.marks!.attempts < 3;
        const same = streak.bank === starts ? streak.length : 0;
        streak = { bank: starts, length: replaceable ? same + 1 : 0 };
        if (streak.length > 3 && host[starts]!.writable) {
          expect({ start, boot, streak }).toBe('three in a row');
        }
        host = after(host, writes);
      }
    }
  });
});
