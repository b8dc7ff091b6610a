import { readdir } from 'node:fs/promises';
import { TwinbankError } from '../../diagnostics/error.ts';
import { componentRefText, type DebRef } from '../../recipe/component-ref.ts';
import {
  type AptPackage,
  imageArchitecture,
  isForImage,
  listInstall,
  showPackages,
  specOf,
} from './apt.ts';
import { ignoreMissing } from './cache.ts';
import type { ComponentContext, Resolved } from './component.ts';
import { fetchDeb } from './deb-fetch.ts';
import { aptFingerprint, remember, resolvedList } from './resolution-cache.ts';

/**
 * What the distribution's lists have for each reference, in order. Throws `recipe`
 * `components.unknown-package`, `io` `components.no-lists`, `recipe` `components.architecture`.
 */
export async function resolveDebs(
  refs: readonly DebRef[],
  context: ComponentContext,
): Promise<Resolved[]> {
  if (refs.length === 0) return [];
  const specs = refs.map(specOf);
  const query = ['show', await aptFingerprint(context.apt), specs];
  return remember(context.cache, query, resolvedList, async () => {
    const found = await showPackages(specs, context);
    const missing = refs.filter((ref) => !found.has(specOf(ref)));
    if (missing.length > 0) throw await unknownPackages(missing, context);
    return specs.flatMap((spec) => toResolved(found.get(spec)));
  });
}

/** Which of these versions the distribution's lists still have, with the bytes that the lock names. */
export async function availableDebs(
  components: readonly Resolved[],
  context: ComponentContext,
): Promise<Set<Resolved>> {
  const found = await showPackages(components.map(specOf), context);
  return new Set(
    components.filter((component) => found.get(specOf(component))?.sha256 === component.sha256),
  );
}

/**
 * All that installing `component` on an empty system brings, itself included: where its libraries are to
 * be looked for. About 1 s, remembered until the lists change. With a lock: its packages.
 */
export async function resolveClosure(
  component: Resolved,
  context: ComponentContext,
): Promise<Resolved[]> {
  if (context.lock) return context.lock.components.filter((entry) => entry.scheme === 'deb');
  const query = ['closure', await aptFingerprint(context.apt), specOf(component)];
  return remember(context.cache, query, resolvedList, async () => {
    const installs = await listInstall(specOf(component), context);
    const found = await showPackages(installs.map(specOf), context);
    return installs.flatMap((install) => toResolved(found.get(specOf(install))));
  });
}

/**
 * The real package behind a metapackage: the dependency of `component` whose name matches, such as
 * `linux-image-6.1.0-56-amd64` behind `linux-image-amd64`. With a lock: the one there that matches.
 * Throws `recipe` `components.no-dependency`.
 */
export async function resolveDependency(
  component: Resolved,
  name: RegExp,
  context: ComponentContext,
): Promise<Resolved> {
  if (context.lock) {
    const locked = context.lock.components.find(
      (entry) => entry.scheme === 'deb' && entry.id !== component.id && name.test(entry.name),
    );
    if (locked) return locked;
  }
  const dependency = parseDepends(component.depends ?? '').find((row) => name.test(row.name));
  if (!dependency) {
    throw new TwinbankError(
      'recipe',
      'components.no-dependency',
      `${component.id} ${component.version}: expected ${context.lock ? 'the lock to have a package' : 'a dependency'} like ${name.source}, found none`,
    );
  }
  const [resolved] = await resolveDebs([{ scheme: 'deb', ...dependency }], context);
  if (!resolved) throw new TwinbankError('internal', 'components.lost', component.id);
  // A lock names the metapackage too; with it in the cache (1 KB) a locked build asks nobody for it.
  await fetchDeb(component, context);
  return resolved;
}

/** Names of a Depends field, first alternatives only, with the version where it is an exact one. */
export function parseDepends(field: string): { name: string; version?: string }[] {
  return field.split(',').flatMap((part) => {
    const match = /^\s*([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9]+)?\s*(?:\(=\s*([^\s)]+)\))?/.exec(part);
    if (match?.[1] === undefined) return [];
    return [{ name: match[1], ...(match[2] === undefined ? {} : { version: match[2] }) }];
  });
}

/** A package of the lists as a component; nothing for nothing. Throws for another architecture. */
export function toResolved(found: AptPackage | undefined): Resolved[] {
  if (!found) return [];
  if (!isForImage(found.architecture)) {
    throw new TwinbankError(
      'recipe',
      'components.architecture',
      `deb:${found.name} ${found.version}: expected a package for ${imageArchitecture}, found one for ${found.architecture}`,
    );
  }
  return [{ ...found, id: `deb:${found.name}`, scheme: 'deb' }];
}

async function unknownPackages(refs: readonly DebRef[], context: ComponentContext) {
  const names = refs.map(componentRefText).join(', ');
  const { listsDirectory } = context.apt;
  const lists = (await readdir(listsDirectory).catch(ignoreMissing)) ?? [];
  if (!lists.some((name) => name.includes('_Packages'))) {
    return new TwinbankError(
      'io',
      'components.no-lists',
      `${names}: expected apt's package lists in ${listsDirectory}, found none; run apt-get update`,
    );
  }
  return new TwinbankError(
    'recipe',
    'components.unknown-package',
    `${names}: expected ${refs.length === 1 ? 'a package' : 'packages'} that apt's lists have, found none; if the name is right, the lists may be old (run apt-get update) or apt's sources may lack its component, such as non-free-firmware`,
    { data: { components: refs.map(componentRefText) } },
  );
}
