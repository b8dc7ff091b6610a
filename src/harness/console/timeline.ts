import type { ConsoleLine } from './console-log.ts';

/** A stretch of a boot, in seconds since power-on. */
export interface Stage {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The lines that end a stage, in the order of a boot. The firmware ends where the loader speaks for the
 * first time, the loader where it begins to verify a bank, and so on.
 */
const marks: readonly { readonly stage: string; readonly ends: RegExp }[] = [
  { stage: 'firmware', ends: /twinbank: loader$/ },
  { stage: 'loader', ends: /twinbank: verifying bank/ },
  { stage: 'hashes', ends: /twinbank: booting bank/ },
  { stage: 'kernel', ends: /twinbank: stage=kernel / },
  { stage: 'init and engine', ends: /twinbank: stage=engine / },
  { stage: 'drivers', ends: /twinbank: stage=drivers / },
  { stage: 'state', ends: /twinbank: stage=state / },
  { stage: 'agents', ends: /twinbank: stage=agents / },
  { stage: 'network', ends: /twinbank: stage=network / },
  { stage: 'confirm', ends: /twinbank: ready / },
];

/** Where the time of a boot went; stages that the console does not show are left out. */
export function bootTimeline(lines: readonly ConsoleLine[]): Stage[] {
  const stages: Stage[] = [];
  let start = 0;
  for (const { stage, ends } of marks) {
    const line = lines.find(({ text }) => ends.test(text));
    if (!line) continue;
    stages.push({ name: stage, start, end: line.seconds });
    start = line.seconds;
  }
  return stages;
}
