import { type Licence, licenceText } from '../../../builder/inventory/licence.ts';
import type { FoundFile } from '../../../compare/find-file.ts';
import type {
  ListedLeftOut,
  ListedLicence,
  ListedPackage,
  ListedUse,
} from '../../../compare/list-packages.ts';
import type { Colors } from '../../command.ts';
import { plain, wrap } from '../../text/plain-text.ts';
import { table } from '../../text/table.ts';

interface Look {
  readonly colors: Colors;
  readonly columns: number;
}

/** A file: what brings it, in which module, under which licence. */
export function fileText(found: FoundFile, { colors, columns }: Look): string {
  const { path, module, listed, file, package: one } = found;
  const where = listed ? `${module} (${listed.file}, ${listed.kind})` : module;
  const rows: [string, string][] = [
    ['module', where],
    ['package', `${one.name} ${one.version}`],
    ['in it', file.from ?? ''],
    ['is', one.purl],
    ['from', one.source],
    ['supplier', one.supplier || 'unknown'],
    ['licence', licenceWithBasis(found.package)],
    ['link to', file.target ?? ''],
    ['sha256', file.sha256 ?? ''],
    ['instead of', file.standsFor ? `the library of ${nameOf(file.standsFor)}, left out` : ''],
    ['changed', file.changed ? 'yes: the package has other content, which was worked on here' : ''],
  ];
  const lines = rows.flatMap(([name, text]) =>
    text === '' ? [] : [`  ${name.padEnd(10)} ${wrap(plain(text), columns - 13, 13)}`],
  );
  return [colors.bold(plain(path)), ...lines].join('\n');
}

function nameOf({ name, version }: ListedLeftOut['package']): string {
  return `${name} ${version}`;
}

/** One line a file that is left out; undefined for none. */
export function leftOutText(leftOut: readonly ListedLeftOut[]): string | undefined {
  if (leftOut.length === 0) return undefined;
  const rows = leftOut.map(({ package: { name, version }, module, path }) =>
    [path.slice(path.lastIndexOf('/') + 1), name, version, module].map(plain),
  );
  return table([['left out, a stub in its place', 'of package', 'version', 'in'], ...rows]);
}

/** Which libraries modules take from one another; undefined for none. */
export function usesText(uses: readonly ListedUse[], { columns }: Look): string | undefined {
  if (uses.length === 0) return undefined;
  const lines = uses.map(({ module, of, libraries }) => {
    const list = wrap(plain(libraries.join(', ')), columns - 2, 2);
    return `${plain(module)} uses of ${plain(of)}\n  ${list}`;
  });
  return lines.join('\n');
}

function licenceWithBasis({ licence }: FoundFile['package']): string {
  const basis = licence.basis === 'unknown' ? licence.why : `by its ${basisText(licence.basis)}`;
  return `${licenceText(licence)} (${basis})`;
}

function basisText(basis: string): string {
  return basis === 'references' ? 'copyright file, which is free text' : basis;
}

/** One line a package; of one with many licences the first ones. */
export function packagesText(packages: readonly ListedPackage[]): string {
  const rows = packages.map(({ package: { name, version, licence }, places }) => [
    ...[plain(name), plain(version), places.map(plain).join(', ')],
    plain(shortText(licence)),
  ]);
  return table([['package', 'version', 'in', 'licence'], ...rows]);
}

const maxTerms = 3;

function shortText(licence: Licence): string {
  const { terms } = licence;
  if (terms.length <= maxTerms) return licenceText(licence);
  const first = licenceText({ ...licence, terms: terms.slice(0, maxTerms - 1) });
  return `${first} and ${terms.length - maxTerms + 1} more`;
}

/** Each licence with what is under it. */
export function licencesText(
  licences: readonly ListedLicence[],
  { colors, columns }: Look,
): string {
  return licences
    .map(({ licence, packages }) => {
      const names = packages.map(({ package: { name, version } }) => `${name} ${version}`);
      const list = wrap(plain(names.join(', ')), columns - 2, 2);
      return `${colors.bold(plain(licence))}\n  ${list}`;
    })
    .join('\n');
}
