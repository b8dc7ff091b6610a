import { z } from 'zod';
import { defineStep } from '../step.ts';
import { unmet } from '../step-context.ts';
import { askVmkd, saveAnswer } from '../vmkd-answer.ts';
import { checkOn } from './boot.ts';

const valueError = 'a value as vmkd takes it (docs/vmkd.md)';

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
      .record(z.string(), z.unknown(), { error: valueError })
      .optional()
      .describe('Address by DHCP, or a fixed one'),
    syslog: z
      .record(z.string(), z.unknown(), { error: valueError })
      .optional()
      .describe('Where the log goes'),
    ntp: z
      .record(z.string(), z.unknown(), { error: valueError })
      .optional()
      .describe('Time servers'),
  },
  timeoutMs: 2 * 60_000,
  needs: () => ['vmkd'],
  title: ({ timeout: _, ...settings }: Record<string, unknown>) =>
    `configure ${Object.keys(settings).join(', ')}`,
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ timeout: _, ...settings }: Record<string, unknown>, context) {
    const { machine, timeoutMs } = context;
    const answer = await askVmkd(machine, saveAnswer, 'config.set', settings, timeoutMs);
    if (!answer.saved) throw unmet('the settings to be saved', answer.why);
    return `saved, generation ${answer.generation}`;
  },
});
