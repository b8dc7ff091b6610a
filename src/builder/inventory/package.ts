import { basename } from 'node:path';
import type { Resolved } from '../components/component.ts';
import { parseDepends } from '../components/deb-resolve.ts';
import { type Licence, licenceOfPackageJson } from './licence.ts';
import { packageUrl } from './package-url.ts';

/** A package as an inventory lists it. Empty texts are unknown. */
export interface InventoryPackage {
  /** Package URL: what it is, for other tools. */
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  /** Who answers for it: of a Debian package its maintainer. */
  readonly supplier: string;
  readonly licence: Licence;
  readonly homepage: string;
  /** What it was built from: `glibc 2.36-9`; for Debian the name and version of the source package. */
  readonly source: string;
  /** Of the archive, in hexadecimal. */
  readonly sha256: string;
  /** Of the archive, `sha512-BASE64`. */
  readonly integrity: string;
  /** Names of packages of the same kind that it needs: of alternatives the first. */
  readonly depends: readonly string[];
}

const unknown = { supplier: '', homepage: '', source: '', sha256: '', integrity: '', depends: [] };

/** A Debian package, from its control fields (deb-control(5)). */
export function debPackage(
  { name, version, sha256 }: Pick<Resolved, 'name' | 'version' | 'sha256'>,
  control: ReadonlyMap<string, string>,
  licence: Licence,
): InventoryPackage {
  const architecture = control.get('Architecture') ?? '';
  const [, source = name, sourceVersion = version] =
    /^(\S+)(?:\s+\((\S+)\))?$/.exec(control.get('Source') ?? '') ?? [];
  const field = ['Pre-Depends', 'Depends'].flatMap((one) => control.get(one) ?? []).join(', ');
  const qualifiers = { arch: architecture, upstream: `${source}@${sourceVersion}` };
  return {
    purl: packageUrl('deb', 'debian', name, version, qualifiers),
    name,
    version,
    licence,
    sha256,
    supplier: control.get('Maintainer') ?? '',
    homepage: control.get('Homepage') ?? '',
    source: `${source} ${sourceVersion}`,
    integrity: '',
    depends: [...new Set(parseDepends(field).map((one) => one.name))].sort(),
  };
}

/** An npm package, from its package.json; `archive` has the hashes of what was downloaded, where it was. */
export function npmPackage(
  about: Readonly<Record<string, unknown>>,
  archive: Partial<Pick<Resolved, 'sha256' | 'integrity'>> = {},
): InventoryPackage {
  const [name, version] = [text(about.name), text(about.version)];
  const [, scope, plain = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  const dependencies = (about.dependencies ?? {}) as object;
  return {
    ...unknown,
    name,
    version,
    purl: packageUrl('npm', scope, plain, version),
    supplier: personOf(about.author),
    licence: licenceOfPackageJson(about.license),
    homepage: webAddress(text(about.homepage)),
    source: text((about.repository as { url?: unknown } | undefined)?.url ?? about.repository),
    sha256: archive.sha256 ?? '',
    integrity: archive.integrity ?? '',
    depends: Object.keys(dependencies).sort(),
  };
}

/** Something that no package manager knows: what an OEM brings, a file that a recipe names. */
export function genericPackage(
  about: Pick<InventoryPackage, 'name' | 'version' | 'supplier' | 'licence'>,
): InventoryPackage {
  return {
    ...unknown,
    ...about,
    purl: packageUrl('generic', undefined, about.name, about.version),
  };
}

/** The package URL of a component, as far as it is known without a look into it. */
export function componentUrl({ scheme, name, version, architecture }: Resolved): string {
  if (scheme === 'deb') {
    return packageUrl('deb', 'debian', name, version, architecture ? { arch: architecture } : {});
  }
  const [, scope, plain = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  if (scheme === 'npm') return packageUrl('npm', scope, plain, version);
  return packageUrl('generic', undefined, basename(name), version);
}

/** Each once: two copies of a package in node_modules are one package. */
export function uniquePackages(packages: readonly InventoryPackage[]): InventoryPackage[] {
  return [...new Map(packages.map((one) => [one.purl, one])).values()];
}

/** `author` of a package.json: `Name <mail> (address)`, or an object of these. */
function personOf(author: unknown): string {
  if (typeof author === 'string') return author.replace(/\s*[<(].*$/, '');
  return text((author as { name?: unknown } | undefined)?.name);
}

function webAddress(address: string): string {
  return /^https?:\/\//.test(address) ? address : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
