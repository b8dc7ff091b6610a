import { type BootStage, stageFollower } from '../console/boot-stage.ts';
import type { Fault } from './fault.ts';

/** Power cuts at stages, each of which happens once. */
export interface PowerCuts {
  /** The stage at which the power fails now, by the line that the console has just got. */
  at(line: string): BootStage | undefined;
  /** Those that have not happened. */
  waiting(): readonly Fault[];
}

/** Follows the console of one machine, over all of its boots. */
export function powerCuts(faults: readonly Fault[]): PowerCuts {
  const waiting = new Set(
    faults.filter(({ effect }) => effect.on === 'power' && 'stage' in effect.cut),
  );
  const reached = stageFollower();
  return {
    at(line) {
      if (waiting.size === 0) return undefined;
      const now = reached(line);
      if (!now) return undefined;
      for (const fault of waiting) {
        const { effect, bank } = fault;
        const here =
          effect.on === 'power' && 'stage' in effect.cut && effect.cut.stage === now.stage;
        if (!here || (bank !== undefined && bank !== now.bank)) continue;
        waiting.delete(fault);
        return now.stage;
      }
      return undefined;
    },
    waiting: () => [...waiting],
  };
}
