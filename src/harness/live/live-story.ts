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

/** What the console has told of a host from its power-on to its end, over its reboots; all but `boots` and `wasReady` is of the last boot. */
export interface LiveStory {
  /** Returns true where the line is the first of a further boot. */
  see(line: string): boolean;
  /** Boots that have begun. */
  boots(): number;
  /** One of them became ready. */
  wasReady(): boolean;
  /** vmkd runs: there is something that can be ended in order. */
  isUp(): boolean;
  /** vmkd hears the power button. */
  hearsButton(): boolean;
  /** What runs, once it is ready. */
  ready(): RunningSystem | undefined;
  /** The loader asks a person what to do. */
  isAtRescue(): boolean;
  /** `reason` is QEMU's own word for a shutdown; `killed`: it was ended from outside. */
  end(reason: string, killed: boolean): HostEnd;
}

/** As the ready line has it. */
export interface RunningSystem {
  /** `version-build`. */
  readonly build: string;
  /** Null where no loader started it. */
  readonly bank: number | null;
}

export function liveStory(): LiveStory {
  let boot = bootStory();
  let boots = 1;
  let wasReady = false;
  return {
    see(line) {
      const startsNext = boot.startsNext(line);
      if (startsNext) {
        boot = bootStory();
        boots++;
      }
      boot.see(line);
      wasReady ||= boot.ready() !== undefined;
      return startsNext;
    },
    boots: () => boots,
    wasReady: () => wasReady,
    isUp: () => boot.isUp(),
    hearsButton: () => boot.hearsButton(),
    ready: () => boot.ready(),
    isAtRescue: () => boot.isAtRescue(),
    end: (reason, killed) => boot.end(reason, killed),
  };
}

function bootStory(): Omit<LiveStory, 'see' | 'boots' | 'wasReady'> & {
  see(line: string): void;
  startsNext(line: string): boolean;
} {
  const progress = bootProgress();
  const seen = {
    up: false,
    button: false,
    ready: undefined as RunningSystem | undefined,
    rescue: false,
    rebooting: false,
    resetting: false,
  };
  return {
    // The loader's own line can be lost; a kernel that starts after vmkd has run is the next boot, too.
    startsNext(line) {
      if (progress.startsNext(line)) return true;
      const event = parseConsoleLine(line);
      return seen.up && event?.type === 'stage' && event.stage === 'kernel';
    },
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
          seen.ready = { build: event.build ?? 'unknown', bank: event.bank ?? null };
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
    ready: () => seen.ready,
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
