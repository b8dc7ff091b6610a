import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { type CommandEnd, runCommand } from './command.ts';
import { indexAliases, modulesFor, parseAliases } from './driver-match.ts';
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

/** The system as far as drivers need it. */
export interface DriversPort {
  /** depmod's `modules.alias`; empty where the bank has no layer with drivers. */
  aliases(): string;
  modaliases(): readonly string[];
  /** Names of the modules that the kernel has, with `_` in place of `-`. */
  inKernel(): ReadonlySet<string>;
  run(
    program: string,
    args: readonly string[],
    options: { timeoutMs: number },
  ): Promise<CommandEnd>;
  /** How many programs run at once. */
  readonly processors: number;
}

/** A driver that does not come back is left behind: what waits for it must not be the whole system. */
const timeouts = { allMs: 90_000, oneMs: 30_000 };

const runningSystem: DriversPort = {
  aliases: () => textOf(`/lib/modules/${release()}/modules.alias`),
  modaliases: findModaliases,
  inKernel: () => new Set(textOf('/proc/modules').split('\n').map(nameOf)),
  run: runCommand,
  processors: availableParallelism(),
};

/** The drivers of the bank; none where it has no layer with drivers. */
export function bankDrivers(port: DriversPort = runningSystem): Drivers {
  const index = indexAliases(parseAliases(port.aliases()));
  const report: DriverReport = { devices: 0, loaded: [], failed: [] };
  const tried = new Set<string>();
  const loadNamed = async (names: readonly string[]): Promise<boolean> => {
    const fresh = names.filter((module) => !tried.has(module));
    for (const module of fresh) tried.add(module);
    if (fresh.length > 0) await loadModules(fresh, port, report);
    return fresh.length > 0;
  };
  return {
    report,
    async load() {
      // A driver can bring a bus with further devices, so it looks again until nothing new is there.
      let modaliases: readonly string[];
      do {
        modaliases = port.modaliases();
        report.devices = modaliases.length;
      } while (await loadNamed(modulesFor(index, modaliases)));
    },
    async loadNamed(names) {
      await loadNamed(names);
    },
  };
}

/**
 * Loads them with all that they need, by as many programs as there are processors: one program for each would cost more than most
 * drivers do. Two that load the same at once are no trouble, the kernel lets the second one wait. Of a program that
 * could not load all it is the kernel that says which are missing, and only those are tried once more, for the reason.
 */
async function loadModules(
  modules: readonly string[],
  port: DriversPort,
  report: DriverReport,
): Promise<void> {
  const shares = dealOut(modules, port.processors);
  const ends = await Promise.all(
    shares.map((share) =>
      port.run('/sbin/modprobe', ['-a', ...share], { timeoutMs: timeouts.allMs }),
    ),
  );
  const unsure = shares.filter((_, at) => ends[at]?.code !== 0).flat();
  const inKernel = unsure.length > 0 ? port.inKernel() : new Set<string>();
  const missing = new Set(unsure.filter((module) => !inKernel.has(module.replaceAll('-', '_'))));
  for (const module of modules) {
    const end = missing.has(module)
      ? await port.run('/sbin/modprobe', [module], { timeoutMs: timeouts.oneMs })
      : undefined;
    if (end === undefined || end.code === 0) report.loaded.push(module);
    else report.failed.push({ module, reason: end.output });
  }
}

/** In turn, as neighbours are often of one device and need the same. */
function dealOut(modules: readonly string[], hands: number): string[][] {
  const shares = Math.min(hands, modules.length);
  return Array.from({ length: shares }, (_, share) =>
    modules.filter((_, at) => at % shares === share),
  );
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(' '));
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
