import { createHash } from 'node:crypto';
import type { MachineSnapshot } from '../machine/test-machine.ts';
import type { WatchState } from '../scenario/machine-watch.ts';
import type { PlannedRun } from '../scenario/read-scenario.ts';
import type { ScenarioState } from '../scenario/step-context.ts';

/** A machine as a step has left it, for every run whose steps so far are the same. */
export interface SharedStart {
  /** Index of the step after which it was taken. */
  readonly step: number;
  readonly snapshot: MachineSnapshot;
  readonly watch: WatchState;
  readonly state: ScenarioState;
  /** The run that has made it. */
  readonly by: string;
}

/** What runs have in common. A boot that two of them begin with is made once. */
export interface SnapshotCache {
  /** The longest beginning of a run that is there already. */
  take(run: PlannedRun): SharedStart | undefined;
  /** Whether somebody is just making a beginning of this run: waiting costs less than making it again. */
  isComing(run: PlannedRun): boolean;
  /** A run begins, and will make what it shares with others and nobody has made. */
  claim(run: PlannedRun): void;
  /** Whether others want what the machine is after this step. */
  isWanted(run: PlannedRun, step: number): boolean;
  put(run: PlannedRun, start: SharedStart): Promise<void>;
  /** A run is over, or gives up what it has claimed; what nobody wants any more is thrown away. */
  release(run: PlannedRun, options: { readonly done: boolean }): Promise<void>;
  clear(): Promise<void>;
}

interface Slot {
  /** Runs that may still begin with it. */
  readonly users: Set<PlannedRun>;
  maker: PlannedRun | undefined;
  start: SharedStart | undefined;
}

export function snapshotCache(runs: readonly PlannedRun[]): SnapshotCache {
  const slots = new Map<string, Slot>();
  const keys = new Map(runs.map((run) => [run, beginnings(run)]));
  for (const [run, found] of keys) {
    for (const { key } of found) {
      const slot = slots.get(key) ?? { users: new Set(), maker: undefined, start: undefined };
      slot.users.add(run);
      slots.set(key, slot);
    }
  }
  const slotsOf = (run: PlannedRun): Slot[] =>
    (keys.get(run) ?? []).flatMap(({ key }) => slots.get(key) ?? []);
  const slotAt = (run: PlannedRun, step: number): Slot | undefined => {
    const found = keys.get(run)?.find((one) => one.step === step);
    return found && slots.get(found.key);
  };
  const drop = async (slot: Slot): Promise<void> => {
    const { start } = slot;
    slot.start = undefined;
    await start?.snapshot.dispose();
  };
  return {
    take: (run) => slotsOf(run).findLast(({ start }) => start)?.start,
    isComing: (run) => {
      const mine = slotsOf(run);
      const there = mine.findLastIndex(({ start }) => start);
      return mine.slice(there + 1).some(({ maker }) => maker && maker !== run);
    },
    claim(run) {
      for (const slot of slotsOf(run)) {
        if (slot.users.size > 1 && !slot.start && !slot.maker) slot.maker = run;
      }
    },
    isWanted(run, step) {
      const slot = slotAt(run, step);
      return slot !== undefined && slot.users.size > 1 && !slot.start && slot.maker === run;
    },
    async put(run, start) {
      const slot = slotAt(run, start.step);
      if (slot && slot.users.size > 1) {
        slot.start = start;
        slot.maker = undefined;
      } else await start.snapshot.dispose();
    },
    async release(run, { done }) {
      for (const slot of slotsOf(run)) {
        if (slot.maker === run) slot.maker = undefined;
        if (done) slot.users.delete(run);
        if (slot.users.size === 0) await drop(slot);
      }
    },
    async clear() {
      for (const slot of slots.values()) await drop(slot);
    },
  };
}

/** The steps after which a run may share its machine, and what everything up to there comes down to. */
function beginnings(run: PlannedRun): { step: number; key: string }[] {
  const hash = createHash('sha256').update(JSON.stringify(run.machine));
  const found: { step: number; key: string }[] = [];
  for (const [step, { kind, identity, shares }] of run.steps.entries()) {
    hash.update(JSON.stringify([kind, identity, ordersOf(run, kind, identity)]));
    if (shares) found.push({ step, key: hash.copy().digest('hex') });
  }
  return found;
}

const buildKeys = ['build', 'image', 'bundle', 'from'];

/** What the builds that a step names, or takes without naming one, are. */
function ordersOf({ builds }: PlannedRun, kind: string, identity: unknown): unknown {
  const spec = identity as Record<string, unknown>;
  const named = buildKeys.flatMap((key) => {
    const order = builds.get(String(spec[key]));
    return order ? [order] : [];
  });
  const [first] = builds.values();
  return kind === 'build' || kind === 'bundle' ? [...named, first] : named;
}
