import type { ConsoleEvent } from '../../protocol/console-event.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { ConsoleLine } from './console-log.ts';

/** A stretch of a boot, in seconds since power-on. */
export interface Stage {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

type Ends = (event: ConsoleEvent) => boolean;
const line = (type: ConsoleEvent['type']): Ends => {
  return (event) => event.type === type;
};
const stage = (name: string): Ends => {
  return (event) => event.type === 'stage' && event.stage === name;
};

/**
 * The lines that end a stage, in the order of a boot. The firmware ends where the loader speaks for the
 * first time, the loader where it begins to verify a bank, and so on.
 */
const marks: readonly { readonly name: string; readonly ends: Ends }[] = [
  { name: 'firmware', ends: line('loader') },
  { name: 'loader', ends: line('verifying') },
  { name: 'hashes', ends: line('booting') },
  { name: 'kernel', ends: stage('kernel') },
  { name: 'init and engine', ends: stage('engine') },
  { name: 'drivers', ends: stage('drivers') },
  { name: 'state', ends: stage('state') },
  { name: 'agents', ends: stage('agents') },
  { name: 'network', ends: stage('network') },
  { name: 'confirm', ends: line('ready') },
];

/** What a console said, and when. */
export interface TimedEvent {
  readonly seconds: number;
  readonly event: ConsoleEvent;
}

/** The events of a console's lines; `onLine` goes along with them, line by line. */
export function timedEvents(
  lines: readonly ConsoleLine[],
  onLine: (line: ConsoleLine) => void = () => {},
): TimedEvent[] {
  const events: TimedEvent[] = [];
  for (const line of lines) {
    const event = parseConsoleLine(line.text);
    if (event) events.push({ seconds: line.seconds, event });
    onLine(line);
  }
  return events;
}

/** Where the time of a boot went; stages that the console does not show are left out. */
export function bootTimeline(events: readonly TimedEvent[]): Stage[] {
  const stages: Stage[] = [];
  let start = 0;
  for (const { name, ends } of marks) {
    const found = events.find(({ event }) => ends(event));
    if (!found) continue;
    stages.push({ name, start, end: found.seconds });
    start = found.seconds;
  }
  return stages;
}
