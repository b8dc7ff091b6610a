import { type ConsoleLine, type ConsoleLog, consoleLog } from '../console/console-log.ts';
import type { PowerEvent } from './test-machine.ts';

/** What a machine has shown so far. */
export interface History {
  readonly lines: readonly ConsoleLine[];
  readonly boots: number;
  /** Since the power-on or reset. */
  readonly seconds: number;
}

/** What every kind of machine keeps: its console over all boots, their number, and who hears of its power. */
export interface MachineRecord {
  readonly console: ConsoleLog;
  boots(): number;
  onPower(listener: (event: PowerEvent) => void): void;
  /** A power-on or reset begins a boot, and the clock of its lines; one reset that is told several times is one. */
  power(event: PowerEvent): void;
  /** A line that the machine has just written. */
  addLine(text: string): void;
  history(): History;
  /** Takes the place of what was shown so far; who listens hears the lines that are new to this machine. */
  resume(history: History, on: boolean): void;
}

/**
 * A kernel that restarts asks in several ways (ACPI, keyboard controller, triple fault), and QEMU tells of each that comes before
 * the processors stop: three in 40 ms were seen. No boot is over so soon without a word.
 */
const sameResetSeconds = 0.5;

/** `now` gives seconds by a clock that never goes back. */
export function machineRecord(now: () => number = () => performance.now() / 1000): MachineRecord {
  const listeners = new Set<(event: PowerEvent) => void>();
  let boots = 0;
  let began = now();
  const seconds = (): number => now() - began;
  const log = consoleLog(seconds);
  let silentFrom: number | undefined;
  const power = (event: PowerEvent): void => {
    const again = silentFrom === log.lines.length && seconds() < sameResetSeconds;
    if (event.what === 'reset' && again) return;
    silentFrom = event.what === 'reset' ? log.lines.length : undefined;
    if (event.what === 'on' || event.what === 'reset') {
      boots++;
      began = now();
    }
    for (const listener of [...listeners]) listener(event);
  };
  return {
    console: log,
    boots: () => boots,
    onPower: (listener) => void listeners.add(listener),
    power,
    addLine: (text) => log.add({ seconds: seconds(), text }),
    history: () => ({ lines: [...log.lines], boots, seconds: seconds() }),
    resume(history, on) {
      if (on) power({ what: 'on' });
      boots = history.boots;
      began = now() - history.seconds;
      for (const line of history.lines) log.add(line);
    },
  };
}
