import { z } from 'zod';
import { defineStep } from '../step.ts';
import { unmet } from '../step-context.ts';
import { checkOn } from './boot.ts';

const words = 'a value as vmkd takes it (docs/vmkd.md)';

export const configure = defineStep({
  name: 'configure',
  summary: 'Changes settings of the running host, as an administrator does; they have to be saved',
  shape: {
    hostname: z.string({ error: 'a host name' }).optional().describe("The host's name"),
    rootPasswordHash: z
      .string({ error: 'a hash of crypt' })
      .optional()
      .describe("root's password, as crypt's hash"),
    network: z
      .record(z.string(), z.unknown(), { error: words })
      .optional()
      .describe('Address by DHCP, or a fixed one'),
    syslog: z
      .record(z.string(), z.unknown(), { error: words })
      .optional()
      .describe('Where the log goes'),
    ntp: z.record(z.string(), z.unknown(), { error: words }).optional().describe('Time servers'),
  },
  timeoutMs: 2 * 60_000,
  needs: () => ['vmkd'],
  title: ({ timeout: _, ...settings }: Record<string, unknown>) =>
    `configure ${Object.keys(settings).join(', ')}`,
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ timeout: _, ...settings }: Record<string, unknown>, context) {
    const answer = await context.machine.vmkd.call('config.set', settings, context.timeoutMs);
    const { saved, why, generation } = answer as Record<string, unknown>;
    if (saved !== true) throw unmet('the settings to be saved', String(why));
    return `saved, generation ${generation}`;
  },
});
