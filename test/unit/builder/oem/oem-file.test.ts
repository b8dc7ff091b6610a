import { expect, test } from 'vitest';
import type { BankManifest } from '../../../../src/bootloader/bank-manifest.ts';
import { assertPackedTrusted, signManifest } from '../../../../src/builder/manifests.ts';
import { decodeOemFile, encodeOemFile } from '../../../../src/builder/oem/oem-file.ts';
import { baseOf, contentOf, keys, moduleOf, publicOf } from '../../update/manifests.ts';

const module = moduleOf('acme', { kind: 'oem', vendor: 'ACME', bytes: 700, files: ['usr/a'] });

function manifestOf(more: Partial<BankManifest> = {}): BankManifest {
  return {
    origin: 'acme',
    vendor: 'ACME',
    product: 'twinbank',
    version: '1.0',
    build: '1.0',
    kernelOptions: [],
    modules: [module],
    ...more,
  };
}

const kept = signManifest(manifestOf(), keys.acme);
const file = encodeOemFile(kept, contentOf(module));

test('what was packed is what is read, and the same again is the same bytes', () => {
  const read = decodeOemFile(file, 'x.oem');
  expect(read).toEqual({ ...kept, module, data: expect.anything() });
  expect(Buffer.from(read.data).equals(contentOf(module))).toBe(true);
  const again = encodeOemFile(signManifest(manifestOf(), keys.acme), contentOf(module));
  expect(Buffer.from(again).equals(file)).toBe(true);
});

test('no bit of it is without meaning: any that is flipped is found by form, hash or signature', () => {
  for (let at = 0; at < file.length; at++) {
    const damaged = Uint8Array.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    expect(() => {
      assertPackedTrusted(decodeOemFile(damaged, 'x.oem'), 'x.oem', publicOf(keys.acme));
    }, `byte ${at}`).toThrow(expect.objectContaining({ kind: 'corrupt' }));
  }
});

test('one that was cut, or has something behind it, is refused', () => {
  for (let length = 0; length < file.length; length += 37) {
    const cut = file.subarray(0, length);
    expect(() => decodeOemFile(cut, 'x.oem')).toThrow(expect.objectContaining({ kind: 'corrupt' }));
  }
  expect(() => decodeOemFile(Buffer.concat([file, Buffer.alloc(1)]), 'x.oem')).toThrow(
    `x.oem: expected nothing after ${file.length} bytes, found more`,
  );
});

test('a stranger, and nobody, is no trusted key; the way out is named', () => {
  expect(() => assertPackedTrusted(kept, 'x.oem', publicOf(keys.release))).toThrow(
    /^x\.oem: acme\.json: expected the signature of a trusted key .*; get the public key of "ACME" and list it under trust in the recipe$/,
  );
  const unsigned = Buffer.from('{"schemaVersion":1,"signatures":[],"type":"signature"}');
  expect(() =>
    assertPackedTrusted({ ...kept, signature: unsigned }, 'x.oem', publicOf(keys.acme)),
  ).toThrow('found signatures of none');
});

test.each<[string, BankManifest, string]>([
  ['the base', baseOf(), 'expected the manifest of an OEM'],
  [
    'no module',
    manifestOf({ modules: [] }),
    'expected just the module acme (acme.v00), found none',
  ],
  [
    'a module of another name',
    manifestOf({ modules: [moduleOf('engine', { kind: 'oem' })] }),
    'expected just the module acme (acme.v00), found engine (engine.v00)',
  ],
  ['kernel options', manifestOf({ kernelOptions: ['init=/x'] }), 'expected no kernelOptions'],
])('a manifest of %s is none of a packed OEM', (_, manifest, message) => {
  const wrong = encodeOemFile(signManifest(manifest, keys.acme), contentOf(module));
  expect(() => decodeOemFile(wrong, 'x.oem')).toThrow(message);
});
