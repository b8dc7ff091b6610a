import type { DeviceNamer } from '../../../hostcore/device-namer.ts';
import type { DiskFacts } from './disk-facts.ts';

/** How a disk is called. */
export interface DiskNames {
  /** By where it is: `vmhba1:C0:T0:L0`. Stays as long as it is at the same place. */
  readonly name: string;
  /** By what it is, wherever it is; where it does not say that, by its place. */
  readonly canonicalName: string;
}

/** Names of disks by their kernel's name. */
export function nameDisks(
  disks: readonly DiskFacts[],
  namer: DeviceNamer,
): ReadonlyMap<string, DiskNames> {
  const adapters = namer.namesOf(
    'vmhba',
    disks.map(({ adapter }) => adapter),
  );
  const names = disks.map((disk): readonly [string, DiskNames] => {
    const name = `${adapters.get(disk.adapter)}:${disk.address}`;
    return [disk.device, { name, canonicalName: canonicalName(disk) ?? `mpx.${name}` }];
  });
  return new Map(names);
}

/** World-wide names as they are, serial numbers as SPC's T10 names; `mpx.` begins a name by place, as in the original. */
function canonicalName({ worldWideName, vendor, model, serial }: DiskFacts): string | undefined {
  if (worldWideName !== '') return worldWideName;
  if (serial === '') return undefined;
  return `t10.${[vendor, model, serial]
    .filter(Boolean)
    .join('_')
    .replace(/[^\w.-]/g, '_')}`;
}
