import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { temporaryName } from '../../../disk/temporary-image.ts';
import { checkTargetFile } from '../../../flash/target-file.ts';
import { unpackState } from '../../../state/archive.ts';
import { chooseState } from '../../../state/choose-state.ts';
import { readBankState } from '../../../state/slots-of-bank.ts';
import { type Context, defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { diskImagePositional } from '../../options.ts';
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
        describe: 'A new file, which holds hashes of passwords; or - for standard output',
      })
      .option('yes', { type: 'boolean', describe: 'Replace a file that is there' }),
  dash: { file: 'output' },
  run: async (context, { image, file, yes }) => {
    const path = resolve(context.cwd, image);
    if (file === '-') {
      assertStream(context);
      const { content } = await readState(image, path);
      await writeOut(context, content);
      return undefined;
    }
    const target = checkTargetFile(resolve(context.cwd, file), path, yes === true);
    const { content, bank, generation } = await readState(image, path);
    const files = unpackState(content).map((one) => one.path);
    await writeSecret(target, content);
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

/** Under a temporary name first, so that a backup is whole or not there; nobody else may read it. */
async function writeSecret(target: string, content: Uint8Array): Promise<void> {
  const partial = temporaryName(dirname(target));
  try {
    const file = await open(partial, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Waits until the reader has taken all of it, as the process ends right after, or until a signal. */
function writeOut({ stdout, signal }: Context, content: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    stdout.write(content, (error) => {
      signal.removeEventListener('abort', stop);
      if (error) reject(error);
      else resolve();
    });
  });
}

function assertStream({ stdout, json }: Context): void {
  if (json) throw usageError('--json: expected a file, found -, which is the archive');
  if (!('isTTY' in stdout) || stdout.isTTY !== true) return;
  const message = 'standard output: expected a file or a pipe for the archive, found a terminal';
  throw new TwinbankError('refused', 'state.terminal', message);
}
