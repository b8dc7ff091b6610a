import { endingHost, prepareEnd } from '../../hostcore/end-host.ts';
import type { Ending } from '../../hostcore/host-port.ts';

/**
 * The life of the running system, as vmkd sees it:
 *
 *     starting ── every step is over ──> ready
 *        │  │                              │
 *        │  └── stop() ──> stopping <──────┴── stop(): a method, the power button, an update
 *        │                    └── saves, ends the agents, and init ends the system
 *        └── a trial whose time is over: reset, nothing is ended in order, and the loader falls back
 *
 * The first stop() counts. A vmkd that is started again begins at `starting`, whatever the one before had reached;
 * that the bank is confirmed it knows from then (confirmed-mark.ts), as the loader's word of a trial stays all the boot.
 */
export interface VmkdState {
  phase: 'starting' | 'ready' | 'stopping';
  /** The bank is VALID from now on: no trial is reset any more. */
  confirmed: boolean;
  /** What is done before the system ends: nothing, until the steps put there what they have started. */
  readonly ending: ReturnType<typeof endingHost>;
  stopAgents(): Promise<void>;
}

export interface StatePort {
  /** Partition of the bank that runs; undefined where no loader chose one. */
  readonly bank: number | undefined;
  /** A vmkd before this one has confirmed the bank. */
  readonly confirmed: boolean;
  line(text: string): void;
  /** What may hang has so long before the end. */
  endTimeout(): Promise<void>;
}

/** The state of a vmkd that has done nothing yet. */
export function startingState({ bank = 0, confirmed, line, endTimeout }: StatePort): VmkdState {
  return {
    phase: 'starting',
    confirmed,
    ending: endingHost({ bank, line, saveTimeout: endTimeout }),
    stopAgents: async () => {},
  };
}

/** Ends the system in order, once. `endSystem` is asked for when all is saved that can be. */
export async function stopSystem(
  state: VmkdState,
  { endTimeout, endSystem }: Pick<StatePort, 'endTimeout'> & { endSystem(how: Ending): unknown },
  how: Ending,
  why: string,
): Promise<void> {
  if (state.phase === 'stopping') return;
  state.phase = 'stopping';
  await prepareEnd(state.ending, how, why);
  await Promise.race([state.stopAgents(), endTimeout()]).catch(() => {});
  await endSystem(how);
}
