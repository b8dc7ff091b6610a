import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { inFile } from '../../../diagnostics/in-file.ts';
import { withDiskClaim } from '../../../host/disk-claim.ts';
import { packState, unpackState } from '../../../state/archive.ts';
import { chooseState } from '../../../state/choose-state.ts';
import { forMachine, notApplied, ownNames } from '../../../state/other-machine.ts';
import { saveState } from '../../../state/save-state.ts';
import type { Settings } from '../../../state/setting-rows.ts';
import {
  carriedOf,
  filesOfSettings,
  settingsOf,
  settingsOfFiles,
} from '../../../state/settings.ts';
import { maxContentBytes } from '../../../state/slot.ts';
import { readBankState } from '../../../state/slots-of-bank.ts';
import type { StateFile } from '../../../state/state-file.ts';
import { type Context, defineCommand } from '../../command.ts';
import { diskImagePositional } from '../../options.ts';
import { readDescriptor, readSmallFile } from '../../secrets/read-descriptor.ts';
import { pipedInput, standardInput } from '../../standard-input.ts';
import { type NextPair, withNextPair } from './next-state.ts';

export const command = defineCommand({
  examples: [
    ['state restore disk.img host.tgz', 'What the next boot starts from, instead of what it has'],
    ['state backup old.img - | $0 state restore new.img -', 'From one disk to another'],
  ],
  builder: (yargs) =>
    diskImagePositional(yargs).positional('file', {
      type: 'string',
      demandOption: true,
      describe:
        'A file that state backup wrote, on this host or another one; or - for standard input',
    }),
  dash: { file: 'input' },
  run: async (context, { image, file }) => {
    const path = resolve(context.cwd, image);
    const { settings, carried } = await readBackup(context, file);
    const save = () =>
      withNextPair({ image, path, writable: true, report: context.report }, async (pair) => {
        if (pair.stuck !== undefined) throw noBank(image, pair.stuck);
        const own = namesOfDisk(pair);
        const files = [...filesOfSettings(forMachine(settings, own)), ...carried];
        const saved = await saveState(pair, packState(files));
        return {
          ...{ ...saved, bank: pair.number, files: files.map((one) => one.path) },
          lost: notApplied(settings, { own }),
        };
      });
    const { bank, generation, slot, wrote, files, lost } = await withDiskClaim(path, save, {
      signal: context.signal,
      name: image,
    });
    const unknown = carried.map((one) => one.path);
    const kept =
      unknown.length > 0 ? `\nof a later version, and kept for it: ${unknown.join(', ')}` : '';
    const left = lost.map((why) => `\nnot applied: ${why}`).join('');
    const done = wrote ? 'saved as' : 'already there as';
    return {
      json: { image, file, bank, generation, slot, wrote, files, unknown, notApplied: lost },
      text: `bank ${bank}: the state of ${nameOf(file)} is ${done} generation ${generation}: ${files.join(', ') || 'nothing is changed'}${kept}${left}`,
    };
  },
});

const nameOf = (file: string): string => (file === '-' ? standardInput : file);

/** What the host of the disk called its parts last; the names of the backup's host are no names here. */
function namesOfDisk({ bank, other }: NextPair): ReturnType<typeof ownNames> {
  const chosen = chooseState(readBankState(bank), other && readBankState(other));
  if (!chosen) return {};
  try {
    return ownNames(settingsOf(unpackState(chosen.saved.content)).settings);
  } catch {
    // A state that nobody can read is replaced as a whole.
    return {};
  }
}

/** What a backup has, every setting in it right. */
async function readBackup(
  context: Context,
  file: string,
): Promise<{ readonly settings: Partial<Settings>; readonly carried: readonly StateFile[] }> {
  const content = await readContent(context, file);
  try {
    const files = unpackState(content);
    return { settings: settingsOfFiles(files), carried: carriedOf(files) };
  } catch (error) {
    throw inFile(nameOf(file), error);
  }
}

function readContent(context: Context, file: string): Promise<Buffer> {
  const wanted = { name: nameOf(file), limit: maxContentBytes };
  if (file !== '-') return readSmallFile(context, resolve(context.cwd, file), wanted);
  pipedInput(context, 'file');
  return readDescriptor(context, 0, wanted);
}

function noBank(image: string, why: string): TwinbankError {
  const message = `${image}: expected a bank that boots, to save the state in it, found ${why}`;
  return new TwinbankError('refused', 'state.no-bank', message);
}
