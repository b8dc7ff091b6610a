import { tmpdir } from 'node:os';
import { makeSbom } from '../../../builder/inventory/documents.ts';
import type { InventoryPackage } from '../../../builder/inventory/package.ts';
import type { SystemInventory } from '../../../builder/inventory/system.ts';
import { describeBundle } from '../../../compare/describe-bundle.ts';
import { describeImage } from '../../../compare/describe-image.ts';
import { type FoundFile, findFile } from '../../../compare/find-file.ts';
import {
  type ListedLeftOut,
  type ListedPackage,
  listLeftOut,
  listLicences,
  listPackages,
  listUses,
} from '../../../compare/list-packages.ts';
import { readSystemInventory } from '../../../compare/read-inventory.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { isBundleFile } from '../../../update/bundle/bundle-file.ts';
import type { Context, Result } from '../../command.ts';
import { plain } from '../../text/plain-text.ts';
import { fileText, leftOutText, licencesText, packagesText, usesText } from './inventory-text.ts';

/** What of a system's inventory is asked for: one of these. */
export type Question =
  | { readonly files: readonly string[] }
  | { readonly packages: true }
  | { readonly licence: string }
  | { readonly sbom: true };

/** Answers a question about what an image or a bundle consists of, from what it carries itself. */
export async function inspectInventory(
  context: Context,
  { name, path, bank }: { name: string; path: string; bank: number | undefined },
  question: Question,
): Promise<Result> {
  const { report, signal, env } = context;
  const source = isBundleFile(path)
    ? await describeBundle(name, path, { report, signal })
    : await describeImage(name, path, { report, signal, bank });
  try {
    const temporary = env.TMPDIR || tmpdir();
    const { system, gaps } = await readSystemInventory(source, { temporary, signal });
    for (const gap of gaps) report({ type: 'warning', text: `${name}: ${plain(gap)}` });
    if (source.described.kind === 'image') {
      for (const problem of source.described.problems) {
        report({ type: 'warning', text: `${name}: ${plain(problem)}` });
      }
    }
    const answer = await answerOf(context, name, system, question);
    const facts = { file: name, product: system.product, build: system.build, gaps };
    return { ...answer, json: { ...facts, ...answer.json } };
  } finally {
    source.close();
  }
}

async function answerOf(
  { colors, columns: width }: Context,
  name: string,
  system: SystemInventory,
  question: Question,
): Promise<Result> {
  const look = { colors, columns: Math.max(60, Math.min(width, 120)) };
  if ('sbom' in question) {
    const text = await makeSbom(system);
    return { json: { sbom: JSON.parse(text) }, text };
  }
  if ('files' in question) {
    const rows = question.files.map((path) => ({ path, found: findFile(system, path) }));
    const missing = rows.filter(({ found }) => found.length === 0).map(({ path }) => path);
    return {
      json: { files: rows.map(({ path, found }) => ({ asked: path, found: found.map(fileJson) })) },
      text: rows.flatMap(({ found }) => found.map((one) => fileText(one, look))).join('\n\n'),
      ...(missing.length > 0 && { failure: noFile(name, missing) }),
    };
  }
  const packages = listPackages(system);
  const leftOut = listLeftOut(system);
  const without = leftOutText(leftOut);
  if ('packages' in question) {
    const uses = listUses(system);
    return {
      json: { packages: packages.map(packageJson), leftOut: leftOut.map(leftOutJson), uses },
      text: [packagesText(packages), without, usesText(uses, look)]
        .filter((text) => text !== undefined)
        .join('\n\n'),
    };
  }
  const licences = listLicences(packages, question.licence || undefined);
  // Of one licence it is no matter what has none in the image.
  const whole = question.licence === '' && without !== undefined;
  return {
    json: {
      licences: licences.map(({ licence, packages: under }) => {
        return { licence, packages: under.map((one) => one.package.purl) };
      }),
      leftOut: leftOut.map(leftOutJson),
    },
    text:
      [licencesText(licences, look), ...(whole ? [without] : [])].join('\n\n') ||
      `${name}: nothing is under ${plain(question.licence)}`,
  };
}

function fileJson({ path, module, listed, file, package: one }: FoundFile) {
  const { sha256 = null, target = null, from = file.path, changed = false } = file;
  const { standsFor = null } = file;
  return {
    path,
    module,
    file: listed?.file ?? null,
    kind: listed?.kind ?? 'base',
    sha256,
    target,
    from,
    changed,
    standsFor,
    package: aboutJson(one),
  };
}

function leftOutJson({ package: one, module, path }: ListedLeftOut) {
  return { ...one, module, path: `/${path}` };
}

function packageJson({ package: one, places }: ListedPackage) {
  return { ...aboutJson(one), places };
}

/** What is unknown is null, so that nobody takes an empty text for an answer. */
function aboutJson({ purl, name, version, licence, depends, ...texts }: InventoryPackage) {
  const { supplier, homepage, source, sha256, integrity } = texts;
  const known = Object.entries({ supplier, homepage, source, sha256, integrity }).map(
    ([key, value]) => [key, value || null],
  );
  const { basis, terms, why = null } = licence;
  return {
    purl,
    name,
    version,
    ...Object.fromEntries(known),
    licence: { basis, terms, why },
    depends,
  };
}

function noFile(name: string, missing: readonly string[]): TwinbankError {
  const list = missing.map(plain).join(', ');
  const message = `${name}: expected ${list} to be of its system, found no module that has ${missing.length === 1 ? 'it' : 'them'}; what the running system writes itself no package has`;
  return new TwinbankError('usage', 'inspect.no-file', message, { data: { missing } });
}
