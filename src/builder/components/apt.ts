import { join } from 'node:path';
import { namedAt } from '../../diagnostics/system-error.ts';
import { runTool } from '../../host/run-tool.ts';
import type { Cache } from './cache.ts';
import { parseControl } from './deb-archive.ts';
import { interrupted } from './io-error.ts';

/** Which apt is asked. The default is the system's own, as it is set up. */
export interface Apt {
  /** Where its package lists are; their names, sizes and times tell when they changed. */
  readonly listsDirectory: string;
  /** Where its sources, preferences and settings are; watched like the lists. */
  readonly configDirectory: string;
  /** Further options for every call, such as `Dir::State::Lists=/x`. */
  readonly options: readonly string[];
  /** Where it is noted what its lists and settings are, by those who ask once for all of a command. */
  readonly noted?: { fingerprint?: string };
}

export const systemApt: Apt = {
  listsDirectory: '/var/lib/apt/lists',
  configDirectory: '/etc/apt',
  options: [],
};

/** What Debian calls the machine that images are for. */
export const imageArchitecture = 'amd64';

/** A package of the lists: the fields of its stanza that we use. */
export interface AptPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly depends: string;
}

/** How apt names it: `NAME` or `NAME=VERSION`. */
export function specOf({ name, version }: { name: string; version?: string }): string {
  return version === undefined ? name : `${name}=${version}`;
}

export interface AptCall {
  readonly apt: Apt;
  readonly cache: Cache;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The packages that the lists have for `specs` (`NAME` for the version apt would install, `NAME=VERSION`
 * for one), by spec; an unknown one is missing from the answer. One run of apt-cache for all: 0.6 s, with
 * its index in our cache 0.17 s.
 */
export async function showPackages(
  specs: readonly string[],
  call: AptCall,
): Promise<Map<string, AptPackage>> {
  const found = new Map<string, AptPackage>();
  if (specs.length === 0) return found;
  const args = ['show', '--no-all-versions', ...specs];
  const output = await runApt('apt-cache', args, call).catch((error: Error) => {
    // Its way to say that it knows none of them.
    if (error.message.includes('No packages found')) return '';
    throw error;
  });
  const wanted = new Set(specs);
  for (const stanza of output.split(/\n\n+/)) {
    const entry = toPackage(parseControl(stanza));
    if (!entry) continue;
    for (const spec of [entry.name, `${entry.name}=${entry.version}`]) {
      if (wanted.has(spec) && !found.has(spec)) found.set(spec, entry);
    }
  }
  return found;
}

/**
 * Names and versions of all that installing `NAME=VERSION` on an empty system brings, itself included.
 * From the list of URIs, which apt has in 0.7 s; a simulated installation takes it 1.5 s.
 */
export async function listInstall(
  spec: string,
  call: AptCall,
): Promise<{ name: string; version: string }[]> {
  const args = ['-qq', '-y', '--print-uris', '--no-install-recommends', 'install', spec];
  const output = await runApt('apt-get', args, call);
  // 'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH, with %3a for the colon of an epoch.
  const rows = output.matchAll(/^'[^']*' ([^_\s]+)_([^_\s]+)_([^_\s]+)\.deb /gm);
  return [...rows].flatMap(([, name, version, architecture]) =>
    name === undefined || version === undefined || !isForImage(architecture)
      ? []
      : [{ name, version: decodeURIComponent(version) }],
  );
}

/** True for packages that an image may hold: those of its architecture, and those of any. */
export function isForImage(architecture: string | undefined): boolean {
  return architecture === 'all' || architecture === imageArchitecture;
}

/**
 * Runs one of apt's programs with our options and returns its standard output. Throws as `runTool`, and
 * `file.no-space`, `interrupted`.
 */
export async function runApt(
  program: 'apt-get' | 'apt-cache',
  args: readonly string[],
  call: AptCall,
  options: { cwd?: string } = {},
): Promise<string> {
  const { signal, cache } = call;
  try {
    const all = [...aptOptions(call), ...args];
    const { stdout } = await runTool(program, all, { ...options, ...(signal ? { signal } : {}) });
    return stdout.toString();
  } catch (error) {
    if (signal?.aborted) throw interrupted(program);
    throw namedAt(cache.directory, error);
  }
}

/**
 * Nothing counts as installed, so that a build does not depend on what its machine has. apt's index of
 * its lists goes into our cache, because the system's would be overwritten by one without installed
 * packages. As root, apt would drop to a user who cannot write into the cache.
 */
export function aptOptions({ apt, cache }: AptCall): string[] {
  const settings = [
    'Dir::State::status=/dev/null',
    `Dir::Cache=${join(cache.directory, 'apt')}`,
    'Dir::Cache::pkgcache=pkgcache.bin',
    'Dir::Cache::srcpkgcache=',
    'Debug::NoLocking=true',
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
    ...apt.options,
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

function toPackage(fields: ReadonlyMap<string, string>): AptPackage | undefined {
  const name = fields.get('Package');
  const version = fields.get('Version');
  const architecture = fields.get('Architecture');
  const sha256 = fields.get('SHA256');
  const bytes = Number(fields.get('Size'));
  if (!name || !version || !architecture || !sha256 || !Number.isSafeInteger(bytes))
    return undefined;
  const depends = [fields.get('Pre-Depends'), fields.get('Depends')].filter(Boolean).join(', ');
  return { name, version, architecture, sha256, bytes, depends };
}
