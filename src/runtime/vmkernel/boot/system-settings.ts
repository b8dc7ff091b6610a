import { readFileSync } from 'node:fs';
import { flag, list, number, object, oneOf, parseJson, text } from '../../../protocol/form.ts';

/** Checks that a boot can be asked to pass; the recipe lists them by these names. */
const checkName = oneOf(
  ...([
    'layers',
    'manifests',
    'loader',
    'agents',
    'state',
    'drivers',
    'store',
    'storage',
    'network',
    'coredump',
    'memory',
    'time',
    'log',
    'users',
  ] as const),
);
export type CheckName = ReturnType<typeof checkName>;

const poolForm = object(
  { cpuWeight: number, memoryReserved: number },
  { processors: number, memoryMax: number },
);

/** What the recipe says about the running system; the builder writes it (src/builder/modules/agents.ts). */
const settingsForm = object(
  {
    agents: list(text),
    health: object({
      watchdogSeconds: number,
      /** Seconds since the start of the kernel. */
      trialSeconds: number,
      checks: list(checkName),
      trialChecks: list(checkName),
    }),
    /** Of a host that nobody has set up yet. */
    firstBoot: object({
      /** Root may set the first password over the network. */
      trustedNetwork: flag,
      /** Whether blank local disks become datastores. */
      blankDisks: oneOf('format', 'leave'),
      /** Whether the rest of the disk that has the image becomes one. */
      bootDiskRest: oneOf('format', 'leave'),
    }),
    /** How the machine is shared between the system itself and virtual machines. */
    resources: object({ system: poolForm, vm: poolForm }),
    /** What the screen at rest says. */
    console: object({
      product: text,
      title: text,
      /** How long the loader listens for a key; 0: it does not. */
      loaderSeconds: number,
    }),
  },
  {
    /** Seconds since 1970: when the image was made, as far as somebody has said so. */
    sourceDate: number,
  },
);
export type SystemSettings = ReturnType<typeof settingsForm>;

/** Throws `json.form` (kind `corrupt`): a bank without them cannot be run. */
export function readSystemSettings(path = '/etc/twinbank/system.json'): SystemSettings {
  return parseJson(readFileSync(path, 'utf8'), settingsForm, path);
}
