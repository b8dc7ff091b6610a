import { readFileSync } from 'node:fs';

/** A check that a boot can be asked to pass; the recipe lists them by these names. */
export type CheckName = 'layers' | 'manifests' | 'agents' | 'state' | 'drivers' | 'network';

/** What the recipe says about the running system; the builder writes it (src/builder/modules/agents.ts). */
export interface SystemSettings {
  readonly agents: readonly string[];
  readonly health: {
    readonly watchdogSeconds: number;
    /** Seconds since the start of the kernel. */
    readonly trialSeconds: number;
    readonly checks: readonly CheckName[];
    readonly trialChecks: readonly CheckName[];
  };
}

export function readSystemSettings(path = '/etc/twinbank/system.json'): SystemSettings {
  return JSON.parse(readFileSync(path, 'utf8'));
}
