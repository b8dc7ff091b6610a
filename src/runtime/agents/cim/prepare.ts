import { parseJson } from '../../../protocol/form.ts';
import type { AgentHost } from '../agent.ts';
import { grantsForm } from './description-form.ts';
import { type CimSetup, setupFile } from './setup.ts';

/** The kernel's own, for root alone: it has serial numbers. */
const smbiosTable = '/sys/firmware/dmi/tables/DMI';
/** Where builders put providers (src/builder/oem/cim). */
const providerPath = /^usr\/lib\/twinbank\/cim\/[^/]+\/[^/]+\.json$/;

/**
 * What the agent, which has no rights of its own, is to see and to use: its folder, a copy of the SMBIOS table (a
 * machine without one has no inventory, which is no problem), the list of the providers that signed manifests name,
 * and what those are granted.
 */
export function prepare(host: AgentHost): void {
  host.makeFolder();
  const providers = host.files.filter((path) => providerPath.test(path)).map((path) => `/${path}`);
  const setup: CimSetup = { providers, smbiosTable: host.copyFile(smbiosTable, 'smbios') };
  host.writeFile(setupFile, `${JSON.stringify(setup)}\n`);
  for (const path of providers) {
    const text = host.readText(path);
    if (text === undefined) continue;
    try {
      const { writes, devices } = parseJson(text, grantsForm, path);
      for (const pattern of [...writes, ...devices]) host.grant(pattern);
    } catch (error) {
      host.report((error as Error).message);
    }
  }
}
