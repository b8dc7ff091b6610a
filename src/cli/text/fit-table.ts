import type { Fit } from '../../builder/fit.ts';
import type { BuiltModule } from '../../builder/modules/module.ts';
import { humanSize } from '../../diagnostics/size.ts';
import { table } from './table.ts';

/** How the bank is filled, a row a module; the small files beside them are one row. */
export function fitTable(
  fit: Fit,
  modules: readonly Omit<BuiltModule, 'paths' | 'inventory'>[],
): string {
  const share = (bytes: number): string => `${((100 * bytes) / fit.size).toFixed(1)} %`;
  const rows = modules.map(({ fileName, version, bytes, cached }) => {
    return [fileName, version, String(bytes), share(bytes), cached ? 'cached' : 'built'];
  });
  const inModules = modules.reduce((sum, { bytes }) => sum + bytes, 0);
  const rest = fit.capacity - fit.free - inModules;
  const overhead = fit.size - fit.capacity;
  rows.push(
    ['boot.cfg, hashes, manifest', '', String(rest), share(rest), ''],
    ['FAT16', '', String(overhead), share(overhead), ''],
    ['free for OEM and state', '', String(fit.free), share(fit.free), humanSize(fit.free)],
    ['bank', '', String(fit.size), '', humanSize(fit.size)],
  );
  return table([['file', 'version', 'bytes', 'share', ''], ...rows]);
}
