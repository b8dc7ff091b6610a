import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { serveUnixSocket } from '../../system/unix-socket.ts';
import { cimMethods } from './cim-methods.ts';
import { indicationLog } from './indication-log.ts';
import { labelOf, objectManager } from './object-manager.ts';
import { cimApi } from './provider.ts';
import type { ProviderDescription } from './provider-description.ts';
import { providerProcess } from './provider-process.ts';

/** What vmkd tells the agent (src/runtime/vmkernel/cim-host-files.ts). */
export interface CimAgentSetup {
  /** NAME.json of each provider that a signed manifest of the bank lists; NAME.mjs lies beside it. */
  readonly providers: readonly string[];
  readonly smbiosTable: string;
}

/**
 * The object manager of the bank: a user world of vmkd without privileges. Serves the providers that were there when
 * it started, on a socket that only root may use; vmkd and the command `cim` ask it there.
 */
const folder = '/run/twinbank/cim';
const setup: CimAgentSetup = JSON.parse(readFileSync(`${folder}/setup.json`, 'utf8'));
// As long as this agent runs: vmkd starts another one when the host gets another name.
const systemName = hostname();
const log = indicationLog();
// vmkd hears it, for the log.
const trouble = (why: string): void => console.log(why);
endLeftProcesses();

const descriptions = setup.providers.flatMap((path): [string, ProviderDescription][] => {
  try {
    const description: ProviderDescription = JSON.parse(readFileSync(path, 'utf8'));
    if (description.api === cimApi) return [[path, description]];
    trouble(
      `${path}: expected a provider for interface ${cimApi}, found one for ${description.api}`,
    );
  } catch (error) {
    trouble(`${path}: ${(error as Error).message}`);
  }
  return [];
});
const processes = descriptions.map(([path, description]) => {
  const { programs, writes } = description;
  const { smbiosTable } = setup;
  const handle = providerProcess({
    description,
    setup: {
      root: '/',
      bundle: path.replace(/\.json$/, '.mjs'),
      systemName,
      smbiosTable,
      programs,
      writes,
    },
    program: '/usr/lib/twinbank/cim-provider.mjs',
    callTimeoutMs: 20_000,
    onIndication: (className, raised) => {
      try {
        log.add(manager.completeIndication(handle, className, raised));
      } catch (error) {
        trouble(`indication of ${labelOf(handle)}: ${(error as Error).message}`);
      }
    },
    onTrouble: trouble,
  });
  return handle;
});
const manager = objectManager(processes, { systemName, now: () => new Date() });
for (const why of manager.refused) trouble(why);

const methods = cimMethods(manager, log);
const socket = `${folder}/cim.sock`;
serveUnixSocket(socket, methods, (error) => {
  throw error;
});
for (const one of processes) one.start();

/** A provider in a loop does not notice that an agent before this one has gone; this user has no other processes. */
function endLeftProcesses(): void {
  const user = process.getuid?.() ?? 0;
  if (user === 0) return;
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      if (pid === process.pid || statSync(`/proc/${pid}`).uid !== user) continue;
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
