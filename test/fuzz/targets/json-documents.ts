import { type BankManifest, readBankManifest } from '../../../src/bootloader/bank-manifest.ts';
import { decodeBundleIndex, encodeBundleIndex } from '../../../src/update/bundle/bundle-index.ts';
import { parseRelation, satisfies } from '../../../src/update/manifest/relation.ts';
import { canonicalJson, parseCanonicalJson } from '../../../src/update/signing/canonical-json.ts';
import { developmentKey, privateKeyOfSeed, signingKeyOf } from '../../../src/update/signing/key.ts';
import { assertSigned, signatureKeyIds, signBytes } from '../../../src/update/signing/signature.ts';
import { encodeManifest, readManifest } from '../../../src/update/signing/signed-manifest.ts';
import { mutateJson } from '../json-mutations.ts';
import { assertSame, fails, isTaken } from '../oracle.ts';
import { type FuzzTarget, refusedAs, taken, takenAs } from '../target.ts';

const digest = 'ab'.repeat(32);
const base: BankManifest = {
  origin: 'base',
  vendor: 'twinbank',
  product: 'twinbank',
  version: '1.2.3',
  build: '1.2.3-400',
  kernelOptions: ['quiet', 'console=ttyS0'],
  modules: ['vmkernel', 'boot.v00', 'engine.v00'].map((file) => ({
    ...{ name: file.replace('.v00', ''), file, version: '7.8', vendor: 'twinbank', kind: 'base' },
    ...{ bytes: 1234, sha256: digest, files: file === 'vmkernel' ? [] : ['bin/a', 'lib/b.so'] },
    ...{ provides: ['c = 1.0'], requires: ['twinbank >= 1.2'], conflicts: [], replaces: ['d'] },
  })),
  base: {
    ...{ title: 'twinbank', securityVersion: 3, minVersion: '1.0' },
    packages: [{ name: 'tool_1.0~rc1_amd64.deb', bytes: 99, sha256: digest }],
    trust: [{ keyId: developmentKey.public.id, publicKey: developmentKey.public.raw }],
    loader: {
      ...{ bootCode: { bytes: 440, sha256: digest }, coreImage: { bytes: 512, sha256: digest } },
      ...{ bootx64: { bytes: 9, sha256: digest }, grubCfg: { bytes: 0, sha256: digest } },
    },
  },
};
const oem: BankManifest = {
  ...{ origin: 'acme', vendor: 'ACME', product: 'twinbank', version: '2', build: '2' },
  kernelOptions: [],
  modules: [
    {
      ...{ name: 'acme', file: 'acme.v00', version: '2', vendor: 'ACME', kind: 'oem', bytes: 7 },
      ...{ sha256: digest, files: ['opt/acme/tool'], provides: [], requires: ['twinbank'] },
      ...{ conflicts: ['x < 2:1.0~a-1'], replaces: [] },
    },
  ],
};
const index = {
  product: 'twinbank',
  version: '0.2.0',
  build: '0.2.0-17',
  from: { build: '0.1.0-3', manifest: digest },
  entries: ['base.json', 'base.sig', 'acme.json', 'acme.sig', 'modules/a.v00', 'packages/p'].map(
    (path) => ({ path, bytes: 512, sha256: digest }),
  ),
};
const { from: _, ...full } = index;
const signed = Buffer.from('what was signed');
const other = signingKeyOf(privateKeyOfSeed(new Uint8Array(32).fill(7)));
const trusted = [developmentKey.public, other.public];

const deep = [Buffer.from('['.repeat(2 ** 20)), Buffer.from('{"a":'.repeat(200_000))];
const wide = [
  canonicalJson(Array.from({ length: 150_000 }, (_, number) => number)),
  canonicalJson(
    Object.fromEntries(Array.from({ length: 90_000 }, (_, number) => [`${number}`, 0])),
  ),
  Buffer.from(`"${'\\u0001'.repeat(170_000)}"`),
];
/** A mebibyte of text is many small values. */
const largeDocuments = { inputBytes: 128 * 2 ** 20 };

export const canonicalJsonTarget: FuzzTarget = {
  name: 'canonical-json',
  seeds: () => [
    encodeBundleIndex(index),
    encodeManifest(base),
    ...[{ é: ['\u20ac', '\ud83d\ude00', '"\\/\b\f\n\r\t'] }, [], {}, 0, -1, 'a', null, true].map(
      canonicalJson,
    ),
  ],
  traps: () => [...deep, ...wide],
  mutate: (input, random, one) => mutateJson(input, random, one),
  run(input) {
    assertSame(canonicalJson(parseCanonicalJson(input, 'x')), input, 'one value in two forms');
    return taken;
  },
  quotes: true,
  bounds: largeDocuments,
};

export const bundleIndex: FuzzTarget = {
  name: 'bundle-index',
  seeds: () => [encodeBundleIndex(index), encodeBundleIndex(full)],
  traps: () => [...deep, ...wide],
  mutate: (input, random, one) =>
    mutateJson(input, random, one, [
      ...[
        'bundle',
        'base.json',
        'base.sig',
        'BASE.JSON',
        'bundle.json',
        'z.json',
        'z.sig',
        'modules/',
        'packages/',
      ],
      ...['modules/A.V00', 'packages/../x', 'schemaVersion', 'from'],
    ]),
  run(input) {
    assertSame(encodeBundleIndex(decodeBundleIndex(input, 'x')), input, 'one index in two forms');
    return taken;
  },
  quotes: true,
  bounds: largeDocuments,
};

export const manifest: FuzzTarget = {
  name: 'manifest',
  seeds: () => [encodeManifest(base), encodeManifest(oem)],
  traps: () =>
    [
      ...deep,
      ...wide,
      Buffer.from(encodeManifest(oem))
        .toString()
        .replace('["opt/acme/tool"]', JSON.stringify(Array(19_000).fill('a/b'))),
    ].map((trap) => Buffer.from(trap)),
  mutate: (input, random, one) =>
    mutateJson(input, random, one, [
      ...[
        'manifest',
        'base',
        'acme',
        'oem',
        'vmkernel',
        'a.v00',
        'twinbank >= 1.2',
        'a!=1:2~3-4',
        'replaces',
      ],
      ...['constructor', 'trust', 'x'.repeat(64), `${'9'.repeat(60)}.1`],
    ]),
  run(input) {
    // As inspect reads it, which tells what is wrong, and as an update does, which refuses.
    const shown = readBankManifest(input);
    if (typeof shown === 'string') {
      if (/[^ -~]/.test(shown)) fails(`expected printable ASCII, found ${shown}`);
      if (isTaken(() => readManifest(input, 'x'))) fails(`taken, although ${shown}`);
      return refusedAs(shown.replace(/:.*| "[^"]*".*|\d+/gs, ''));
    }
    tryRelations(shown);
    const read = readManifest(input, 'x');
    assertSame(encodeManifest(read), input, 'one manifest in two forms');
    return takenAs(read.base ? 'base' : 'oem');
  },
  quotes: true,
  bounds: largeDocuments,
};

/** What modules say of one another is text of its own form. */
function tryRelations({ modules }: BankManifest): void {
  for (const { name, version, provides, requires, conflicts, replaces } of modules.slice(0, 8)) {
    for (const text of [...provides, ...requires, ...conflicts, ...replaces].slice(0, 8)) {
      const relation = parseRelation(text);
      if (relation) satisfies({ ...relation, name }, { name, version });
    }
  }
}

export const signature: FuzzTarget = {
  name: 'signature',
  seeds: () => [signBytes(signed, [developmentKey]), signBytes(signed, [developmentKey, other])],
  traps: () => [...deep, ...wide],
  mutate: (input, random, one) =>
    mutateJson(input, random, one, [
      ...['signature', 'keyId', developmentKey.public.id, other.public.id, '0'.repeat(16)],
      '00'.repeat(64),
    ]),
  run(input) {
    const ids = signatureKeyIds(input, 'x');
    if (ids.length > 16) fails(`expected at most 16 signatures, found ${ids.length}`);
    if (!ids.some((id) => trusted.some((key) => key.id === id))) return refusedAs('stranger');
    const by = assertSigned(signed, input, trusted, 'x');
    return takenAs(`by ${by.length}`);
  },
  quotes: true,
  bounds: largeDocuments,
};
