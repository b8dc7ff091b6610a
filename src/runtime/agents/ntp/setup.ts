import { flag, list, object, parseJson, text } from '../../../protocol/form.ts';
import type { Settings } from '../../../state/setting-rows.ts';

/** What the agent is started with: its setting, as the one argument of its program. */
const setupForm = object(
  { servers: list(text) },
  {
    /** Follows the servers and leaves the clock alone; for tests. */
    watchOnly: flag,
  },
);
export type NtpSetup = ReturnType<typeof setupForm>;

export function setupArgument({ ntp }: Partial<Settings>): string {
  return JSON.stringify({ servers: ntp?.servers ?? [] });
}

/** Throws `json.form` for what vmkd has not written. */
export function parseSetup(argument: string): NtpSetup {
  return parseJson(argument, setupForm, 'the settings of ntp');
}
