import { flag, list, object, oneOf, parseJson, text } from '../../../protocol/form.ts';
import type { AgentSettings } from '../agent.ts';

/** What the agent is started with: its setting, as the one argument of its program. */
const setupForm = object(
  { servers: list(text), from: oneOf('settings', 'dhcp') },
  {
    /** Follows the servers and leaves the clock alone; for tests. */
    watchOnly: flag,
  },
);
export type NtpSetup = ReturnType<typeof setupForm>;

/** The servers of the settings, or of an OEM; where neither names one, those of DHCP. */
export function setupOf({ ntp, learnt }: AgentSettings): NtpSetup {
  const servers = ntp?.servers ?? [];
  if (servers.length > 0) return { servers, from: 'settings' };
  return { servers: learnt?.timeServers ?? [], from: 'dhcp' };
}

export function setupArgument(settings: AgentSettings): string {
  return JSON.stringify(setupOf(settings));
}

/** Throws `json.form` for what vmkd has not written. */
export function parseSetup(argument: string): NtpSetup {
  return parseJson(argument, setupForm, 'the settings of ntp');
}
