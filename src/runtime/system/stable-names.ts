import { numberNew } from '../../state/device-numbers.ts';

/** Numbers of devices by the path at which each is found, below `/sys/devices`: `{"pci0000:00/0000:00:03.0": 0}`. */
export type DeviceNumbers = Readonly<Record<string, number>>;

/** More than any host has; what has gone long ago is then forgotten first. */
const mostKept = 256;

/**
 * Numbers for the devices that are there, for names such as `vmnicN` and `vmhbaN`. A path that is known keeps its number. New ones get
 * numbers by {@link numberNew}. A device that has gone keeps
 * its number for when it comes back. The answer has all of them and is what has to be known the next time.
 */
export function stableNumbers(known: DeviceNumbers, present: readonly string[]): DeviceNumbers {
  const numbers = new Map(Object.entries(known));
  const isPresent = new Set(present);
  const fresh = [...isPresent].filter((path) => !numbers.has(path)).map((path) => ({ path }));
  for (const [{ path }, number] of numberNew(fresh, numbers.values())) numbers.set(path, number);
  const absent = [...numbers.keys()].filter((path) => !isPresent.has(path));
  const excess = Math.max(0, numbers.size - mostKept);
  for (const path of absent.slice(0, excess)) numbers.delete(path);
  return Object.fromEntries(numbers);
}
