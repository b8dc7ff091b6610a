import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { inFile } from '../../../diagnostics/in-file.ts';
import { withDiskClaim } from '../../../host/disk-claim.ts';
import { packState, unpackState } from '../../../state/archive.ts';
import { saveState } from '../../../state/save-state.ts';
import { carriedOf, filesOfSettings, settingsOfFiles } from '../../../state/settings.ts';
import { maxContentBytes } from '../../../state/slot.ts';
import type { StateFile } from '../../../state/state-file.ts';
import { type Context, defineCommand } from '../../command.ts';
import { diskImagePositional } from '../../options.ts';
import { readDescriptor, readSmallFile } from '../../secrets/read-descriptor.ts';
import { pipedInput, standardInput } from '../../standard-input.ts';
import { withNextPair } from './next-state.ts';

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
    const files = await readBackup(context, file);
    const save = () =>
      withNextPair({ image, path, writable: true, report: context.report }, async (pair) => {
        if (pair.stuck !== undefined) throw noBank(image, pair.stuck);
        return { ...(await saveState(pair, packState(files))), bank: pair.number };
      });
    const { bank, generation, slot, wrote } = await withDiskClaim(path, save, {
      signal: context.signal,
      name: image,
    });
    const paths = files.map((one) => one.path);
    const unknown = carriedOf(files).map((one) => one.path);
    const kept =
      unknown.length > 0 ? `\nof a later version, and kept for it: ${unknown.join(', ')}` : '';
    const done = wrote ? 'saved as' : 'already there as';
    return {
      json: { image, file, bank, generation, slot, wrote, files: paths, unknown },
      text: `bank ${bank}: the state of ${nameOf(file)} is ${done} generation ${generation}: ${paths.join(', ') || 'nothing is changed'}${kept}`,
    };
  },
});

const nameOf = (file: string): string => (file === '-' ? standardInput : file);

/** The files of a backup, every setting in them right, in their one form. */
async function readBackup(context: Context, file: string): Promise<StateFile[]> {
  const content = await readContent(context, file);
  try {
    const files = unpackState(content);
    return [...filesOfSettings(settingsOfFiles(files)), ...carriedOf(files)];
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
