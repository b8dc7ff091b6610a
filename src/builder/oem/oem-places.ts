import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BankManifest } from '../../bootloader/bank-manifest.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { type Path, pathText } from '../../recipe/tree.ts';
import { defaultClaim, driverClass } from '../../update/manifest/claims.ts';
import type { CombineProblem, Subject } from '../../update/manifest/combine.ts';
import { moduleName } from '../modules/kernel-modules.ts';
import { cimClass } from './cim/provider-files.ts';

/** `acme/provider.yaml:12:3`, and what it does there in its own words where the problem has others. */
interface OemPlace {
  readonly place: string;
  /** Of provider.yaml: `requires[0]`. */
  readonly key?: string | undefined;
  readonly does?: string | undefined;
}

/** Where an OEM says what a problem of its manifest is about. */
export type OemPlaces = (at: Subject['at']) => OemPlace;

/** The places of a provider's folder. What follows from several keys has the place of its name. */
export function providerPlaces(provider: LoadedProvider): OemPlaces {
  return (at) => {
    if ('file' in at) {
      // Others come from packages and drivers.
      const isOwn = existsSync(join(provider.files, at.file));
      return { place: isOwn ? provider.fileShown(`files/${at.file}`) : provider.placeOf(['name']) };
    }
    if ('claim' in at) return claimPlace(provider, at.claim);
    if (at.key === 'name') return { place: provider.placeOf(['name']) };
    const path = relationPath(provider, at.key, at.text);
    return { place: provider.placeOf(path), key: pathText(path) };
  };
}

/** A packed file is one place: its provider.yaml is not in it. */
export function packedPlaces(path: string): OemPlaces {
  return () => ({ place: path });
}

function claimPlace(provider: LoadedProvider, claim: string): OemPlace {
  const { cim, defaults, drivers, driverFiles } = provider;
  const own = Object.keys(defaults).find((name) => defaultClaim(name) === claim);
  if (own !== undefined) return { place: provider.placeOf(['defaults', own]) };
  for (const [index, { classes }] of cim.entries()) {
    const at = classes.findIndex((name) => cimClass(name) === claim);
    if (at < 0) continue;
    const place = provider.placeOf(['cim', index, 'classes', at]);
    return { place, does: `have the CIM class ${classes[at]}` };
  }
  const file = driverFiles.findIndex(
    (ref) => driverClass(moduleName('member' in ref ? ref.member : ref.component.path)) === claim,
  );
  if (file >= 0) return { place: provider.placeOf(['driverFiles', file]) };
  const driver = drivers.findIndex((name) => driverClass(name) === claim);
  return { place: provider.placeOf(driver < 0 ? ['name'] : ['drivers', driver]) };
}

/** What provider.yaml does not say itself follows from its drivers, or from the products that it is for. */
function relationPath(
  provider: LoadedProvider,
  key: 'provides' | 'requires' | 'conflicts' | 'replaces',
  text: string,
): Path {
  const at = provider[key].indexOf(text);
  if (at >= 0) return [key, at];
  if (key !== 'requires') return ['name'];
  const build = provider.builds.findIndex((range) => text.endsWith(` ${range}`));
  if (build >= 0) return ['builds', build];
  if (/^(vmkernel|kernel-)/.test(text)) {
    return provider.drivers.length > 0 ? ['drivers'] : ['driverFiles'];
  }
  return text.startsWith('cim-api') ? ['cim'] : ['name'];
}

/**
 * A problem in the words and at the places of those who can mend it: `acme/provider.yaml:12:3 and
 * kestrel/provider.yaml:9:3 both set defaults.syslog`. `placesOf` is undefined for the base.
 */
export function placedMessage(
  { message, about = [], both }: CombineProblem,
  placesOf: (manifest: BankManifest) => OemPlaces | undefined,
): string {
  const found = about.map(({ manifest, at }) => ({
    origin: manifest.origin,
    ...placesOf(manifest)?.(at),
  }));
  const [first, second] = found;
  if (!first?.place && !second?.place) return message;
  if (both) {
    const sides = found.map(({ origin, place }) => place ?? `the module of ${origin}`);
    const does = found.find((one) => one.does !== undefined)?.does ?? both.does;
    return `${sides.join(' and ')} both ${does}; ${both.way}`;
  }
  const others = found.flatMap(({ place }, index) => (index > 0 && place ? [place] : []));
  const beside = others.length > 0 ? ` (${others.join(', ')})` : '';
  const head = [first?.place ?? first?.origin, first?.key].filter(Boolean).join(' ');
  return `${head}: ${message}${beside}`;
}
