import { TwinbankError } from '../../diagnostics/error.ts';
import { quote } from '../../diagnostics/quote.ts';

/** One file of a bundle. */
export interface BundleIndexEntry {
  readonly path: string;
  readonly bytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

type Kind = 'manifest' | 'signature' | 'module' | 'package';

/** What a path may look like, and how large what it names may be (docs/updates.md, Bundle). */
const kinds: Record<Kind, { pattern: RegExp; maxBytes: number; after: readonly Kind[] }> = {
  manifest: { pattern: /^[a-z][a-z0-9-]{0,7}\.json$/, maxBytes: 2 ** 20, after: ['signature'] },
  signature: { pattern: /^[a-z][a-z0-9-]{0,7}\.sig$/, maxBytes: 2 ** 16, after: ['manifest'] },
  module: {
    pattern: /^modules\/[A-Za-z0-9][A-Za-z0-9._+-]*$/,
    maxBytes: 2 ** 31,
    after: ['signature', 'module'],
  },
  package: {
    pattern: /^packages\/[A-Za-z0-9][A-Za-z0-9.+~_-]*$/,
    maxBytes: 2 ** 31,
    after: ['signature', 'module', 'package'],
  },
};

/** What the name field of a ustar header holds. */
const maxPath = 100;
const maxEntries = 1024;

/**
 * Holds the entries of a bundle to the form: paths, sizes, their order, and no path twice, also where a file
 * system does not tell upper from lower case. Throws `bundle.index` (kind `corrupt`).
 */
export function assertBundleEntries(entries: readonly BundleIndexEntry[]): void {
  if (entries.length > maxEntries) {
    throw refusal('entries', `at most ${maxEntries} entries`, `${entries.length}`);
  }
  const taken = new Set(['bundle.json', 'bundle.sig']);
  let before: { kind: Kind; path: string } | undefined;
  for (const [position, { path, bytes }] of entries.entries()) {
    const at = `entries[${position}]`;
    const kind = kindOf(path);
    if (kind === undefined) {
      const expected = `ORIGIN.json, ORIGIN.sig, modules/FILE or packages/NAME of at most ${maxPath} characters`;
      throw refusal(`${at}.path`, expected, quote(path));
    }
    const { maxBytes } = kinds[kind];
    if (bytes > maxBytes) throw refusal(`${at}.bytes`, `at most ${maxBytes}`, `${bytes}`);
    if (taken.has(path.toLowerCase())) {
      throw refusal(`${at}.path`, 'every path once', `${path} again`);
    }
    taken.add(path.toLowerCase());
    assertFollows(at, { kind, path }, before);
    before = { kind, path };
  }
  if (before === undefined) throw refusal('entries', 'base.json first', 'no entries');
  if (before.kind === 'manifest') {
    throw refusal('entries', `${signatureOf(before.path)} after ${before.path}`, 'no more');
  }
}

function kindOf(path: string): Kind | undefined {
  if (path.length > maxPath) return undefined;
  return (Object.keys(kinds) as Kind[]).find((kind) => kinds[kind].pattern.test(path));
}

function assertFollows(
  at: string,
  { kind, path }: { kind: Kind; path: string },
  before: { kind: Kind; path: string } | undefined,
): void {
  if (before === undefined) {
    if (path !== 'base.json') throw refusal(`${at}.path`, 'base.json first', path);
    return;
  }
  if (before.kind === 'manifest' && path !== signatureOf(before.path)) {
    const expected = `${signatureOf(before.path)} after ${before.path}`;
    throw refusal(`${at}.path`, expected, path);
  }
  if (!kinds[kind].after.includes(before.kind)) {
    const expected = 'manifests with their signatures, then modules, then packages';
    throw refusal(`${at}.path`, expected, `${path} after ${before.path}`);
  }
}

function signatureOf(manifestPath: string): string {
  return manifestPath.replace(/json$/, 'sig');
}

function refusal(at: string, expected: string, found: string): TwinbankError {
  const message = `${at}: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', 'bundle.index', message, { data: { place: at } });
}
