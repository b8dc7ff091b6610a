/** What may be kept of a place: printable, and not longer than any sane one. */
const mostCharacters = 200;

/**
 * Where a device is plugged in, of its path in `/sys/devices` (or below that): a name that does not change when others come or go. The
 * firmware counts PCI buses anew at each start, so that a card behind one bridge moves those behind the next one: what is kept of an
 * address is the slot at its own bus, as in UEFI's device paths. The kernel counts virtio devices in the order in which it finds them;
 * each is alone behind its own slot. `usb1` and `1-4` are the kernel's count as well, and are kept for want of something better.
 */
export function devicePlace(path: string): string {
  const place = path
    .replace(/^.*\/devices\//, '')
    .replace(/\/virtio\d+$/, '')
    .replace(/(?<=\/)[0-9a-f]{4,}:[0-9a-f]{2}:(?=[0-9a-f]{2}\.[0-7](\/|$))/g, '');
  return place.replace(/[^!-~]/g, '-').slice(-mostCharacters);
}
