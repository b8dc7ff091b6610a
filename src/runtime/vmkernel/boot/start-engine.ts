import type { Clock } from '../../system/clock.ts';
import type { Console } from '../../system/console.ts';
import type { Watchdog } from '../../system/watchdog.ts';
import type { KernelCommandLine } from './kernel-command-line.ts';
import type { SystemSettings } from './system-settings.ts';

export interface EnginePort {
  readonly clock: Clock;
  readonly console: Pick<Console, 'stage' | 'event' | 'line'>;
  readonly command: KernelCommandLine;
  readonly settings: SystemSettings;
  /** Version of Node. */
  readonly engine: string;
  /** True where there was a vmkd before this one; what it left has been ended. */
  takeOverGroup(): boolean;
  /** Shares the machine between pools; what could not be done, a sentence each. */
  shareMachine(shares: SystemSettings['resources']): readonly string[];
  feedWatchdogs(seconds: number, options: { atOnce: boolean }): Watchdog;
  resetNow(): Promise<never>;
}

export interface Engine {
  /** There was a vmkd before this one in this boot. */
  readonly restarted: boolean;
  /** Watchdogs that are fed now. */
  watchdogs(): readonly string[];
  /** Resets the machine without ending anything; does not come back. */
  reset(why: string): Promise<never>;
}

/** What `judgeBoot` has after a trial's time to say why it failed. */
const graceSeconds = 15;

/**
 * Says that there is JavaScript, and feeds the watchdogs from now on. A trial that gets stuck on its way, or whose bank
 * cannot be found or written, is reset all the same, unless `isOver` by then.
 */
export function startEngine(port: EnginePort, isOver: () => boolean): Engine {
  const { clock, console, command, settings } = port;
  const restarted = port.takeOverGroup();
  console.stage('engine', `Node ${port.engine}${restarted ? ', vmkd started again' : ''}`);
  for (const problem of port.shareMachine(settings.resources)) console.line(problem);
  const { watchdogSeconds, trialSeconds } = settings.health;
  const watchdog = port.feedWatchdogs(watchdogSeconds, { atOnce: !restarted });
  const reset = (why: string): Promise<never> => {
    watchdog.starve();
    console.event({ type: 'resetting', why });
    return port.resetNow();
  };
  if (command.trial) {
    const left = trialSeconds + graceSeconds - clock.sinceKernel();
    setTimeout(() => {
      if (!isOver()) void reset('the trial was not confirmed in its time');
    }, Math.max(left, 0) * 1000);
  }
  return { restarted, watchdogs: watchdog.devices, reset };
}
