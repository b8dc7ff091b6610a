import type { DeviceNamer } from '../../../hostcore/device-namer.ts';

/** A network device that the kernel has, by the name that it has now. */
export interface NetworkDevice {
  readonly name: string;
  /** Where it is plugged in, such as `pci0000:00/03.0`; it stays the same over reboots. */
  readonly path: string;
}

/**
 * The names that devices are to have: `vmnic0` and on, by the name that the kernel has for them now. One that has such a name already
 * keeps it for as long as the system runs.
 */
export function nameUplinks(
  devices: readonly NetworkDevice[],
  namer: DeviceNamer,
): ReadonlyMap<string, string> {
  const given = namer.namesOf(
    'vmnic',
    devices.map(({ path }) => path),
  );
  const kept = devices.map(({ name }) => name).filter(isUplinkName);
  const names = new Map(kept.map((name) => [name, name]));
  const taken = new Set(kept);
  for (const { name, path } of devices) {
    const wanted = given.get(path);
    if (names.has(name) || wanted === undefined || taken.has(wanted)) continue;
    names.set(name, wanted);
    taken.add(wanted);
  }
  return names;
}

export function isUplinkName(name: string): boolean {
  return /^vmnic\d+$/.test(name);
}
