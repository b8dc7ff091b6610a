import { bank, banks, journal, version } from './banks.ts';
import { consoleLines, notConsole, system } from './console.ts';
import { coredump } from './coredump.ts';
import type { Expectation } from './expectation.ts';
import { hostNetwork } from './host-network.ts';
import { closedPorts, http, openPorts } from './network.ts';
import { sensor } from './sensor.ts';
import { storage } from './storage.ts';
import { health, state, vmkd } from './vmkd.ts';
import { worlds } from './worlds.ts';

/** What `expect` can look at, in the order in which it is looked at. */
export const expectations: readonly Expectation[] = [
  system,
  consoleLines,
  bank,
  version,
  health,
  vmkd,
  state,
  storage,
  hostNetwork,
  worlds,
  coredump,
  sensor,
  openPorts,
  closedPorts,
  http,
  notConsole,
  banks,
  journal,
];
