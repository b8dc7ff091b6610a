import { relative } from 'node:path';
import type { ImageOutcome, ImageSummary } from '../../../builder/build-images.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { isDevelopmentKey, type SigningKey } from '../../../update/signing/key.ts';
import type { Context, Result } from '../../command.ts';
import { toFailure } from '../../failure.ts';
import { jsonError } from '../../output.ts';
import { fitTable } from '../../text/fit-table.ts';
import { plain } from '../../text/plain-text.ts';
import { table } from '../../text/table.ts';
import { keysText } from '../../text/update-text.ts';
import type { OrderedImage } from './image-orders.ts';

type Row = readonly [image: OrderedImage, outcome: ImageOutcome];

/** What `build` prints: one image in full, of several a row each; and those that failed, as one failure. */
export function buildResult(
  { cwd, signal, env }: Pick<Context, 'cwd' | 'signal' | 'env'>,
  rows: readonly Row[],
  { public: { id } }: SigningKey,
): Result {
  const failures = rows.flatMap(([image, outcome]) =>
    'error' in outcome ? [{ image, outcome, failure: toFailure(outcome.error, signal, env) }] : [],
  );
  const [only] = rows;
  if (rows.length === 1 && failures[0]) throw failures[0].outcome.error;
  const filesOf = ({ files }: ImageSummary): string[] => files.map((file) => relative(cwd, file));
  const built = rows.flatMap(([image, outcome]) =>
    'built' in outcome ? [{ image, ...outcome }] : [],
  );
  const json = {
    images: built.map(({ image, built, seconds }) => ({
      recipe: image.recipe,
      image: image.name,
      oem: oemsOf(built).map(({ name }) => name),
      build: built.build,
      files: filesOf(built),
      replaced: built.replaced.map((file) => relative(cwd, file)),
      fit: built.fit,
      bytes: built.bytes,
      dataBytes: built.dataBytes,
      seconds,
      keyIds: [id],
      development: isDevelopmentKey(id),
      modules: built.modules.map(({ name, version, kind, bytes, sha256 }) => {
        return { name, version, kind, bytes, sha256 };
      }),
    })),
    ...(rows.length > 1 && {
      failed: failures.map(({ image: { recipe, name, oem = [] }, outcome, failure }) => {
        return { recipe, image: name, oem, seconds: outcome.seconds, ...jsonError(failure) };
      }),
    }),
  };
  const replaced = built.flatMap((one) => one.built.replaced.map((file) => relative(cwd, file)));
  const replacedText = replaced.length > 0 ? [`replaced: ${replaced.join(', ')}`] : [];
  const signed = `signed by ${keysText([id])}`;
  if (only && rows.length === 1 && 'built' in only[1]) {
    const { built } = only[1];
    return {
      json,
      text: [fitTable(built.fit, built.modules), signed, ...filesOf(built), ...replacedText].join(
        '\n',
      ),
    };
  }
  const failure = failures.length > 0 ? failureOf(failures, rows.length) : undefined;
  const text = [summary(rows, { signal, env }), built.length > 0 ? signed : '', ...replacedText]
    .filter(Boolean)
    .join('\n');
  return { json, text, failure };
}

function oemsOf({ modules }: ImageSummary) {
  return modules.filter(({ kind }) => kind === 'oem');
}

function summary(rows: readonly Row[], { signal, env }: Pick<Context, 'signal' | 'env'>): string {
  const cells = rows.map(([{ name, oem }, outcome]) => {
    const seconds = `${outcome.seconds.toFixed(1)} s`;
    if ('error' in outcome) {
      const { code } = toFailure(outcome.error, signal, env);
      return [plain(name), plain(oem?.join(', ') ?? ''), `failed: ${code}`, '', '', seconds];
    }
    const { built } = outcome;
    const oems = oemsOf(built).map(({ name, version }) => `${name} ${version}`);
    const sizes = [humanSize(built.dataBytes), humanSize(built.fit.free)];
    return [`${name}.img`, oems.join(', ') || 'none', 'built', ...sizes, seconds];
  });
  return table([['image', 'OEM', 'outcome', 'data', 'bank free', 'time'], ...cells]);
}

/** One error that tells all of them, of the kind and code of the first in the table. */
function failureOf(
  failures: readonly { image: OrderedImage; failure: TwinbankError }[],
  of: number,
): TwinbankError {
  const byMessage = new Map<string, string[]>();
  for (const { image, failure } of failures) {
    byMessage.set(failure.message, [...(byMessage.get(failure.message) ?? []), image.name]);
  }
  const parts = [...byMessage].map(([message, names]) => `${names.join(', ')}:\n${message}`);
  const [first] = failures.map(({ failure }) => failure);
  const { kind, code } = first ?? { kind: 'internal' as const, code: 'internal' };
  const heading = `expected ${of} images, found ${failures.length} of them failed`;
  return new TwinbankError(kind, code, [heading, ...parts].join('\n'), { cause: first });
}
