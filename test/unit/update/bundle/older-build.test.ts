import { describe, expect, it } from 'vitest';
import { olderBuildOf, readOlderBuild } from '../../../../src/update/bundle/older-build.ts';
import { errorOf } from '../../../support/error-of.ts';
import { baseOf, fileOf, oemOf, sign } from '../manifests.ts';
import { sha256 } from './small-bundle.ts';

const tool = { name: 'tool.deb', ...fileOf(700) };
const base = sign(baseOf({ packages: [tool] }));
const oem = sign(oemOf('acme'));
const hashes = (list: readonly { sha256: string }[]) => new Set(list.map((one) => one.sha256));
const json = (document: unknown): Uint8Array => Buffer.from(JSON.stringify(document, null, 2));

describe('an older build', () => {
  it('of a bank has the modules of all origins, and the packages', () => {
    expect(olderBuildOf([base, oem])).toEqual({
      build: '1.0-1',
      manifest: sha256(base.bytes),
      has: hashes([...base.manifest.modules, ...oem.manifest.modules, tool]),
    });
  });

  it('of a base.json is that of its bytes', () => {
    expect(readOlderBuild(base.bytes, 'base.json')).toEqual(olderBuildOf([base]));
  });

  it('of the file beside an image has the hash that is written in it', () => {
    const modules = [...base.manifest.modules, ...oem.manifest.modules];
    const image = {
      ...{ schemaVersion: 1, image: 'twinbank-1.0', build: '1.0-1', manifest: sha256(base.bytes) },
      ...{ packages: [tool], modules },
    };
    expect(readOlderBuild(json(image), 'x.manifest.json')).toEqual(olderBuildOf([base, oem]));
    const { packages: _, ...without } = image;
    expect(readOlderBuild(json(without), 'x').has).toEqual(hashes(modules));
  });

  it.each([
    ['no JSON', Buffer.from('{'), 'JSON'],
    ['null', json(null), 'an object'],
    ['a list', json([]), '"build" and "modules"'],
    [
      'the index of a bundle',
      json({ type: 'bundle', build: '1', entries: [] }),
      '"build" and "modules"',
    ],
    ['no build', json({ modules: [], manifest: 'a'.repeat(64) }), '"build" and "modules"'],
    [
      'modules that are none',
      json({ build: '1', modules: {}, manifest: 'a'.repeat(64) }),
      '"build"',
    ],
    ['no hash of its manifest', json({ build: '1', modules: [] }), '"manifest"'],
    ['a hash that is none', json({ build: '1', modules: [], manifest: 'abc' }), '"manifest"'],
    [
      'a module without a hash',
      json({ build: '1', modules: [{ name: 'x' }], manifest: 'a'.repeat(64) }),
      '"sha256"',
    ],
    [
      'a module that is none',
      json({ build: '1', modules: [null], manifest: 'a'.repeat(64) }),
      '"sha256"',
    ],
    ['the manifest of an OEM alone', oem.bytes, 'the base'],
  ])('is not %s', (_what, bytes, expected) => {
    const { kind, code, message } = errorOf(() => readOlderBuild(bytes, 'x.json'));
    expect([kind, code]).toEqual(['corrupt', 'bundle.older-build']);
    expect(message).toContain('x.json: expected an image or the manifest of one, with ');
    expect(message).toContain(expected);
  });
});
