import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { isBundleFile } from '../../../update/bundle/bundle-file.ts';
import { verifyBundle } from '../../../update/bundle/verify-bundle.ts';
import { developmentKey, isDevelopmentKey, type PublicKey } from '../../../update/signing/key.ts';
import { type Context, defineCommand, type Result } from '../../command.ts';
import { developmentWarning, loadTrustedKeys, trustOption } from '../../secrets/signing-key.ts';
import { openBundle } from '../../standard-input.ts';
import { plain } from '../../text/plain-text.ts';
import { keysText } from '../../text/update-text.ts';
import { type VerifiedFile, verifyImage } from './image.ts';
import { provenanceText, verifyProvenance } from './provenance.ts';

export const command = defineCommand({
  examples: [
    [
      'verify disk.img --provenance out/twinbank-0.1.0.provenance.dsse.json',
      'Verify that it is from this very build',
    ],
    ['verify out/twinbank-0.1.0.img', 'Every byte of both banks, by their signed manifests'],
    [
      'verify twinbank-1.1.0.tbu --key release.pub',
      'A bundle, by the key that must have signed it',
    ],
  ],
  builder: (yargs) =>
    trustOption(
      yargs,
      'File of a public key that must have signed it; may be repeated, then it is one of them',
    )
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe:
          'An image, the disk of a host that does not run, or a bundle; - for a bundle from standard input',
      })
      .option('provenance', {
        type: 'string',
        requiresArg: true,
        describe: 'Provenance (NAME.provenance.dsse.json) of the build that must have made it',
      }),
  dash: { file: 'input' },
  run: async (context, { file, key, provenance }) => {
    const keys = await loadTrustedKeys(context, key);
    const path = resolve(context.cwd, file);
    return file === '-' || isBundleFile(path)
      ? bundle(context, { file, path, provenance }, keys)
      : verifyImage(context, { file, path, provenance }, keys);
  },
});

async function bundle(
  context: Context,
  { file, path, provenance }: VerifiedFile,
  keys: readonly PublicKey[],
): Promise<Result> {
  const { report } = context;
  // A bundle names no key that could be believed; what everybody can sign, everybody may check.
  const trusted = keys.length > 0 ? keys : [developmentKey.public];
  const { source, bytes: bytesOf } = openBundle(context, { argument: 'file', file, path });
  let done = 0;
  const verified = await verifyBundle(source, trusted, (bytes) => {
    done += bytes;
    report({ type: 'progress', task: 'verify', done, unit: 'bytes' });
  })
    .catch((error: unknown) => {
      throw keys.length > 0 ? error : askForKey(error);
    })
    .finally(() => source.close());
  const { index, manifests, keyIds } = verified;
  const { product, version, build, from, entries } = index;
  const development = keyIds.some(isDevelopmentKey);
  if (development) report(developmentWarning);
  const bytes = bytesOf();
  const found = manifests.map(({ manifest: { origin }, bytes }) => {
    return { origin, bytes, place: 'bundle' };
  });
  const made = provenance && (await verifyProvenance(context, provenance, trusted, found));
  return {
    json: {
      ...(made && { provenance: made }),
      file,
      ok: true,
      kind: 'bundle',
      bytes,
      product,
      version,
      build,
      from: from ?? null,
      keyIds,
      development,
      entries,
      origins: manifests.map(({ manifest, keyIds }) => ({
        origin: manifest.origin,
        version: manifest.version,
        keyIds,
      })),
    },
    text: [
      ...manifests.map(({ manifest: { origin, version, modules }, keyIds }) => {
        const count = modules.length === 1 ? '1 module' : `${modules.length} modules`;
        return `${plain(origin)} ${plain(version)}: ${count}, signed by ${keysText(keyIds)}`;
      }),
      ...(made ? [provenanceText(made)] : []),
      `${source.name}: verified, ${plain(build)} for ${plain(product)}${from ? `, relative to ${plain(from.build)}` : ''}, ${humanSize(bytes)}, signed by ${keysText(keyIds)}`,
    ].join('\n'),
  };
}

/** Without a key there is only the development key to check by, which is seldom what was meant. */
function askForKey(error: unknown): unknown {
  if (!(error instanceof TwinbankError) || error.code !== 'signature.untrusted') return error;
  const { kind, code, data, message } = error;
  const hint = 'name the key of who made it with --key PUB';
  return new TwinbankError(kind, code, `${message}; ${hint}`, { data, cause: error });
}
