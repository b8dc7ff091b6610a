/**
 * Numbers for new devices, for names such as `vmnicN` and `vmhbaN`: the lowest that nobody has (`used`), in the order of the places at
 * which they are plugged in, so that equal machines give equal names.
 */
export function numberNew<Device extends { readonly path: string }>(
  fresh: readonly Device[],
  used: Iterable<number>,
): Map<Device, number> {
  const taken = new Set(used);
  let next = 0;
  return new Map(
    fresh.toSorted(byPlace).map((device) => {
      while (taken.has(next)) next++;
      return [device, next++];
    }),
  );
}

/** Segment by segment. A PCI address or slot is hexadecimal and of one length, other numbers are decimal and grow: `virtio9`, `virtio10`. */
function byPlace(one: { readonly path: string }, other: { readonly path: string }): number {
  const [mine, theirs] = [one.path.split('/'), other.path.split('/')];
  for (const [index, segment] of mine.entries()) {
    const rival = theirs[index] ?? '';
    if (segment === rival) continue;
    const isPci = /^([0-9a-f]{4,}:[0-9a-f]{2}:)?[0-9a-f]{2}\.[0-7]$/;
    if (isPci.test(segment) && isPci.test(rival)) return segment < rival ? -1 : 1;
    return segment.localeCompare(rival, 'en', { numeric: true });
  }
  return mine.length - theirs.length;
}
