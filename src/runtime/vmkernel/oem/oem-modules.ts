import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** depmod's indexes, as the builder puts them beside an OEM's modules (src/builder/oem/oem-drivers.ts). */
const indexes = ['modules.dep', 'modules.alias', 'modules.softdep', 'modules.symbols'];

/**
 * Puts the kernel modules of all OEMs before those of the base, for modprobe and for {@link bankDrivers}: an
 * OEM that brings a driver knows its hardware better. Returns the OEMs that have some. The same again changes
 * nothing. To be called before a driver is loaded.
 */
export function addOemModules(release: string, root = '/'): string[] {
  const base = join(root, 'lib/modules', release);
  const folder = join(base, 'oem');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort();
  for (const index of indexes) {
    const own = names.map((name) => textOf(join(folder, name, index))).join('');
    const path = join(base, index);
    writeFileSync(`${path}.new`, mergeIndex(own, textOf(path), index === 'modules.dep'));
    renameSync(`${path}.new`, path);
  }
  return names;
}

/**
 * The lines of both, each once, the OEMs' first. In `modules.dep`, whose lines are `PATH: PATHS`, a module is
 * listed once: of two lines busybox's modprobe would take the path of the last and the needs of both.
 */
export function mergeIndex(oem: string, base: string, isDep: boolean): string {
  const seen = new Set<string>();
  const lines = `${oem}${base}`.split('\n').filter((line) => {
    const key = isDep ? line.replace(/:.*/, '').replace(/.*\//, '').replaceAll('-', '_') : line;
    if (line === '' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return lines.map((line) => `${line}\n`).join('');
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
