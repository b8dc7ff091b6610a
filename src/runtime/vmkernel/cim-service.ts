import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Method } from '../../protocol/json-rpc.ts';
import type { CimAgentSetup } from '../agents/cim/cim-agent.ts';
import { askCim } from '../agents/cim/cim-client.ts';
import type { ProviderDescription } from '../agents/cim/provider-description.ts';
import { expandPattern } from '../system/expand-pattern.ts';

const folder = 'run/twinbank/cim';
const smbiosTable = 'sys/firmware/dmi/tables/DMI';
/** Where builders put providers (src/builder/oem/cim). */
const providerPath = /^usr\/lib\/twinbank\/cim\/[^/]+\/[^/]+\.json$/;

export interface CimHostOptions {
  /** Files that the bank's signed manifests list; undefined where nothing is proven. */
  readonly files: readonly string[] | undefined;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Default `/`. */
  readonly root?: string;
}

/**
 * Prepares what the CIM agent, which has no rights of its own, is to see and to use: its folder, a copy of the SMBIOS
 * table (the kernel's own is for root alone), the list of the providers that signed manifests name, and what those
 * grant to write. Returns what could not be done, one sentence each; never throws.
 */
export function prepareCim({ files = [], user, root = '/' }: CimHostOptions): string[] {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push((error as Error).message);
      return undefined;
    }
  };
  const own = (path: string, mode: number): void => {
    chownSync(path, user.uid, user.gid);
    chmodSync(path, mode);
  };
  const place = join(root, folder);
  attempt(() => {
    mkdirSync(place, { recursive: true });
    own(place, 0o700);
  });
  const table = join(place, 'smbios');
  rmSync(table, { force: true });
  // A machine without one has no inventory, which is no problem.
  try {
    copyFileSync(join(root, smbiosTable), table);
    own(table, 0o400);
  } catch {
    rmSync(table, { force: true });
  }
  const providers = files.filter((path) => providerPath.test(path)).map((path) => join(root, path));
  const setup: CimAgentSetup = { providers, smbiosTable: table };
  attempt(() =>
    writeFileSync(join(place, 'setup.json'), `${JSON.stringify(setup)}\n`, { mode: 0o644 }),
  );
  for (const path of providers) {
    const description: ProviderDescription | undefined = attempt(() =>
      JSON.parse(readFileSync(path, 'utf8')),
    );
    for (const pattern of [...(description?.writes ?? []), ...(description?.devices ?? [])]) {
      for (const attribute of expandPattern(pattern, root)) {
        attempt(() => chownSync(attribute, user.uid, user.gid));
      }
    }
  }
  return problems;
}

/** The agent's methods through vmkd: the same, as `cim.NAME`. */
export function cimForwarders(ask = askCim): Record<string, Method> {
  const names = ['classes', 'class', 'instances', 'get', 'invoke', 'indications'];
  return Object.fromEntries(
    names.map((name) => [`cim.${name}`, (params: Record<string, unknown>) => ask(name, params)]),
  );
}
