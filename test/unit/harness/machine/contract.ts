import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFault } from '../../../../src/harness/faults/parse-fault.ts';
import {
  type Ability,
  abilities,
  isNotAble,
  type PowerEvent,
  type TestMachine,
} from '../../../../src/harness/machine/test-machine.ts';

/** How a kind of machine is made for the contract. */
export interface ContractKind {
  /** A new machine that is off, with an image on its disk from which bank 5 boots. */
  make(): Promise<TestMachine>;
  readonly timeoutMs: number;
  /** What is left of it, processes and files, after `dispose`. */
  left(): readonly string[];
}

const ready = /twinbank: ready build=(\S+) bank=(\d+)/;
/** What asks for each ability, where a machine lacks it. */
const asking: Partial<Record<Ability, (machine: TestMachine) => Promise<unknown>>> = {
  type: (machine) => machine.type('x'),
  keys: (machine) => machine.key('esc'),
  loader: (machine) => machine.atLoader({ wants: 'rollback' }),
  screen: (machine) => machine.screenshot(),
  vmkd: (machine) => machine.vmkd.call('status'),
  network: (machine) => machine.endpoint(443),
  disk: (machine) => machine.withDisk(() => 1),
  snapshot: (machine) => machine.snapshot(),
};

/** What every kind of machine does, whatever plays it. */
export function machineContract(name: string, kind: ContractKind): void {
  describe(`a ${name} machine`, () => {
    let machine: TestMachine;
    let power: PowerEvent[];
    beforeEach(async () => {
      machine = await kind.make();
      power = [];
      machine.onPower((event) => power.push(event));
    });
    afterEach(async () => {
      await machine.dispose();
      expect(kind.left()).toEqual([]);
    });

    const events = () => power.map(({ what, fault }) => (fault ? `${what} ${fault}` : what));
    const boot = async (): Promise<void> => {
      const from = machine.console.lines.length;
      await machine.powerOn();
      const end = await machine.console.waitFor(ready, { timeoutMs: kind.timeoutMs, from });
      expect(end).toHaveProperty('line');
    };

    it('is off until it is switched on, and then boots', async () => {
      expect([machine.isOn(), machine.boots]).toEqual([false, 0]);
      await boot();
      expect([machine.isOn(), machine.boots, machine.lost()]).toEqual([true, 1, undefined]);
      expect(machine.console.lines.map(({ text }) => text)).toContain('twinbank: loader');
      await machine.powerOff();
      expect(machine.isOn()).toBe(false);
      expect(events()).toEqual(['on', 'off']);
    });

    it('goes on with one console over its boots', async () => {
      await boot();
      await machine.cut();
      expect(machine.isOn()).toBe(false);
      const before = machine.console.lines.length;
      await boot();
      await machine.reset();
      const from = machine.console.lines.findLastIndex(({ text }) =>
        /twinbank: loader$/.test(text),
      );
      const again = await machine.console.waitFor(ready, { timeoutMs: kind.timeoutMs, from });
      expect(again).toHaveProperty('line');
      expect(machine.console.lines.length).toBeGreaterThan(before);
      expect([events(), machine.boots]).toEqual([['on', 'cut', 'on', 'reset'], 3]);
    });

    it('loses its power at a line of the console, and stays off', async () => {
      const line = /twinbank: verifying bank/;
      const cut = machine.cut({ line, timeoutMs: kind.timeoutMs });
      await machine.powerOn();
      await cut;
      expect([machine.isOn(), events()]).toEqual([false, ['on', 'cut']]);
      expect(machine.console.lines.some(({ text }) => ready.test(text))).toBe(false);
    });

    it('plays a power cut at a stage once, and comes back', async () => {
      const fault = parseFault('power-cut=verify', machine.kind);
      expect(machine.canInject(fault)).toBe(true);
      await machine.inject(fault);
      expect(machine.unfired()).toEqual(['power-cut=verify']);
      await boot();
      expect(events()).toEqual(['on', 'cut power-cut=verify', 'on']);
      expect([machine.unfired(), machine.boots]).toEqual([[], 2]);
    });

    it('refuses what needs the power the other way', async () => {
      for (const call of [() => machine.powerOff(), () => machine.reset(), () => machine.cut()]) {
        await expect(call()).rejects.toMatchObject({ kind: 'boot', code: 'harness.power' });
      }
      await boot();
      await expect(machine.powerOn()).rejects.toMatchObject({ code: 'harness.power' });
      await expect(machine.flash('/nowhere.img')).rejects.toMatchObject({ code: 'harness.power' });
    });

    it('says that it is not able to do what it lacks', async () => {
      for (const ability of abilities.filter((one) => !machine.abilities.has(one))) {
        const failure = await asking[ability]?.(machine).catch((error: unknown) => error);
        expect(isNotAble(failure), ability).toBe(true);
      }
    });

    it('goes back to a snapshot with its console', async () => {
      if (!machine.abilities.has('snapshot')) return;
      await boot();
      const snapshot = await machine.snapshot();
      try {
        await machine.cut();
        const other = await kind.make();
        await other.restore(snapshot);
        expect([other.isOn(), other.boots]).toEqual([true, 1]);
        expect(other.console.lines.some(({ text }) => ready.test(text))).toBe(true);
        expect(await other.vmkd.call('status')).toMatchObject({ bank: 5, problems: [] });
        await other.dispose();
      } finally {
        await snapshot.dispose();
      }
    });

    it('ends for good, twice, whatever it does', async () => {
      await boot();
      await machine.dispose();
      await machine.dispose();
      expect(machine.isOn()).toBe(false);
      const end = await machine.console.waitFor(/never/, { timeoutMs: kind.timeoutMs });
      expect(end).toEqual({ ended: 'closed' });
    });
  });
}
