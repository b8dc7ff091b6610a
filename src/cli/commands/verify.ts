import { resolve } from 'node:path';
import { inspectImage } from '../../bootloader/inspect-image.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { humanSize } from '../../diagnostics/size.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import { openImage } from '../../disk/open-image.ts';
import { readBankForUpdate } from '../../update/bank-reading.ts';
import { indexPath } from '../../update/bundle-index.ts';
import { fileSource } from '../../update/byte-source.ts';
import { developmentKey, isDevelopmentKey, type PublicKey } from '../../update/key.ts';
import { verifyBank } from '../../update/verify-bank.ts';
import { verifyBundle } from '../../update/verify-bundle.ts';
import { type Context, defineCommand, type Result } from '../command.ts';
import { withHostDisk } from '../host-disk.ts';
import { plain } from '../plain-text.ts';
import { loadTrustedKeys, trustOption } from '../signing-key.ts';
import { keysText } from '../update-text.ts';

export const command = defineCommand({
  examples: [
    ['verify out/twinbank-0.1.0.img', 'Both banks against their signed manifests, every byte'],
    [
      'verify twinbank-1.1.0.tbu --key release.pub',
      'A bundle, by the key that must have signed it',
    ],
  ],
  builder: (yargs) =>
    trustOption(yargs).positional('file', {
      type: 'string',
      demandOption: true,
      describe: 'An image, the disk of a host that does not run, or a bundle',
    }),
  run: async (context, { file, key }) => {
    const keys = loadTrustedKeys(context, key);
    const path = resolve(context.cwd, file);
    return isBundle(path) ? bundle(context, file, path, keys) : image(context, file, path, keys);
  },
});

/** By the name of its first entry, which is where a tar begins. */
export function isBundle(path: string): boolean {
  const device = openFileDevice(path);
  try {
    const name = Buffer.from(`${indexPath}\0`);
    if (device.size < name.length) return false;
    return Buffer.compare(device.read(0, name.length), name) === 0;
  } finally {
    device.close();
  }
}

async function bundle(
  { report }: Context,
  file: string,
  path: string,
  keys: readonly PublicKey[],
): Promise<Result> {
  // A bundle names no key that could be believed; what everybody can sign, everybody may check.
  const trusted = keys.length > 0 ? keys : [developmentKey.public];
  const source = { ...fileSource(path), name: file };
  let done = 0;
  const verified = await verifyBundle(source, trusted, (bytes) => {
    done += bytes;
    report({ type: 'progress', task: 'verify', done, unit: 'bytes' });
  }).finally(() => source.close());
  const { index, manifests, keyIds } = verified;
  const { product, version, build, from, entries } = index;
  const development = keyIds.some(isDevelopmentKey);
  if (development)
    report({
      type: 'warning',
      text: 'signed with the development key, which everybody has: it proves nothing about who made it',
    });
  const bytes = entries.reduce((sum, one) => sum + one.bytes, 0);
  return {
    json: {
      ...{ file, ok: true, kind: 'bundle', product, version, build, from: from ?? null },
      ...{ keyIds, development, entries },
      origins: manifests.map(({ manifest, keyIds }) => ({
        origin: manifest.origin,
        version: manifest.version,
        keyIds,
      })),
    },
    text: [
      ...manifests.map(
        ({ manifest: { origin, version, modules }, keyIds }) =>
          `${plain(origin)} ${plain(version)}: ${modules.length} modules, signed by ${keysText(keyIds)}`,
      ),
      `${file}: right, ${plain(build)} for ${plain(product)}${from ? `, relative to ${plain(from.build)}` : ''}, ${humanSize(bytes)}, signed by ${keysText(keyIds)}`,
    ].join('\n'),
  };
}

async function image(
  { report, signal, colors }: Context,
  file: string,
  path: string,
  keys: readonly PublicKey[],
): Promise<Result> {
  const opened = openImage(path);
  const found = await inspectImage(opened.device, { report, signal }).finally(() => opened.close());
  const disk = found.findings.filter(
    ({ severity, code }) => severity === 'error' && !/^(bank|fat)\./.test(code),
  );
  const banks = await withHostDisk(file, path, { writable: false }, async (host) =>
    host.banks.map(({ number, device }) => {
      const proof = verifyBank(readBankForUpdate(number, device), { keys, by: 'contents' });
      const bank = found.banks.find(({ partition }) => partition === number);
      // Of one that boots nothing not every file has to be there: an update was broken off, or none was made.
      const counts = bank?.state !== 'INVALID';
      return {
        partition: number,
        state: bank?.state ?? 'MALFORMED',
        build: bank?.build ?? null,
        counts,
        ...proof,
      };
    }),
  );
  const wrong = banks.filter(({ counts, problems }) => counts && problems.length > 0);
  const ok = wrong.length === 0 && disk.length === 0;
  const development = banks.some(({ signed }) =>
    signed.some(({ keyIds }) => keyIds.some(isDevelopmentKey)),
  );
  if (development)
    report({
      type: 'warning',
      text: 'signed with the development key, which everybody has: it proves nothing about who made it',
    });
  const lines = banks.flatMap(({ partition, state, build, problems, signed, counts }) => [
    `${colors.bold(`Bank ${partition}`)}  ${state}  ${plain(build ?? '')}: ${problems.length === 0 ? 'right' : counts ? 'wrong' : 'incomplete, boots nothing'}`,
    ...signed.map(({ origin, keyIds }) => `  ${plain(origin)} signed by ${keysText(keyIds)}`),
    ...problems.map(({ message }) => `  ${plain(message)}`),
  ]);
  const first = wrong[0]?.problems[0]?.message ?? disk[0]?.message ?? '';
  return {
    json: {
      ...{ file, ok, kind: 'image', development, findings: disk },
      banks: banks.map(({ counts: _, ...bank }) => ({ ...bank, ok: bank.problems.length === 0 })),
    },
    text: [
      ...lines,
      ...disk.map(({ message }) => plain(message)),
      `${file}: ${ok ? 'right' : 'wrong'}`,
    ].join('\n'),
    ...(!ok && {
      failure: new TwinbankError(
        'corrupt',
        'verify.wrong',
        `${file}: expected what its signed manifests say, found: ${plain(first)}`,
      ),
    }),
  };
}
