import { list, object, parseJson, text } from '../../../protocol/form.ts';
import type { Settings } from '../../../state/setting-rows.ts';

/** What the agent is started with: its setting, as the one argument of its program. */
const setupForm = object({ targets: list(text), thumbprints: list(text) }, { ca: text });
export type SyslogSetup = ReturnType<typeof setupForm>;

export function setupArgument({ syslog }: Partial<Settings>): string {
  const { targets = [], thumbprints = [], ca } = syslog ?? {};
  return JSON.stringify({ targets, thumbprints, ...(ca !== undefined && { ca }) });
}

/** Throws `json.form` for what vmkd has not written. */
export function parseSetup(argument: string): SyslogSetup {
  return parseJson(argument, setupForm, 'the settings of syslog');
}
