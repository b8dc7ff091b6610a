import type { Fault } from '../faults/fault.ts';
import { PowerFailure } from '../faults/medium.ts';
import { powerCuts } from '../faults/power-cuts.ts';
import type { SimBootOptions } from './sim-boot.ts';
import { simBootLine } from './sim-boot-event.ts';
import type { SimDisk } from './sim-disk.ts';

/** What faults do to a simulated machine. */
export interface SimFaults extends Required<Pick<SimBootOptions, 'behaviour' | 'onEvent'>> {
  /** Faults that did nothing, because what they wait for was never reached. */
  unfired(): readonly Fault[];
}

/** From a power-on on: sets the medium's switches, and follows every boot. */
export function simFaults(disk: SimDisk, faults: readonly Fault[]): SimFaults {
  const fired = new Set<Fault>();
  for (const { effect } of faults) {
    if (effect.on === 'medium') disk.medium.setReadOnly(true);
    if (effect.on === 'power' && 'write' in effect.cut) {
      disk.medium.cutBeforeWrite(effect.cut.write);
    }
  }
  const cuts = powerCuts(faults);
  return {
    behaviour(partition) {
      const fault = faults.find(
        ({ bank, effect }) => bank === partition && effect.on === 'runtime',
      );
      if (fault) fired.add(fault);
      return fault?.effect.on === 'runtime' ? fault.effect.behaviour : undefined;
    },
    onEvent(event) {
      const stage = cuts.at(simBootLine(event));
      if (stage === undefined) return;
      disk.medium.powerOff(stage);
      throw new PowerFailure(stage);
    },
    unfired() {
      const waiting = new Set(cuts.waiting());
      return faults.filter((fault) => {
        const { effect } = fault;
        if (effect.on === 'runtime') return !fired.has(fault);
        if (effect.on !== 'power') return false;
        return 'stage' in effect.cut ? waiting.has(fault) : disk.medium.cutIsWaiting();
      });
    },
  };
}
