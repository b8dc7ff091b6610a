import { TwinbankError } from '../../diagnostics/error.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import { quote } from '../../diagnostics/quote.ts';
import { canonicalJson, type JsonObject, parseCanonicalJson } from '../signing/canonical-json.ts';
import { assertBundleEntries, type BundleIndexEntry } from './bundle-entries.ts';

/** What a bundle is and what is in it (docs/updates.md, Bundle). */
export interface BundleIndex {
  readonly product: string;
  readonly version: string;
  /** `VERSION-BUILD` as boot.cfg has it. */
  readonly build: string;
  /** Of a bundle that brings only what an older build lacks. */
  readonly from?: {
    readonly build: string;
    /** SHA-256 of the older build's `base.json`, 64 lower-case hexadecimal digits. */
    readonly manifest: string;
  };
  /** Everything after `bundle.sig`, in order. */
  readonly entries: readonly BundleIndexEntry[];
}

export const indexPath = 'bundle.json';
export const signaturePath = 'bundle.sig';
export const maxIndexBytes = 2 ** 20;
export const maxSignatureBytes = 2 ** 16;

interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const text: Rule = {
  expected: 'a text of 1 to 1024 characters without control characters',
  holds: (value) => typeof value === 'string' && /^\P{Cc}{1,1024}$/u.test(value),
};
const digest: Rule = {
  expected: '64 lower-case hexadecimal digits',
  holds: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
};
const count: Rule = {
  expected: 'a whole number',
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
const list: Rule = { expected: 'a list', holds: Array.isArray };
const object: Rule = { expected: 'an object', holds: isRecord };
const anyText: Rule = { expected: 'a text', holds: (value) => typeof value === 'string' };

function exactly(wanted: string | number): Rule {
  return { expected: JSON.stringify(wanted), holds: (value) => value === wanted };
}

const documentRules = {
  schemaVersion: exactly(1),
  type: exactly('bundle'),
  product: text,
  version: text,
  build: text,
  entries: list,
};
const fromRules = { build: text, manifest: digest };
const entryRules = { path: anyText, bytes: count, sha256: digest };

/**
 * The bytes of `bundle.json`. Throws `bundle.index` (kind `corrupt`) for what {@link decodeBundleIndex} would
 * refuse.
 */
export function encodeBundleIndex(index: BundleIndex): Uint8Array {
  const { product, version, build, from, entries } = index;
  const document: JsonObject = {
    schemaVersion: 1,
    type: 'bundle',
    product,
    version,
    build,
    ...(from ? { from: { build: from.build, manifest: from.manifest } } : {}),
    entries: entries.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
  };
  checkIndex(document);
  return canonicalJson(document);
}

/**
 * What `bundle.json` says. Throws kind `corrupt`, beginning with `what`: `json.*` where it is in another than
 * the one form, `bundle.index` where a member is wrong, missing or unknown, or the entries are out of order.
 */
export function decodeBundleIndex(bytes: Uint8Array, what: string): BundleIndex {
  const document = parseCanonicalJson(bytes, what);
  try {
    return checkIndex(document);
  } catch (error) {
    throw inFile(what, error);
  }
}

function checkIndex(document: unknown): BundleIndex {
  const relative = isRecord(document) && Object.hasOwn(document, 'from');
  checkMembers(document, '', relative ? { ...documentRules, from: object } : documentRules);
  // Every member that the type has was just checked, but for those within lists and objects.
  const index = document as BundleIndex & JsonObject;
  if (relative) checkMembers(index.from, 'from', fromRules);
  for (const [position, entry] of index.entries.entries()) {
    checkMembers(entry, `entries[${position}]`, entryRules);
  }
  assertBundleEntries(index.entries);
  return index;
}

function checkMembers(value: unknown, at: string, rules: Readonly<Record<string, Rule>>): void {
  if (!isRecord(value)) throw refusal(at, 'an object', describe(value));
  const prefix = at === '' ? '' : `${at}.`;
  for (const [name, { expected, holds }] of Object.entries(rules)) {
    const own = Object.hasOwn(value, name);
    if (own && holds(value[name])) continue;
    throw refusal(`${prefix}${name}`, expected, own ? describe(value[name]) : 'none');
  }
  const stranger = Object.keys(value).find((name) => !Object.hasOwn(rules, name));
  if (stranger !== undefined) throw refusal(at, 'no other members', quote(stranger));
}

function refusal(at: string, expected: string, found: string): TwinbankError {
  const place = at === '' ? '' : `${at}: `;
  const message = `${place}expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', 'bundle.index', message, { data: { place: at } });
}

function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  return isRecord(value) ? 'an object' : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
