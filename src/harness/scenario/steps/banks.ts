import { z } from 'zod';
import { type BankAction, changeBank } from '../../../bootloader/change-bank.ts';
import { readBanks } from '../../../bootloader/read-banks.ts';
import { choice, flag } from '../../../recipe/field.ts';
import { followBoot } from '../../run/follow-boot.ts';
import { begin, notApplicable, type Play, unmet } from '../../run/play.ts';
import { bankNumber } from '../fields.ts';
import { defineStep } from '../step.ts';
import { bootTimeoutMs, checkOff, checkOn } from './boot.ts';

const confirmedLine = /twinbank: stage=bank .*\bconfirmed\b(?!:)/;

export const confirm = defineStep({
  name: 'confirm',
  summary:
    'A running machine has to confirm its bank by itself; on one that is off it is done as `twinbank bank confirm` does',
  shorthand: 'bank',
  shape: {
    bank: bankNumber()
      .optional()
      .describe('With the machine off: which bank; default the one that boots next'),
  },
  timeoutMs: bootTimeoutMs,
  title: ({ bank }) => (bank === undefined ? 'confirm' : `confirm bank ${bank}`),
  check({ bank }, foresight, say) {
    if (bank !== undefined && foresight.on) {
      say('bank', 'no number while the machine is on', String(bank));
    }
    if (!foresight.flashed) say(undefined, 'a `flash` before it', 'none');
  },
  async run({ bank }, play) {
    const { machine, watch, signal, timeoutMs } = play;
    if (!machine.isOn()) return changeAtRest(play, 'confirm', bank);
    const from = watch.boots.at(-1)?.from ?? 0;
    const line = await watch.until(
      () => watch.lines.slice(from).find(({ text }) => /stage=bank /.test(text)),
      { timeoutMs, signal },
    );
    const found = line?.text ?? 'nothing said of the bank';
    if (!line || !confirmedLine.test(line.text)) throw unmet('the bank to be confirmed', found);
    return found.replace(/^.*stage=bank at=\S+ /, '');
  },
});

export const rollback = defineStep({
  name: 'rollback',
  summary:
    'Never boots the current bank again: by vmkd on a running machine, by `twinbank bank rollback` on one that is off, or by a person at the loader',
  shorthand: 'by',
  shape: {
    by: choice(['command', 'keyboard'])
      .optional()
      .describe('keyboard: a person presses r, then y, the next time that the loader starts'),
    reboot: flag()
      .optional()
      .describe('Reboot a running machine, and follow it until it is ready; default true'),
  },
  timeoutMs: bootTimeoutMs,
  title: ({ by = 'command' }) => `roll back by ${by}`,
  needs: ({ by }) => (by === 'keyboard' ? ['loader'] : []),
  check({ by }, foresight, say) {
    if (by === 'keyboard') checkOff(foresight, say);
    else if (!foresight.flashed) checkOn(foresight, say);
  },
  async run({ by, reboot = true }, play) {
    const { machine } = play;
    if (by === 'keyboard') {
      await machine.atLoader({ wants: 'rollback' });
      return 'at the next boot';
    }
    if (!machine.isOn()) return changeAtRest(play, 'rollback');
    if (!machine.abilities.has('vmkd')) {
      throw notApplicable(`a ${machine.kind} machine has no vmkd to roll it back while it runs`);
    }
    const first = begin(play);
    const answer = await machine.vmkd.call('bank.rollback', { reboot }, play.timeoutMs);
    const { bank } = answer as { bank: unknown };
    if (!reboot) return `bank ${bank} rolled back`;
    return `bank ${bank} rolled back; ${await followBoot(play, 'ready', first)}`;
  },
});

async function changeAtRest(play: Play, action: BankAction, number?: number): Promise<string> {
  const { partition, marks } = await play.machine.withDisk(
    (device) => {
      const change = changeBank(device, readBanks(device), action, number);
      device.flush();
      return change;
    },
    { writable: true },
  );
  await play.markDisk(`after ${action}`);
  return `bank ${partition}: bootstate ${marks.bootstate}, verdict ${marks.verdict}`;
}

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
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ timeout: _, ...settings }: Record<string, unknown>, play) {
    const answer = await play.machine.vmkd.call('config.set', settings, play.timeoutMs);
    const { saved, why, generation } = answer as Record<string, unknown>;
    if (saved !== true) throw unmet('the settings to be saved', String(why));
    return `saved, generation ${generation}`;
  },
});
