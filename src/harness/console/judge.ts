import type { ConsoleLine, LinePattern, WaitEnd } from './console-log.ts';
import { bootTimeline, type Stage } from './timeline.ts';

/** What became of a boot (docs/architecture.md; the contract's words). */
export type Outcome = 'healthy' | 'unhealthy' | 'panic' | 'hang' | 'rescue' | 'timeout';

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

const readyLine = /twinbank: ready build=(\S+) bank=(\d+) boot=([\d.]+)s/;
const failures: readonly { readonly outcome: Outcome; readonly line: RegExp }[] = [
  { outcome: 'panic', line: /Kernel panic - not syncing/ },
  { outcome: 'rescue', line: /twinbank: rescue: no bank can be booted/ },
];

/** Matches the lines that end a boot: the ready line, or those of `until`; a panic; the rescue prompt. */
export function endOfBoot(until: LinePattern = readyLine): LinePattern {
  return { test: (text) => until.test(text) || failures.some(({ line }) => line.test(text)) };
}

/**
 * The bank that a line says was started: the loader's line, or one of the running system, since a busy serial line can
 * lose the loader's.
 */
export function startedBank(line: string): number | undefined {
  const found = /twinbank: (?:booting bank (\d+)|(?:ready|unhealthy) build=\S+ bank=(\d+))/.exec(
    line,
  );
  return found ? Number(found[1] ?? found[2]) : undefined;
}

/** Judges a boot by its console so far and by what the wait for {@link endOfBoot} ended with. */
export function judgeBoot(
  lines: readonly ConsoleLine[],
  end: WaitEnd,
  until: LinePattern = readyLine,
): Judgement {
  const outcome = outcomeOf(lines, end, until);
  const ready = lines.find(({ text }) => readyLine.test(text));
  const figures = ready && readyLine.exec(ready.text);
  const last = lines.map(({ text }) => startedBank(text)).findLast((bank) => bank !== undefined);
  return {
    outcome,
    // The rescue prompt comes after the kernels that the loader could not start.
    booted: last === undefined || outcome === 'rescue' ? null : last,
    stages: bootTimeline(lines),
    ...(ready && figures && { readySeconds: ready.seconds, bootSeconds: Number(figures[3]) }),
  };
}

function outcomeOf(lines: readonly ConsoleLine[], end: WaitEnd, until: LinePattern): Outcome {
  // A machine that ended without a word was reset by something that the console does not show.
  if ('ended' in end && end.ended === 'closed') return 'hang';
  // A VALID bank stays up and says what is wrong; it may still become ready.
  if ('ended' in end) {
    return lines.some(({ text }) => /twinbank: unhealthy /.test(text)) ? 'unhealthy' : 'timeout';
  }
  if (until.test(end.line.text)) return 'healthy';
  return failures.find(({ line }) => line.test(end.line.text))?.outcome ?? 'hang';
}
