import { resolve } from 'node:path';
import { type BankAction, bankActions, changeBank } from '../../bootloader/change-bank.ts';
import { chooseNext } from '../../bootloader/choose-next.ts';
import { assertTwinbankDisk } from '../../bootloader/inspect-image.ts';
import { readBanks } from '../../bootloader/read-banks.ts';
import { stateNames } from '../../bootloader/rules.ts';
import { journalOfDisk } from '../../bootloader/store-journal.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { type OpenImageOptions, openImage } from '../../disk/open-image.ts';
import { withDiskClaim } from '../../host/disk-claim.ts';
import { type Colors, type Context, defineCommand, type Result } from '../command.ts';
import { usageError } from '../failure.ts';
import { reportWithdrawn } from '../host-disk.ts';
import { diskImagePositional } from '../options.ts';
import { bankJson, bankLine } from '../text/bank-text.ts';
import { journalText } from '../text/journal-text.ts';
import { plain } from '../text/plain-text.ts';

/** So many records of the boot journal are shown to people; JSON has all. */
const shownRecords = 12;
const actionNames = Object.keys(bankActions) as BankAction[];

export const command = defineCommand({
  examples: [
    ['bank out/twinbank-0.1.0.img', 'Both banks, what boots next, the last boots'],
    [
      'bank /dev/sdb rollback',
      'Never boot the current bank again; the other one is verified first',
    ],
    ['bank /dev/sdb confirm 6', 'Give a bank that was passed over its attempts back'],
  ],
  builder: (yargs) =>
    diskImagePositional(yargs)
      .positional('action', {
        choices: ['list', ...actionNames] as const,
        default: 'list' as const,
        describe: 'What to do; every action but list writes one sector',
      })
      .positional('number', {
        type: 'number',
        describe: 'Partition number of the bank; without it confirm takes the current bank',
      }),
  run: async (context, { image, action, number }) => {
    const path = resolve(context.cwd, image);
    const { colors, signal } = context;
    if (action === 'list') {
      if (number !== undefined) throw usageError(`bank list: expected no number, found ${number}`);
      return withDisk(image, path, {}, (device) => listing(device, colors));
    }
    checkNumber(action, number);
    // Everything that the change is decided by is read under the claim.
    const work = async () => change({ image, path, action, number }, context);
    return withDiskClaim(path, work, { signal, name: image });
  },
});

function checkNumber(action: BankAction, number: number | undefined): void {
  const { number: rule } = bankActions[action];
  const found = number === undefined ? 'none' : `${number}`;
  if (rule === 'required' && number === undefined) {
    throw usageError(`bank ${action}: expected the number of a bank's partition, found ${found}`);
  }
  if (rule === 'none' && number !== undefined) {
    throw usageError(`bank ${action}: expected no number, found ${found}`);
  }
}

interface ChangeRequest {
  readonly image: string;
  readonly path: string;
  readonly action: BankAction;
  readonly number: number | undefined;
}

function change(
  { image, path, action, number }: ChangeRequest,
  { report, colors }: Pick<Context, 'report' | 'colors'>,
): Result {
  const onWithdrawn = reportWithdrawn(report, image);
  const writable = { writable: true, change: 'marks', onWithdrawn } as const;
  const { partition, marks } = withDisk(image, path, writable, (device) =>
    changeBank(device, readBanks(device), action, number),
  );
  const { json, text } = withDisk(image, path, {}, (device) => listing(device, colors));
  const { bootstate, attempts, verdict } = marks;
  const done = `bank ${partition}: written ${stateNames[bootstate]}, attempts ${attempts}, verdict ${verdict}`;
  return { json: { action, changed: partition, ...json }, text: `${done}\n\n${text}` };
}

function listing(device: BlockDevice, colors: Colors): Result {
  const banks = readBanks(device);
  const { next, why } = chooseNext(banks);
  const journal = journalOfDisk(device);
  const last = journal.slice(-shownRecords);
  const lines = [
    ...banks.map((bank) => {
      const problem = bank.problem === null || bank.empty ? '' : `\n  ${plain(bank.problem)}`;
      return `${colors.bold(`Bank ${bank.partition}`)}  ${bankLine(bank, colors)}${problem}`;
    }),
    `${colors.bold('Next boot:')} ${plain(why)}`,
    ...(last.length > 0 ? [`${colors.bold('Last boots:')}\n${journalText(last)}`] : []),
  ];
  return { json: { banks: banks.map(bankJson), next, why, journal }, text: lines.join('\n') };
}

function withDisk<T>(
  image: string,
  path: string,
  options: OpenImageOptions,
  use: (device: BlockDevice) => T,
): T {
  const opened = openImage(path, options);
  try {
    assertTwinbankDisk(opened.device);
    return use(opened.device);
  } catch (error) {
    throw inFile(image, error);
  } finally {
    opened.close();
  }
}
