import type { AttemptRecord, KeptFile, RunRecord } from '../record.ts';

/** What bounds the size of a page, however long the run was. */
export interface PageBudget {
  /** Console lines of an attempt. */
  lines(attempt: AttemptRecord): number;
  /** A screenshot as a data: URL, or undefined where it is not there, is no PNG, or there is no room left. */
  picture(file: KeptFile): string | undefined;
}

/** Lines in all of those that failed, and of the others; and what one has at most. */
const failedLines = { all: 20_000, each: 1500 };
const otherLines = { all: 15_000, each: 60 };
const leastLines = 10;
/** Base64 characters of all pictures. */
const pictureRoom = 16_000_000;
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function pageBudget(
  { scenarios }: RunRecord,
  screenshot: (file: KeptFile) => Uint8Array | undefined,
): PageBudget {
  const attempts = scenarios.flatMap((scenario) => scenario.attempts);
  const failed = attempts.filter(({ verdict }) => verdict === 'failed').length;
  const share = (room: { all: number; each: number }, among: number): number =>
    Math.max(leastLines, Math.min(room.each, Math.floor(room.all / Math.max(1, among))));
  const each = {
    failed: share(failedLines, failed),
    other: share(otherLines, attempts.length - failed),
  };
  let room = pictureRoom;
  return {
    lines: ({ verdict }) => (verdict === 'failed' ? each.failed : each.other),
    picture(file) {
      if (room <= 0) return undefined;
      const bytes = screenshot(file);
      if (!bytes || !pngSignature.equals(bytes.subarray(0, 8))) return undefined;
      const data = Buffer.from(bytes).toString('base64');
      if (data.length > room) return undefined;
      room -= data.length;
      return `data:image/png;base64,${data}`;
    },
  };
}
