import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { Fault } from './fault.ts';

/** Faults that act in every boot of a machine, and whether they have. */
export class BootFaults {
  #faults: readonly Fault[] = [];
  readonly #fired = new Set<Fault>();

  add(fault: Fault): void {
    // Damage is done already.
    if (fault.effect.on !== 'disk') this.#faults = [...this.#faults, fault];
  }

  all(): readonly Fault[] {
    return this.#faults;
  }

  /** Ends a fault, or all. */
  remove(text?: string): void {
    this.#faults = this.#faults.filter((fault) => text !== undefined && fault.text !== text);
  }

  /** A line of the console: the system of a bank is started, and a fault in it happens. */
  see(text: string): void {
    const event = parseConsoleLine(text);
    if (event?.type !== 'booting') return;
    for (const fault of this.#faults) if (fault.bank === event.bank) this.#fired.add(fault);
  }

  /** A medium that keeps nothing always is one. */
  unfired(): readonly string[] {
    const waiting = this.#faults.filter(
      (fault) => fault.effect.on === 'runtime' && !this.#fired.has(fault),
    );
    return waiting.map(({ text }) => text);
  }
}
