const pageBytes = 4096;

/** The offsets of the bytes that differ between two of the same length; equal pages are passed over. */
export function changedBytes(before: Uint8Array, after: Uint8Array): number[] {
  const changed: number[] = [];
  for (let page = 0; page < after.length; page += pageBytes) {
    const end = page + pageBytes;
    if (Buffer.compare(before.subarray(page, end), after.subarray(page, end)) === 0) continue;
    for (let at = page; at < Math.min(end, after.length); at++) {
      if (before[at] !== after[at]) changed.push(at);
    }
  }
  return changed;
}
