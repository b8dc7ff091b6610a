import { bootProgress, type Outcome } from './boot-progress.ts';
import type { ConsoleLine, LinePattern, WaitEnd } from './console-log.ts';
import { bootTimeline, type Stage, type TimedEvent, timedEvents } from './timeline.ts';

/** What a boot's console tells about it. */
export interface Judgement {
  readonly outcome: Outcome;
  /** Partition number of the bank that was started last, or null. */
  readonly booted: number | null;
  /** The ready line's own figure: seconds since power-on as the system counts them. */
  readonly bootSeconds?: number;
  /** Seconds from the machine's start to the ready line. */
  readonly readySeconds?: number;
  readonly stages: readonly Stage[];
}

/**
 * Matches the lines that end a boot: the ready line, or those of `until`; a panic; the rescue prompt. It follows one
 * boot: to be asked once about each of its lines, in their order.
 */
export function endOfBoot(until?: LinePattern): LinePattern {
  const progress = bootProgress(until);
  return {
    test(text) {
      progress.see(text);
      return progress.isOver();
    },
  };
}

/** Judges a boot by its console so far and by what the wait for {@link endOfBoot} ended with. */
export function judgeBoot(
  lines: readonly ConsoleLine[],
  end: WaitEnd,
  until?: LinePattern,
): Judgement {
  const progress = bootProgress(until);
  const events = timedEvents(lines, ({ text }) => {
    if (!progress.isOver()) progress.see(text);
  });
  return {
    ...progress.judge('line' in end ? 'console' : end.ended),
    stages: bootTimeline(events),
    ...readyFigures(events),
  };
}

function readyFigures(
  events: readonly TimedEvent[],
): Pick<Judgement, 'bootSeconds' | 'readySeconds'> {
  for (const { seconds, event } of events) {
    if (event.type === 'ready' && event.boot !== undefined) {
      return { readySeconds: seconds, bootSeconds: event.boot };
    }
  }
  return {};
}
