export interface LineLimit {
  /** So many lines in ten seconds; what a program says beyond that is counted. Default 100. */
  readonly most?: number;
  /** Gives milliseconds. */
  readonly now?: () => number;
}

const perMs = 10_000;

/**
 * Hands lines on, but no flood of them: each costs the log a call to the kernel, and the log what others have said. How many were left
 * out is said with the first line after.
 */
export function lineLimit(
  onLine: (line: string) => void,
  { most = 100, now = () => performance.now() }: LineLimit = {},
): (line: string) => void {
  let begun = now();
  let count = 0;
  return (line) => {
    if (now() - begun >= perMs) {
      if (count > most) onLine(`${count - most} lines were left out`);
      begun = now();
      count = 0;
    }
    if (++count <= most) onLine(line);
  };
}
