import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The modules that drive a disk: those bound to the devices above it, the bus first. `disk` is its name, `vda`. Built-in drivers have no
 * module. What the kernel has bound says more than modaliases, which name all that might.
 */
export function diskDrivers(disk: string, sys = '/sys'): string[] {
  const device = realpathSync(join(sys, 'class/block', disk));
  return [...new Set(waysTo(device).flatMap((way) => driversAbove(way, sys)))];
}

/** A disk of NVMe that several controllers may lead to is no device below them: it lies beside links to all of them. */
function waysTo(device: string): string[] {
  const folder = dirname(device);
  if (!folder.includes('/virtual/')) return [device];
  const links = readdirSync(folder).filter((name) => /^nvme\d+$/.test(name));
  return links.map((name) => realpathSync(join(folder, name)));
}

function driversAbove(device: string, sys: string): string[] {
  const root = join(realpathSync(sys), 'devices');
  const found: string[] = [];
  for (let at = device; at.startsWith(`${root}/`); at = dirname(at)) {
    const module = join(at, 'driver/module');
    if (existsSync(module)) found.unshift(basename(realpathSync(module)));
  }
  return found;
}
