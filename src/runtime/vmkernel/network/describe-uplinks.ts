import { readlinkSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { textOf } from '../../system/sys-files.ts';

/** What a person wants to know of a network device. */
export interface UplinkFacts {
  readonly name: string;
  readonly mac: string;
  /** The kernel's module; empty where nobody knows. */
  readonly driver: string;
  /** Where it is plugged in. */
  readonly device: string;
  readonly link: 'up' | 'down';
  /** Mbit/s; null without a link, and of virtual devices. */
  readonly speed: number | null;
  readonly duplex: 'full' | 'half' | null;
}

export function describeUplinks(names: readonly string[], sys = '/sys/class/net'): UplinkFacts[] {
  return names.map((name) => {
    const read = (file: string): string => textOf(`${sys}/${name}/${file}`);
    const isUp = read('operstate') === 'up';
    const speed = isUp ? readQuietly(() => Number(read('speed'))) : undefined;
    const duplex = isUp ? read('duplex') : '';
    return {
      name,
      mac: read('address'),
      driver: readQuietly(() => basename(readlinkSync(`${sys}/${name}/device/driver`))) ?? '',
      device: readQuietly(() => basename(realpathSync(`${sys}/${name}/device`))) ?? '',
      link: isUp ? 'up' : 'down',
      speed: speed !== undefined && speed > 0 ? speed : null,
      duplex: duplex === 'full' || duplex === 'half' ? duplex : null,
    };
  });
}

/** A device may have gone meanwhile, and one that is down has no speed. */
function readQuietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
