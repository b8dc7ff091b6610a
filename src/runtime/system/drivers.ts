import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { modulesFor, parseAliases } from './driver-match.ts';
import { namesIn, textOf } from './sys-files.ts';

export interface DriverReport {
  devices: number;
  loaded: string[];
  failed: { module: string; reason: string }[];
}

export interface Drivers {
  readonly report: DriverReport;
  /** Loads what the devices that are there by now ask for. */
  load(): Promise<void>;
  /** Loads what no device asks for. */
  loadNamed(names: readonly string[]): Promise<void>;
}

/** A driver that does not come back is left behind: what waits for it must not be the whole system. */
const timeouts = { allMs: 90_000, oneMs: 30_000 };

/** The drivers of the bank; none where it has no layer with drivers. */
export function bankDrivers(): Drivers {
  const file = `/lib/modules/${release()}/modules.alias`;
  const aliases = existsSync(file) ? parseAliases(readFileSync(file, 'utf8')) : [];
  const report: DriverReport = { devices: 0, loaded: [], failed: [] };
  const tried = new Set<string>();
  const load = async (): Promise<void> => {
    // A driver can bring a bus with further devices, so it looks again until nothing new is there.
    for (;;) {
      const modaliases = findModaliases();
      report.devices = modaliases.length;
      const fresh = modulesFor(aliases, modaliases).filter((module) => !tried.has(module));
      if (fresh.length === 0) return;
      for (const module of fresh) tried.add(module);
      await loadModules(fresh, report);
    }
  };
  const loadNamed = async (names: readonly string[]): Promise<void> => {
    const fresh = names.filter((module) => !tried.has(module));
    for (const module of fresh) tried.add(module);
    if (fresh.length > 0) await loadModules(fresh, report);
  };
  return { report, load, loadNamed };
}

async function loadModules(modules: readonly string[], report: DriverReport): Promise<void> {
  // One process for all of them: a process costs more than a driver on an emulated machine.
  const all = await runCommand('/sbin/modprobe', ['-a', ...modules], {
    timeoutMs: timeouts.allMs,
  });
  if (all.code === 0) {
    report.loaded.push(...modules);
    return;
  }
  for (const module of modules) {
    const one = await runCommand('/sbin/modprobe', [module], { timeoutMs: timeouts.oneMs });
    if (one.code === 0) report.loaded.push(module);
    else report.failed.push({ module, reason: one.output });
  }
}

/**
 * The modaliases of all devices: those on a bus, those of a class of their own (input, dmi), and the
 * processor, which is a system device. A few hundred files; to search all of /sys/devices takes three
 * times as long. Devices that go away meanwhile are passed over.
 */
export function findModaliases(sys = '/sys'): string[] {
  const folders = [
    ...namesIn(`${sys}/bus`).map((bus) => `${sys}/bus/${bus}/devices`),
    ...namesIn(`${sys}/class`).map((name) => `${sys}/class/${name}`),
    `${sys}/devices/system`,
  ];
  return folders.flatMap((folder) =>
    namesIn(folder)
      .map((device) => textOf(join(folder, device, 'modalias')))
      .filter(Boolean),
  );
}
