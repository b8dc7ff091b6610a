import { numberNew } from '../../../state/device-numbers.ts';

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
  const fresh = devices.filter(({ name }) => !names.has(name));
  const used = [...names.keys()].map((name) => Number(name.slice('vmnic'.length)));
  for (const [{ name }, number] of numberNew(fresh, used)) names.set(name, `vmnic${number}`);
  return names;
}
