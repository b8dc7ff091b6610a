/** Characters of the longest line that a server takes (docs/vmkd.md). */
const requestLimit = 1 << 20;

/** Characters of the longest line that a client takes. */
export const answerLimit = 16 << 20;

/**
 * Cuts a stream of text into lines; blank ones and those longer than `limit` characters are dropped whole, and of these
 * `onTooLong` is told when the limit is passed. Never keeps more than the limit and a chunk.
 */
export function lineSplitter(
  onLine: (line: string) => void,
  limit = requestLimit,
  onTooLong: () => void = () => {},
): (chunk: string) => void {
  let pending = '';
  let dropping = false;
  return (chunk) => {
    const [rest = '', ...more] = chunk.split('\n');
    const take = (part: string): void => {
      if (dropping) return;
      pending += part;
      if (pending.length <= limit) return;
      dropping = true;
      pending = '';
      onTooLong();
    };
    take(rest);
    for (const part of more) {
      if (pending.trim()) onLine(pending);
      pending = '';
      dropping = false;
      take(part);
    }
  };
}
