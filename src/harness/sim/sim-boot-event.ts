import { loaderLine } from '../../bootloader/loader-line.ts';
import type { LoaderEvent } from '../../bootloader/selection.ts';
import { consoleLine } from '../../protocol/console-line.ts';
import type { RuntimeStage } from '../console/boot-stage.ts';
import type { RuntimeFault } from '../faults/fault.ts';

/** What put the machine back to its beginning. */
export type ResetCause = 'panic' | 'watchdog' | 'trial-time' | 'power-cut';

/**
 * One thing that happens in a simulated boot, in order; `boot --engine sim --json` gives each with its
 * `boot` (from 1) and `text`. The loader's own events are as selection.ts has them.
 */
export type SimBootEvent =
  /** `boot` counts from 1. */
  | { readonly type: 'power-on'; readonly boot: number }
  | { readonly type: 'loader' }
  | LoaderEvent
  | { readonly type: 'stage'; readonly stage: RuntimeStage; readonly detail: string }
  | { readonly type: 'panic'; readonly partition: number }
  /** A runtime fault happens that init plays. */
  | { readonly type: 'fault'; readonly partition: number; readonly fault: RuntimeFault }
  /** The system stays up, and is not as it should be. */
  | {
      readonly type: 'unhealthy';
      readonly partition: number;
      readonly build: string;
      readonly reason: string;
    }
  /** The system resets itself. */
  | { readonly type: 'resetting'; readonly partition: number; readonly reason: string }
  | { readonly type: 'ready'; readonly partition: number; readonly build: string }
  /** `at` is the stage, or `write N`. */
  | { readonly type: 'power-cut'; readonly at: string }
  | { readonly type: 'reset'; readonly cause: ResetCause };

const resets: Readonly<Record<ResetCause, string>> = {
  panic: 'the kernel, after its panic',
  watchdog: 'the watchdog',
  'trial-time': 'the system itself',
  'power-cut': 'the power, which is back',
};

/**
 * The line of an event. Those that a machine would write on its console have the console's form, so that
 * what judges a console judges this too; the others begin with `# `.
 */
export function simBootLine(event: SimBootEvent): string {
  switch (event.type) {
    case 'power-on':
      return `# power on, boot ${event.boot}`;
    case 'loader':
      return consoleLine(event);
    case 'stage':
      return consoleLine({ ...event, at: 0 });
    case 'panic':
      return consoleLine({ type: 'panic', why: 'sysrq triggered crash' });
    case 'fault':
      return consoleLine({ type: 'stage', stage: 'fault', at: 0, detail: event.fault });
    case 'unhealthy': {
      const { build, partition: bank, reason: why } = event;
      return consoleLine({ type: 'unhealthy', build, bank, boot: 0, why });
    }
    case 'resetting':
      return consoleLine({ type: 'resetting', why: event.reason });
    case 'ready': {
      const { build, partition: bank } = event;
      return consoleLine({ type: 'ready', build, bank, boot: 0 });
    }
    case 'power-cut':
      return `# power cut at ${event.at}`;
    case 'reset':
      return `# reset by ${resets[event.cause]}`;
    default:
      return loaderLine(event);
  }
}
