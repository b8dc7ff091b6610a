import {
  type DeviceNamer,
  type DeviceNamerPort,
  deviceNamer,
} from '../../src/hostcore/device-namer.ts';
import type { Settings } from '../../src/state/setting-rows.ts';

/** What a host keeps of its names, and what it has said; `start` is the next start of the system. */
export function keptNames(settings: Partial<Settings> = {}) {
  const kept = { settings, changes: 0, reports: [] as string[], isFull: false };
  const configuration: DeviceNamerPort['configuration'] = {
    read: () => ({ settings: kept.settings, carried: [], problems: [] }),
    write(change) {
      if (kept.isFull) throw new Error('no room');
      kept.settings = { ...kept.settings, ...change };
    },
  };
  const start = (): DeviceNamer =>
    deviceNamer({
      configuration,
      onChange: () => void kept.changes++,
      report: (why) => void kept.reports.push(why),
    });
  return { kept, configuration, start };
}
