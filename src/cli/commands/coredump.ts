import { resolve } from 'node:path';
import { imagePartition } from '../../bootloader/image-partitions.ts';
import { assertTwinbankDisk } from '../../bootloader/inspect-image.ts';
import { readLog } from '../../coredump/coredump-parts.ts';
import { parseCrashLog } from '../../coredump/crash-log.ts';
import { extractDump, isIntact } from '../../coredump/extract-dump.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { type CoredumpHeader, readCoredumpHeader } from '../../disk/coredump-header.ts';
import { openImage } from '../../disk/open-image.ts';
import { outputPlace } from '../../disk/output-place.ts';
import { partitionDevice } from '../../disk/partition-device.ts';
import { checkTargetFile } from '../../flash/target-file.ts';
import { defineCommand } from '../command.ts';
import { diskImagePositional } from '../options.ts';
import { openOutput } from '../output-file.ts';
import { type CoredumpSummary, coredumpText } from '../text/coredump-text.ts';

export const command = defineCommand({
  examples: [
    ['coredump /dev/sdb', 'Why the host panicked: reason, calls, end of its log'],
    ['coredump disk.img --out host.kdump', 'The dump as well, for crash and makedumpfile'],
  ],
  builder: (yargs) =>
    diskImagePositional(yargs)
      .option('out', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        describe:
          'A new file for the dump, which holds memory of the kernel, passwords among it; - for standard output',
      })
      .option('yes', { type: 'boolean', describe: 'Replace a file that is there' }),
  needs: { yes: ({ out }) => (out === undefined ? '--out' : undefined) },
  dash: { out: 'output' },
  run: async (context, { image, out, yes }) => {
    const path = resolve(context.cwd, image);
    if (out !== undefined && out !== '-') {
      const target = resolve(context.cwd, out);
      if (['file', 'block-device'].includes(outputPlace(target).kind)) {
        checkTargetFile(target, path, yes === true);
      }
    }
    const output =
      out === undefined
        ? undefined
        : openOutput(context, out, { option: '--out', binary: true, mode: 0o600 });
    const { summary, dump } = withPartition(image, path, (partition) => {
      const header = readCoredumpHeader(partition);
      return {
        summary: summarise(partition, header),
        dump: output && extractFrom(partition, header),
      };
    });
    if (output && dump) await output.write((write) => write(dump.bytes));
    if (output?.isStdout) return undefined;
    const written = out === undefined || !dump ? null : { path: out, bytes: dump.bytes.length };
    return {
      json: { image, ...summary, written },
      text: coredumpText(image, summary, written, context.colors),
    };
  },
});

function extractFrom(partition: BlockDevice, header: CoredumpHeader) {
  if (header.state !== 'empty') return extractDump(partition, header);
  const message = 'expected a core dump, found none: no kernel has panicked, or it was removed';
  throw new TwinbankError('refused', 'coredump.none', message);
}

function summarise(partition: BlockDevice, header: CoredumpHeader): CoredumpSummary {
  const log = readLog(partition, header, 'log');
  const { reason, ...crash } = parseCrashLog(log);
  return {
    ...header,
    ...crash,
    reason: header.reason === '' ? reason : header.reason,
    intact: header.length === 0 ? null : isIntact(partition, header),
    log: log.split('\n').filter(Boolean),
    laterLog: readLog(partition, header, 'later-log').split('\n').filter(Boolean),
  };
}

function withPartition<T>(image: string, path: string, use: (partition: BlockDevice) => T): T {
  const opened = openImage(path, {});
  try {
    const { partitions } = assertTwinbankDisk(opened.device);
    const found = partitions.find((one) => imagePartition(one)?.role === 'coredump');
    if (!found) {
      const message = 'expected a core-dump partition, found none';
      throw new TwinbankError('corrupt', 'image.partition-missing', message);
    }
    return use(partitionDevice(opened.device, found));
  } catch (error) {
    throw inFile(image, error);
  } finally {
    opened.close();
  }
}
