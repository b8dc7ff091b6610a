import { resolve } from 'node:path';
import { isBankPartition } from '../../../bootloader/image-partitions.ts';
import { type ImageReport, inspectImage } from '../../../bootloader/inspect-image.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { inFile } from '../../../diagnostics/in-file.ts';
import { openImage } from '../../../disk/open-image.ts';
import { partitionExtent } from '../../../disk/partition-device.ts';
import { isBundleFile } from '../../../update/bundle/bundle-file.ts';
import { notCovered, verifyDiskLoader } from '../../../update/verify-loader.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { bankJson } from '../../text/bank-text.ts';
import { bankSigners } from './bank-signers.ts';
import { inspectBundleFile } from './bundle.ts';
import { inspectText, type NamedReport } from './image-text.ts';
import type { Question } from './inventory.ts';
import { stateSlots } from './state-slots.ts';
import { storeOfDisk, storePackagesJson } from './store-packages.ts';

export const command = defineCommand({
  examples: [
    ['inspect out/twinbank-0.1.0.img', 'Partitions, both banks, what boots next'],
    ['inspect /dev/sdb --json', 'The same of a disk, for programs'],
    ['inspect twinbank-1.1.0.tbu', 'What is in a bundle, and which keys signed it'],
    [
      'inspect disk.img --file /usr/bin/node',
      'Which package this file is from, under which licence',
    ],
    ['inspect disk.img --licences', 'What is under which licence'],
    ['inspect disk.img --sbom > disk.cdx.json', 'All of it as a CycloneDX document'],
  ],
  builder: (yargs) =>
    yargs
      .positional('image', {
        type: 'string',
        demandOption: true,
        describe:
          'A raw, qcow2 or VMDK image, a disk, or a bundle; - for a bundle from standard input',
      })
      .option('file', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'Show which module and package this file is from; may be repeated',
      })
      .option('packages', { type: 'boolean', describe: 'List the packages in it' })
      .option('licences', {
        type: 'string',
        describe: 'List packages by licence, or only those under the licence named',
      })
      .option('sbom', { type: 'boolean', describe: 'Print the CycloneDX document of it' })
      .option('bank', {
        type: 'number',
        requiresArg: true,
        defaultDescription: 'the one that boots next',
        describe: 'With the four above: the bank to look into',
      }),
  dash: { image: 'input', licences: 'text' },
  run: async (context, options) => {
    const { image, bank } = options;
    const path = resolve(context.cwd, image);
    const question = questionOf(options);
    if (question && image === '-') {
      throw usageError(
        'image: expected a file with this question, found -, which is read only once',
      );
    }
    if (question) {
      // With what it reads documents and packages by: a third of the start of those who ask no question.
      const { inspectInventory } = await import('./inventory.ts');
      return inspectInventory(context, { name: image, path, bank }, question);
    }
    if (bank !== undefined) {
      throw usageError('--bank: expected --file, --packages, --licences or --sbom with it');
    }
    if (image === '-' || isBundleFile(path)) return inspectBundleFile(context, image, path);
    const opened = openImage(path);
    try {
      const report = await inspectImage(opened.device, context).catch((error: unknown) => {
        throw inFile(image, error);
      });
      const banks = report.partitions.filter(isBankPartition);
      const slots = stateSlots(opened.device, banks);
      const signers = bankSigners(opened.device, banks);
      const loader = verifyDiskLoader(opened.device, { current: report.next });
      const stored = storeOfDisk(opened.device, report);
      const findings = [...report.findings, ...stored.findings, ...loader.findings];
      const packages = stored.report;
      const named = {
        ...report,
        packages,
        findings,
        loader,
        image,
        format: opened.format,
        slots,
        signers,
      };
      return {
        json: inspectJson(named),
        text: inspectText(named, context),
        failure: truncation(report, image),
      };
    } finally {
      opened.close();
    }
  },
});

interface Questions {
  readonly file: string[] | undefined;
  readonly packages: boolean | undefined;
  readonly licences: string | undefined;
  readonly sbom: boolean | undefined;
}

function questionOf({ file, packages, licences, sbom }: Questions): Question | undefined {
  const asked: Question[] = [
    ...(file ? [{ files: file }] : []),
    ...(packages ? [{ packages: true } as const] : []),
    ...(licences === undefined ? [] : [{ licence: licences }]),
    ...(sbom ? [{ sbom: true } as const] : []),
  ];
  if (asked.length <= 1) return asked[0];
  throw usageError('expected one of --file, --packages, --licences and --sbom, found several');
}

/** The end of the boot journal; `bank list` has all of it. */
const lastRecords = 16;

/** Everything of it is fixed but what stands after `next`, which may grow. */
function inspectJson(report: NamedReport) {
  const { slots, signers, image, format, size, diskGuid, partitions, banks, next, why } = report;
  const { coredump, store, findings, loader } = report;
  return {
    image,
    format,
    size,
    diskGuid,
    partitions: partitions.map((partition) => {
      const { number, name, type, firstLba, lastLba, guid } = partition;
      const bytes = partitionExtent(partition).length;
      return { number, name, type, firstLba, lastLba, bytes, guid };
    }),
    banks: banks.map((bank) => ({
      ...bankJson(bank),
      signed: signers.get(bank.partition) ?? [],
      stateSlots: slots.get(bank.partition) ?? [],
    })),
    next,
    why,
    coredump,
    store: store && storeJson(report, store),
    journal: store?.journal.slice(-lastRecords) ?? [],
    loader: { state: loader.state, build: loader.build },
    notCovered: notCovered(loader),
    findings,
  };
}

/** The journal stands beside it, as it is of the banks. */
function storeJson({ packages }: NamedReport, store: NonNullable<NamedReport['store']>) {
  const { bytes, bytesFree, builds } = store;
  return { bytes, bytesFree, packages: storePackagesJson(packages), builds };
}

/** All that is there has been shown, but a file that ends early is no image that anybody should use. */
function truncation({ findings }: ImageReport, image: string): TwinbankError | undefined {
  const cut = findings.find(({ code }) => code === 'image.truncated');
  return cut && new TwinbankError('corrupt', cut.code, `${image}: ${cut.message}`);
}
