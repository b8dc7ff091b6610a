import type { LeftOutPackage } from '../builder/inventory/inventory.ts';
import type { Licence } from '../builder/inventory/licence.ts';
import type { InventoryPackage } from '../builder/inventory/package.ts';
import type { SystemInventory } from '../builder/inventory/system.ts';

/** A package of a system, and where it is. */
export interface ListedPackage {
  readonly package: InventoryPackage;
  /** Names of modules, `bootloader`, and `store`. */
  readonly places: readonly string[];
}

/** A package of a system that is left out, and the file that takes its place. */
export interface ListedLeftOut {
  readonly package: LeftOutPackage;
  readonly module: string;
  /** Without a leading `/`. */
  readonly path: string;
}

/** What a licence covers. */
export interface ListedLicence {
  /** An SPDX expression, `refers to NAME`, or `unknown`. */
  readonly licence: string;
  readonly packages: readonly ListedPackage[];
}

/** Each package of a system once, by name. */
export function listPackages({ modules, loader, store }: SystemInventory): ListedPackage[] {
  const found = new Map<string, { package: InventoryPackage; places: string[] }>();
  const note = (place: string, packages: readonly InventoryPackage[]): void => {
    for (const one of packages) {
      const known = found.get(one.purl) ?? { package: one, places: [] };
      if (!known.places.includes(place)) known.places.push(place);
      found.set(one.purl, known);
    }
  };
  for (const { name, inventory } of modules) note(name, inventory?.packages ?? []);
  note('bootloader', loader?.packages ?? []);
  for (const { packages } of store) note('store', packages);
  return [...found.values()].sort((a, b) => (sortKey(a.package) < sortKey(b.package) ? -1 : 1));
}

/** Files of a system that are made in place of a package's, by module and path. */
export function listLeftOut({ modules }: SystemInventory): ListedLeftOut[] {
  return modules.flatMap(({ name, inventory }) =>
    (inventory?.files ?? []).flatMap(({ path, standsFor }) =>
      standsFor ? [{ package: standsFor, module: name, path }] : [],
    ),
  );
}

/** Libraries that a module takes from one below it. */
export interface ListedUse {
  readonly module: string;
  /** The module that has them. */
  readonly of: string;
  /** By the names that programs link. */
  readonly libraries: readonly string[];
}

/** What modules of a system take from one another, in the order in which they are stacked. */
export function listUses({ modules }: SystemInventory): ListedUse[] {
  return modules.flatMap(({ name, inventory }) =>
    (inventory?.uses ?? []).map(({ module: of, libraries }) => ({ module: name, of, libraries })),
  );
}

/** What is under which licence: each term with the packages that it applies to, in whole or in part. */
export function listLicences(packages: readonly ListedPackage[], name?: string): ListedLicence[] {
  const found = new Map<string, ListedPackage[]>();
  for (const one of packages) {
    for (const term of termsOf(one.package.licence)) {
      found.set(term, [...(found.get(term) ?? []), one]);
    }
  }
  return [...found]
    .filter(([term]) => name === undefined || isNamed(term, name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, under]) => ({ licence, packages: under }));
}

function termsOf({ basis, terms }: Licence): string[] {
  if (basis === 'unknown') return ['unknown'];
  return terms.map((term) => (basis === 'references' ? `refers to ${term}` : term));
}

/** `MIT` names `MIT` and `MIT OR GPL-2.0-only`, but not `MIT-CMU`. */
function isNamed(term: string, name: string): boolean {
  const words = term.toLowerCase().split(/[\s()]+/);
  return term.toLowerCase() === name.toLowerCase() || words.includes(name.toLowerCase());
}

function sortKey({ name, purl }: InventoryPackage): string {
  return `${name}\0${purl}`;
}
