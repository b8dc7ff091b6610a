import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { outputPlace } from '../../../disk/output-place.ts';
import { checkTargetFile } from '../../../flash/target-file.ts';
import { unpackState } from '../../../state/archive.ts';
import { chooseState } from '../../../state/choose-state.ts';
import { readBankState } from '../../../state/slots-of-bank.ts';
import { defineCommand } from '../../command.ts';
import { diskImagePositional } from '../../options.ts';
import { openOutput } from '../../output-file.ts';
import { type NextPair, withNextPair } from './next-state.ts';

export const command = defineCommand({
  examples: [
    ['state backup disk.img host.tgz', 'What the next boot would start from: a tar.gz'],
    ['state backup /dev/sdb - | tar tz', 'The same to a pipe'],
  ],
  builder: (yargs) =>
    diskImagePositional(yargs)
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'A new file, or - for standard output; it holds password hashes',
      })
      .option('yes', { type: 'boolean', describe: 'Replace a file that is there' }),
  needs: { yes: ({ file }) => (file === '-' ? 'a file to write' : undefined) },
  dash: { file: 'output' },
  run: async (context, { image, file, yes }) => {
    const path = resolve(context.cwd, image);
    const target = resolve(context.cwd, file);
    // A plain file may be precious, and a disk is no place for it; what else there is, is written into.
    if (file !== '-' && ['file', 'block-device'].includes(outputPlace(target).kind)) {
      checkTargetFile(target, path, yes === true);
    }
    const output = openOutput(context, file, { option: 'file', binary: true, mode: 0o600 });
    const { content, bank, generation } = await readState(image, path);
    // One that cannot be read is not kept; to standard output it goes as it is, for whoever can make something of it.
    const files = output.isStdout ? [] : unpackState(content).map((one) => one.path);
    await output.write((write) => write(content));
    if (output.isStdout) return undefined;
    return {
      json: { image, file, bank, generation, bytes: content.length, files },
      text: `${file}: generation ${generation} of bank ${bank}: ${files.join(', ') || 'nothing was changed'}`,
    };
  },
});

interface FoundState {
  readonly content: Uint8Array;
  /** That holds it. */
  readonly bank: number;
  readonly generation: number;
}

function readState(image: string, path: string): Promise<FoundState> {
  return withNextPair({ image, path, writable: false }, async (pair) => stateOf(image, pair));
}

function stateOf(image: string, { bank, other, number, otherNumber }: NextPair): FoundState {
  const chosen = chooseState(readBankState(bank), other && readBankState(other));
  if (!chosen) {
    const message = `${image}: expected a state in bank ${number} or one that it takes over, found none: nothing was changed on this host yet`;
    throw new TwinbankError('refused', 'state.none', message);
  }
  const { content, generation } = chosen.saved;
  return { content, generation, bank: chosen.bank === 'own' ? number : (otherNumber ?? number) };
}
