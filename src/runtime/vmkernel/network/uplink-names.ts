/** A network device that the kernel has, by the name that it has now. */
export interface NetworkDevice {
  readonly name: string;
  /** Where it is plugged in, such as `pci0000:00/0000:00:03.0/virtio0`; it stays the same over reboots. */
  readonly path: string;
}

/**
 * The names that devices are to have: `vmnic0` and on, in the order of their places. One that has such a name keeps it, so that a
 * device that is plugged in later takes the first free one and moves nobody.
 */
export function nameUplinks(devices: readonly NetworkDevice[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name } of devices) if (/^vmnic\d+$/.test(name)) names.set(name, name);
  const taken = new Set(names.keys());
  const fresh = devices.filter(({ name }) => !names.has(name)).sort(byPlace);
  let next = 0;
  for (const { name } of fresh) {
    while (taken.has(`vmnic${next}`)) next++;
    taken.add(`vmnic${next}`);
    names.set(name, `vmnic${next}`);
  }
  return names;
}

/** Segment by segment. A PCI address is hexadecimal and of one length, other numbers are decimal and grow: `virtio9`, `virtio10`. */
function byPlace(one: NetworkDevice, other: NetworkDevice): number {
  const [mine, theirs] = [one.path.split('/'), other.path.split('/')];
  for (const [index, segment] of mine.entries()) {
    const rival = theirs[index] ?? '';
    if (segment === rival) continue;
    const isPci = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
    if (isPci.test(segment) && isPci.test(rival)) return segment < rival ? -1 : 1;
    return segment.localeCompare(rival, 'en', { numeric: true });
  }
  return mine.length - theirs.length;
}
