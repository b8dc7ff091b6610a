import { resolve } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { exactSize, humanSize, parseSize } from '../../diagnostics/size.ts';
import { flashFile } from '../../flash/flash-file.ts';
import { flashStream } from '../../flash/flash-stream.ts';
import { type Context, defineCommand } from '../command.ts';
import { usageError } from '../failure.ts';
import { pathOrDash } from '../options.ts';

export const command = defineCommand({
  examples: [
    ['flash out/twinbank-0.1.0.img disk.img', 'A sparse disk file, verified and read back'],
    ['flash out/twinbank-0.1.0.img disk.img --size 8GiB', 'On a larger disk'],
    ['flash out/twinbank-0.1.0.img - | ssh host dd of=/dev/sdb', 'Raw bytes to a pipe'],
  ],
  builder: (yargs) =>
    yargs
      .positional('image', {
        type: 'string',
        demandOption: true,
        describe: 'A raw or qcow2 image; the .bmap beside it is used',
      })
      .positional('target', {
        demandOption: true,
        describe: 'A file, or - for standard output',
        coerce: (value: unknown) => pathOrDash('target', value),
      })
      .option('yes', { type: 'boolean', describe: 'Replace a file that is there' })
      .option('size', {
        type: 'string',
        requiresArg: true,
        describe: 'Size of the disk file, such as 2GiB; default that of the image',
      })
      .option('keep-ids', {
        type: 'boolean',
        describe: 'Keep GUIDs and serials of the image; a file always keeps them',
      })
      .option('keep-state', {
        type: 'boolean',
        describe: "Keep the target's configuration; not there yet, refused",
      }),
  run: async (context, { image, target, yes, size, keepState }) => {
    if (keepState) {
      throw new TwinbankError(
        'refused',
        'flash.keep-state',
        '--keep-state: expected nothing, as this version can not keep the state of a target yet',
      );
    }
    const path = resolve(context.cwd, image);
    const { report, signal } = context;
    if (target === '-') {
      assertStream(context, size);
      await flashStream({ image: path, stream: context.stdout, report, signal });
      return undefined;
    }
    const result = await flashFile({
      image: path,
      target: resolve(context.cwd, target),
      overwrite: yes === true,
      size: sizeOption(size),
      report,
      signal,
    });
    const { dataBytes } = result;
    return {
      json: { image, target, ...result, readBack: true },
      text: `${target}: ${exactSize(result.size)}, ${humanSize(dataBytes)} of it data, read back and right`,
    };
  },
});

function sizeOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = parseSize(text);
  if (size !== undefined) return size;
  throw usageError(`--size: expected a size such as 2GiB, found ${JSON.stringify(text)}`);
}

/** Standard output can hold the image or a document, and can not be changed afterwards. */
function assertStream({ stdout, json }: Context, size: string | undefined): void {
  if (json) throw usageError('--json: expected a file as target, found -, which is the image');
  if (size !== undefined) throw usageError('--size: expected a file as target, found -');
  if ('isTTY' in stdout && stdout.isTTY === true) {
    throw new TwinbankError(
      'refused',
      'flash.terminal',
      'standard output: expected a file or a pipe for the image, found a terminal',
    );
  }
}
