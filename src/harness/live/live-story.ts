import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import { bootProgress, type Outcome } from '../console/boot-progress.ts';

/** How a host that was kept up has ended; `killed`: by whoever runs it, without a word from the host. */
export type HostEnding = 'power-off' | 'reboot' | 'reset' | 'killed';

export interface HostEnd {
  /** Partition of the bank that was started last, or null. */
  readonly booted: number | null;
  /** Null for one that was killed before it was clear what becomes of it. */
  readonly outcome: Outcome | null;
  readonly ended: HostEnding;
}

/** What the console has told of a host from its power-on to its end. */
export interface LiveStory {
  see(line: string): void;
  /** vmkd runs: there is something that can be ended in order. */
  isUp(): boolean;
  /** vmkd hears the power button. */
  hearsButton(): boolean;
  isReady(): boolean;
  /** The loader asks a person what to do. */
  isAtRescue(): boolean;
  /** `reason` is QEMU's own word for a shutdown; `killed`: it was ended from outside. */
  end(reason: string, killed: boolean): HostEnd;
}

export function liveStory(): LiveStory {
  const progress = bootProgress();
  const seen = {
    up: false,
    button: false,
    ready: false,
    rescue: false,
    rebooting: false,
    resetting: false,
  };
  return {
    see(line) {
      progress.see(line);
      const event = parseConsoleLine(line);
      switch (event?.type) {
        case 'stage':
          // The kernel's own stage is said by a script, before vmkd.
          if (event.stage === 'engine') seen.up = true;
          if (event.stage === 'agents') seen.button = true;
          return;
        case 'ready':
          seen.up = true;
          seen.button = true;
          seen.ready = true;
          return;
        case 'rescue':
          seen.rescue = true;
          return;
        case 'rebooting':
          seen.rebooting = true;
          return;
        case 'resetting':
          seen.resetting = true;
      }
    },
    isUp: () => seen.up,
    hearsButton: () => seen.button,
    isReady: () => seen.ready,
    isAtRescue: () => seen.rescue,
    end(reason, killed) {
      const isOver = progress.isOver();
      const judged = progress.judge(isOver ? 'console' : 'closed');
      const { booted, outcome } = judged;
      if (killed) return { booted, outcome: isOver ? outcome : null, ended: 'killed' };
      if (reason === 'guest-shutdown') return { booted, outcome, ended: 'power-off' };
      if (outcome !== 'healthy') return { booted, outcome, ended: 'reset' };
      if (seen.resetting) return { booted, outcome: 'unhealthy', ended: 'reset' };
      if (seen.rebooting) return { booted, outcome, ended: 'reboot' };
      // A watchdog, or something else that the console does not show.
      return { booted, outcome: 'hang', ended: 'reset' };
    },
  };
}
