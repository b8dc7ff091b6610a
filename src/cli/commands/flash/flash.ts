import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { exactSize, humanSize } from '../../../diagnostics/size.ts';
import { outputPlace } from '../../../disk/output-place.ts';
import { flashCommand } from '../../../flash/flash-command.ts';
import { type FlashResult, flashImage } from '../../../flash/flash-image.ts';
import { flashStream } from '../../../flash/flash-stream.ts';
import type { SourceRequest } from '../../../flash/open-source.ts';
import { stateDirectory } from '../../../host/own-folders.ts';
import { type Context, defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { sizeOption } from '../../options.ts';
import { pipedInput, standardInput } from '../../standard-input.ts';
import { confirmErasing } from './confirm.ts';

interface Target {
  readonly target: string;
}
/** A stream is gone when it was written. */
const needsPlace = ({ target }: Target) =>
  /^(-$|\|)/.test(target) ? 'a file or a block device as target' : undefined;
const needsDevice = ({ target }: Target, cwd: string) =>
  statSync(resolve(cwd, target), { throwIfNoEntry: false })?.isBlockDevice()
    ? undefined
    : 'a block device as target';

export const command = defineCommand({
  examples: [
    ['flash out/twinbank-0.1.0.img disk.img', 'A sparse disk file, verified and read back'],
    ['flash out/twinbank-0.1.0.img disk.img --size 8GiB', 'On a larger disk'],
    ['flash out/twinbank-0.1.0.img /dev/sdb', 'A stick; asks before it erases'],
    [
      'flash out/twinbank-0.1.0.img /dev/sdb --yes --device-serial 4C53',
      'Only if it is this one, without a question',
    ],
    ['flash out/twinbank-0.1.0.img "| ssh rig dd of=/dev/sdb"', 'Raw bytes to a command'],
    ['flash twinbank-0.1.0.img.zst disk.qcow2', 'A disk of a virtual machine, of a packed image'],
  ],
  builder: (yargs) =>
    yargs
      .positional('image', {
        type: 'string',
        demandOption: true,
        describe:
          'A raw, qcow2 or VMDK image, also packed by gzip, xz, zstd or lz4; - for standard input; a .bmap beside it is used',
      })
      .positional('target', {
        type: 'string',
        demandOption: true,
        describe:
          'A file (.qcow2 and .vmdk give that format), a block device, - for standard output, or | and a command that reads the image',
      })
      .option('yes', {
        type: 'boolean',
        describe:
          'Replace an existing file; with --device-serial, erase a device without a question',
      })
      .option('device-serial', {
        type: 'string',
        requiresArg: true,
        describe:
          'Erase the device only if this is its serial number; none for a device without one',
      })
      .option('size', {
        type: 'string',
        requiresArg: true,
        describe: 'Size of the disk file, such as 2GiB; default: size of the image',
      })
      .option('keep-ids', {
        type: 'boolean',
        describe: 'Keep GUIDs and serials of the image on a device; a file always keeps them',
      })
      .option('keep-state', {
        type: 'boolean',
        describe: 'Keep the configuration of the target',
      })
      .option('resume', {
        type: 'boolean',
        describe: 'After an interrupted run, write only what the device does not have yet',
      })
      .option('no-read-back', {
        type: 'boolean',
        describe: 'Do not compare the target with the image afterwards',
      }),
  needs: {
    yes: needsPlace,
    'device-serial': needsPlace,
    'no-read-back': needsPlace,
    'keep-ids': needsPlace,
    resume: needsDevice,
  },
  dash: { image: 'input', target: 'output', 'device-serial': 'text' },
  run: async (context, options) => {
    const { image, target, yes, size, keepIds, keepState, resume, noReadBack } = options;
    const { report, signal } = context;
    const source = { ...sourceOf(context, image), report, signal };
    const path = resolve(context.cwd, target);
    const place = /^(-$|\|)/.test(target) ? undefined : outputPlace(path);
    if (target === '-' || (place?.kind === 'descriptor' && place.fd === 1)) {
      assertStream(context, options);
      assertNotTerminal(context);
      await flashStream({ ...source, open: () => context.stdout, name: 'standard output' });
      return undefined;
    }
    if (target.startsWith('|')) {
      assertStream(context, options);
      const command = target.slice(1).trim();
      const { size: bytes } = await flashCommand({ ...source, command, cwd: context.cwd });
      return { json: { image, target, size: bytes }, text: `${target}: took ${exactSize(bytes)}` };
    }
    const onDevice = place?.kind === 'block-device';
    if (onDevice && size !== undefined) {
      throw usageError('--size: expected a disk file as target, found a device, which has its own');
    }
    if (!onDevice && options.deviceSerial !== undefined) {
      throw usageError('--device-serial: expected a block device as target, found none');
    }
    const consent = { yes: yes === true, serial: options.deviceSerial };
    const result = await flashImage({
      ...source,
      target: path,
      overwrite: yes === true,
      size: size === undefined ? undefined : sizeOption('size', size),
      identity: onDevice && keepIds !== true ? randomUUID() : undefined,
      keepState: keepState === true ? { folder: stateDirectory(context.env) } : undefined,
      resume: resume === true,
      readBack: noReadBack !== true,
      confirm: (name, facts) => confirmErasing(context, consent, name, facts),
      report,
      signal,
    });
    return { json: { image, target, ...result }, text: resultText(target, result) };
  },
});

function resultText(
  target: string,
  { size, dataBytes, writtenBytes, ...rest }: FlashResult,
): string {
  const kept =
    writtenBytes < dataBytes ? `, ${humanSize(dataBytes - writtenBytes)} were there` : '';
  const checked = rest.readBack ? 'read back and verified' : 'not read back';
  return `${target}: ${exactSize(size)}, ${humanSize(dataBytes)} of it data${kept}, ${checked}`;
}

interface FileOptions {
  readonly size?: string | undefined;
  readonly keepState?: boolean | undefined;
}

/** A path, or what comes through standard input. */
function sourceOf(context: Context, image: string): Pick<SourceRequest, 'image' | 'input'> {
  if (image !== '-') return { image: resolve(context.cwd, image) };
  return { image: standardInput, input: pipedInput(context, 'image') };
}

/** What is gone cannot be changed afterwards, nor can it be looked at. */
function assertStream(
  { json }: Context,
  { target, size, keepState }: { target: string } & FileOptions,
): void {
  if (json && !target.startsWith('|')) {
    throw usageError(`--json: expected a file as target, found ${target}, which is the image`);
  }
  if (size !== undefined) throw usageError(`--size: expected a file as target, found ${target}`);
  if (keepState) {
    throw usageError(`--keep-state: expected a file or a device as target, found ${target}`);
  }
}

function assertNotTerminal({ stdout }: Context): void {
  if (!('isTTY' in stdout) || stdout.isTTY !== true) return;
  const message = 'standard output: expected a file or a pipe for the image, found a terminal';
  throw new TwinbankError('refused', 'flash.terminal', message);
}
