/** Numbers of devices by the path at which each is found, below `/sys/devices`: `{"pci0000:00/0000:00:03.0": 0}`. */
export type DeviceNumbers = Readonly<Record<string, number>>;

/** More than any host has; what has gone long ago is then forgotten first. */
const mostKept = 256;

/**
 * Numbers for the devices that are there, for names such as `vmnicN` and `vmhbaN`. A path that is known keeps its number. New ones get the
 * lowest numbers that no path has, in the order of the paths, so that equal machines give equal names. A device that has gone keeps
 * its number for when it comes back. The answer has all of them and is what has to be known the next time.
 */
export function stableNumbers(known: DeviceNumbers, present: readonly string[]): DeviceNumbers {
  const numbers = new Map(Object.entries(known));
  const used = new Set(numbers.values());
  let next = 0;
  for (const path of [...new Set(present)].sort()) {
    if (numbers.has(path)) continue;
    while (used.has(next)) next++;
    used.add(next);
    numbers.set(path, next);
  }
  const isPresent = new Set(present);
  const absent = [...numbers.keys()].filter((path) => !isPresent.has(path));
  const excess = Math.max(0, numbers.size - mostKept);
  for (const path of absent.slice(0, excess)) numbers.delete(path);
  return Object.fromEntries(numbers);
}
