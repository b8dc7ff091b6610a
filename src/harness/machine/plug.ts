import { bootError } from '../console/boot-error.ts';
import type { ConsoleLine, LinePattern } from '../console/console-log.ts';

/** A plug that is pulled at the next console line that matches. */
export interface Plug {
  readonly line: LinePattern;
  /** Throws `harness.no-line` when that line does not come. */
  readonly pulled: Promise<void>;
  pull(): void;
  giveUp(): void;
}

export function plug(line: LinePattern, lines: () => readonly ConsoleLine[]): Plug {
  let pull = (): void => {};
  let giveUp = (): void => {};
  const pulled = new Promise<void>((resolve, reject) => {
    pull = resolve;
    giveUp = () =>
      reject(
        bootError(
          'harness.no-line',
          `expected a console line like ${line} to cut the power at, found none`,
          lines(),
        ),
      );
  });
  // Whoever arms it may wait for something else first.
  pulled.catch(() => {});
  return { line, pulled, pull, giveUp };
}
