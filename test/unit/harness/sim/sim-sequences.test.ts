import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planConfirm, planRollback } from '../../../../src/bootloader/bank-actions.ts';
import { writeMarks } from '../../../../src/bootloader/write-marks.ts';
import type { RuntimeFault } from '../../../../src/harness/faults/fault.ts';
import { simulateBoot } from '../../../../src/harness/sim/sim-boot.ts';
import { after, confirmed, contract, copyOf, intact, type ModelHost } from './boot-model.ts';
import { type SimHost, simHost } from './sim-host.ts';

/** The host as the contract has it, and what happened to it so far. */
interface Model {
  host: ModelHost;
  /** Trials that were booted since their update. */
  tried: Set<number>;
  /** The VALID bank that was booted last, and how often in a row while another could replace it. */
  streak: { bank: number; length: number };
}
type Command = fc.Command<Model, SimHost>;

const newHost = (): ModelHost => ({
  5: { marks: { state: 0, attempts: 0, verdict: '-' }, updated: 2, right: true, writable: true },
  6: { marks: { state: 0, attempts: 0, verdict: '-' }, updated: 1, right: true, writable: true },
});

const name = (text: string, command: Omit<Command, 'toString'>): Command => ({
  ...command,
  toString: () => text,
});

/** One boot; each bank runs or fails in its way, and the power may fail before a write. */
function boot(fails: Record<number, RuntimeFault | undefined>, cut: number): Command {
  return name(`boot(${fails[5] ?? 'ok'}, ${fails[6] ?? 'ok'}, cut ${cut})`, {
    check: () => true,
    run(model, real) {
      const before = model.host;
      const { writes, starts } = contract(before);
      real.disk.medium.cutBeforeWrite(cut);
      const result = simulateBoot(real.disk, { behaviour: (partition) => fails[partition] });
      real.disk.medium.cutBeforeWrite(0);
      const cutInLoader = cut > 0 && cut <= writes.length;
      const behaviour = starts === null ? undefined : fails[starts];
      const cutAtConfirm = cut === writes.length + 1 && starts !== null && behaviour === undefined;

      model.host = after(before, writes, cutInLoader ? cut - 1 : writes.length);
      if (!cutInLoader && !cutAtConfirm && starts !== null && !behaviour) {
        model.host = confirmed(model.host, starts);
      }
      expect(real.marks(model.host)).toEqual(model.host);
      expect(result.booted).toBe(cutInLoader ? null : starts);
      if (result.booted === null) return;
      const bank = before[result.booted]!;
      const trial = bank.marks!.state === 1;
      const up = !cutAtConfirm && (!behaviour || (!trial && /agent|confirm/.test(behaviour)));
      expect(result.reset).toBe(!up);
      expect(result.outcome === 'healthy').toBe(!cutAtConfirm && !behaviour);

      // The properties themselves, from what was there before and not from what the contract computed.
      expect(bank.right).toBe(true);
      expect([0, 1]).toContain(bank.marks!.state);
      if (trial) {
        expect(model.tried.has(result.booted)).toBe(false);
        model.tried.add(result.booted);
      }
      const other = before[11 - result.booted]!;
      const same = model.streak.bank === result.booted ? model.streak.length : 0;
      const counts = !trial && result.outcome !== 'healthy' && replaces(other);
      model.streak = { bank: result.booted, length: counts ? same + 1 : 0 };
      expect(model.streak.length).toBeLessThanOrEqual(3);
    },
  });
}

const replaces = (bank: ModelHost[number]) => intact(bank) && bank.marks!.attempts < 3;

/** An update of one bank, as its last write leaves it: the newest, right, and to be tried. */
function update(partition: number): Command {
  return name(`update(${partition})`, {
    check: ({ host }) => intact(host[11 - partition]!),
    run(model, real) {
      const updated = 1 + Math.max(...Object.values(model.host).map((bank) => bank.updated));
      const marks = { state: 1, attempts: 0, verdict: '-' };
      model.host = { ...model.host, [partition]: { marks, updated, right: true, writable: true } };
      model.tried.delete(partition);
      model.streak = { bank: 0, length: 0 };
      real.set(model.host);
    },
  });
}

function damage(partition: number, how: 'flip' | 'tear'): Command {
  return name(`${how}(${partition})`, {
    // One bank stays well, or there is nothing left to try.
    check: ({ host }) => intact(host[11 - partition]!),
    run(model, real) {
      const host = copyOf(model.host);
      if (how === 'flip') host[partition]!.right = false;
      else host[partition]!.marks = undefined;
      model.host = host;
      real.set(host);
    },
  });
}

/** A person's `twinbank bank`, by the functions that it calls. */
function person(action: 'rollback' | 'confirm', partition: number): Command {
  return name(`${action}(${partition})`, {
    check: () => true,
    run(model, real) {
      const { facts, io } = real.disk.loader();
      const context = { verify: io.verify };
      const { host } = model;
      let done = true;
      try {
        const change =
          action === 'rollback'
            ? planRollback(facts, context)
            : planConfirm(facts, context, partition);
        const bank = real.disk.banks.find((one) => one.partition === change.partition)!;
        writeMarks(bank.device, change.marks);
        model.host = after(host, [
          action === 'rollback'
            ? { partition: bank.partition, ...host[bank.partition]!.marks!, state: 3, verdict: 'R' }
            : { partition, state: 0, attempts: 0, verdict: '-' },
        ]);
        model.streak = { bank: 0, length: 0 };
        expect(replaces(host[11 - bank.partition]!) || action === 'confirm').toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'refused' });
        done = false;
      }
      if (action === 'confirm') expect(done).toBe(host[partition]!.marks?.state === 0);
      expect(real.marks(model.host)).toEqual(model.host);
    },
  });
}

const fault = fc.constantFrom<(RuntimeFault | undefined)[]>(
  undefined,
  undefined,
  'kernel-panic',
  'init-hang',
  'agent-dead',
  'no-confirm',
);
const partition = fc.constantFrom(5, 6);
const commands = fc.commands(
  [
    fc
      .tuple(fault, fault, fc.constantFrom(0, 0, 0, 1, 2, 3))
      .map(([five, six, cut]) => boot({ 5: five, 6: six }, cut)),
    fc.tuple(fault, fault).map(([five, six]) => boot({ 5: five, 6: six }, 0)),
    partition.map(update),
    fc
      .tuple(partition, fc.constantFrom<('flip' | 'tear')[]>('flip', 'tear'))
      .map(([at, how]) => damage(at, how)),
    fc
      .tuple(fc.constantFrom<('rollback' | 'confirm')[]>('rollback', 'confirm'), partition)
      .map(([action, at]) => person(action, at)),
  ],
  { maxCommands: 40 },
);

describe('any sequence of boots, failures, power cuts, updates, damage and commands', () => {
  it('keeps the contract, and ends with a system that comes up by itself', () => {
    const real = simHost();
    fc.assert(
      fc.property(commands, (sequence) => {
        const model: Model = { host: newHost(), tried: new Set(), streak: { bank: 0, length: 0 } };
        real.set(model.host);
        fc.modelRun(() => ({ model, real }), sequence);
        if (!Object.values(model.host).some(intact)) return;
        for (let resets = 0; resets <= 6; resets++) {
          const { outcome } = simulateBoot(real.disk, {
            behaviour: (at) => (intact(model.host[at]!) ? undefined : 'kernel-panic'),
          });
          if (outcome === 'healthy') return;
        }
        expect('up').toBe('after six resets');
      }),
      { numRuns: 600 },
    );
  });
});
