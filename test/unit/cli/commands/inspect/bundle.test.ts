import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { olderBuildOf } from '../../../../../src/update/bundle/older-build.ts';
import { developmentKey } from '../../../../../src/update/signing/key.ts';
import { hostImage } from '../../../update/host-image.ts';
import {
  baseModules,
  baseOf,
  fileOf,
  keys,
  moduleOf,
  oemOf,
  sign,
  trust,
} from '../../../update/manifests.ts';
import { updateFixture } from '../../update-fixture.ts';

const { at, read, run, image, bundle, developmentId } = updateFixture();
const [release, acmeId, next] = [keys.release, keys.acme, keys.next].map((key) => key.public.id);

const tool = { name: 'tool_1_amd64.deb', ...fileOf(5000) };
const v1 = sign(baseOf({ packages: [tool] }));
const v2 = sign(
  baseOf({
    version: '2.0',
    securityVersion: 3,
    minVersion: '0.9',
    packages: [tool],
    modules: [...baseModules.slice(0, 2), moduleOf('engine', { version: '2.0' })],
    trust: trust(keys.release, keys.acme),
  }),
);
const acme = sign(oemOf('acme', { version: '7' }), keys.acme);
const dev = sign(baseOf({ trust: trust(developmentKey) }), developmentKey);

describe('inspect of a bundle', () => {
  it('shows what it brings, for whom, and who signed it', async () => {
    const name = await bundle('full.tbu', [v2, acme]);
    const { code, stdout, stderr } = await run(['inspect', name]);
    expect([code, stderr]).toEqual([0, '']);
    expect(
      stdout,
    ).toBe(`full.tbu: bundle of 2.0-1 for twinbank, ${(read(name).length / 1024).toFixed(1)} KiB
  security version 3, for hosts with 0.9 or newer
  trusts key ${release}, key ${acmeId}
  signed by key ${release}
  base 2.0 signed by key ${release}
  acme 7 signed by key ${acmeId}

module            origin  version  size
vmkernel          base    1.0      8.8 KiB  sent
boot              base    1.0      2.0 KiB  sent
engine            base    2.0      2.0 KiB  sent
acme              acme    7        2.0 KiB  sent
tool_1_amd64.deb  store            4.9 KiB  sent

Whole, and its manifests are signed by keys that it names itself. Whether those
  are to be trusted is for you to say: twinbank verify FILE --key PUB.
`);
  });

  it('says the same in JSON', async () => {
    const name = await bundle('json.tbu', [v2, acme], { from: olderBuildOf([v1]) });
    const { code, stdout } = await run(['inspect', name, '--json']);
    expect(code).toBe(0);
    const { modules, packages, ...found } = JSON.parse(stdout);
    expect(found).toEqual({
      schemaVersion: 1,
      bundle: name,
      format: 'bundle',
      bytes: read(name).length,
      product: 'twinbank',
      version: '2.0',
      build: '2.0-1',
      title: 'twinbank 2.0',
      from: { build: '1.0-1', manifest: olderBuildOf([v1]).manifest },
      securityVersion: 3,
      minVersion: '0.9',
      trust: [
        { keyId: release, development: false },
        { keyId: acmeId, development: false },
      ],
      verified: false,
      keyIds: [release],
      unknownKeyIds: [],
      development: false,
      signed: [
        { origin: 'base', version: '2.0', keyIds: [release], development: false },
        { origin: 'acme', version: '7', keyIds: [acmeId], development: false },
      ],
      findings: [],
    });
    const { sha256, bytes } = v2.manifest.modules[2]!;
    expect(modules[2]).toEqual({
      ...{
        name: 'engine',
        version: '2.0',
        origin: 'base',
        kind: 'base',
        bytes,
        sha256,
        sent: true,
      },
    });
    expect(modules[0]).toMatchObject({ name: 'vmkernel', sent: false });
    expect(packages).toEqual([{ ...tool, sent: false, id: null, type: null, version: null }]);
  });

  it('shows what a relative one leaves out, and since when', async () => {
    await bundle('small.tbu', [v2, acme], { from: olderBuildOf([v1]) });
    const { stdout } = await run(['inspect', 'small.tbu']);
    expect(stdout).toContain('\n  relative to 1.0-1: it leaves out what that has\n');
    expect(stdout).toContain('vmkernel          base    1.0      8.8 KiB  left out\n');
    expect(stdout).toContain('engine            base    2.0      2.0 KiB  sent\n');
  });

  it('is loud about the development key, and about one that it does not name', async () => {
    await bundle('dev.tbu', [dev], { key: developmentKey });
    const { stdout } = await run(['inspect', 'dev.tbu']);
    const loud = `key ${developmentId} (the development key, which everybody has)`;
    expect(stdout).toContain(`\n  trusts ${loud}\n  signed by ${loud}\n`);
    expect(stdout).toContain('\n  security version 0, for hosts with any version\n');
    expect(JSON.parse((await run(['inspect', 'dev.tbu', '--json'])).stdout).development).toBe(true);
    const rotated = sign(baseOf({ trust: trust(keys.next) }), keys.next);
    await bundle('rotated.tbu', [rotated], { key: keys.release });
    const found = await run(['inspect', 'rotated.tbu']);
    expect(found.stdout).toContain(
      `\n  signed by key ${release} (not checked, as it does not trust it)\n`,
    );
    expect(found.stdout).toContain(`\n  base 1.0 signed by key ${next}\n`);
  });

  it('shows a damaged one as far as it goes, and ends with 6', async () => {
    const bytes = read(await bundle('damaged.tbu', [v2]));
    bytes[bytes.length - 3000]! ^= 1;
    writeFileSync(at('damaged.tbu'), bytes);
    const { code, stdout, stderr } = await run(['inspect', 'damaged.tbu', '-q']);
    expect(code).toBe(6);
    expect(stdout).toContain('vmkernel          base    1.0      8.8 KiB  sent\n');
    expect(stdout).toContain('\nerror: damaged.tbu: packages/tool_1_amd64.deb: expected SHA-256');
    expect(stderr).toMatch(
      /^twinbank: damaged\.tbu: packages\/tool_1_amd64\.deb: expected SHA-256 .*\n$/,
    );
    const json = JSON.parse((await run(['inspect', 'damaged.tbu', '--json'])).stdout);
    expect(json).toMatchObject({
      error: { code: 'bundle.hash' },
      findings: [{ code: 'bundle.hash' }],
    });
    writeFileSync(at('cut.tbu'), bytes.subarray(0, 9000));
    expect(await run(['inspect', 'cut.tbu'])).toMatchObject({ code: 6, stdout: '' });
  });

  it('keeps within 80 columns but for the table, and says the same in colour', async () => {
    await bundle('wide.tbu', [dev], { key: developmentKey });
    const { stdout } = await run(['inspect', 'wide.tbu']);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(82);
    const colored = await run(['inspect', 'wide.tbu'], { env: { FORCE_COLOR: '1' } });
    expect(colored.stdout).toContain('\u001b[33m');
    expect(stripVTControlCharacters(colored.stdout)).toBe(stdout);
  });

  it('keeps what a stranger has written in a manifest from the terminal', async () => {
    const evil = sign(baseOf({ version: '1.0\u202e', build: '1.0-1', title: 'x' }));
    const { stdout } = await run(['inspect', await bundle('evil.tbu', [evil])]);
    expect(stdout).toContain('base 1.0? signed by');
    expect(stdout).not.toContain('\u202e');
  });
});

describe('inspect of an image', () => {
  it('shows for each bank its security version, and who signed what', async () => {
    const six = [sign(oemOf('acme'), keys.stranger)];
    const name = image(
      'host.img',
      hostImage({ 5: { manifests: [v2, acme] }, 6: { manifests: [dev, ...six] } }),
    );
    const { stdout } = await run(['inspect', name]);
    expect(stdout).toContain(
      `  security version 3\n  base 2.0 signed by key ${release}\n  acme 7 signed by key ${acmeId}\n`,
    );
    expect(stdout).toContain(
      `  base 1.0 signed by key ${developmentId} (the development key, which everybody\n    has)\n  acme 1.0 signed by no key that its base names\n`,
    );
    const { banks } = JSON.parse((await run(['inspect', name, '--json'])).stdout);
    expect(banks[0]).toMatchObject({
      securityVersion: 3,
      signed: [
        { origin: 'base', version: '2.0', keyIds: [release], development: false },
        { origin: 'acme', version: '7', keyIds: [acmeId], development: false },
      ],
    });
    expect(banks[1].signed).toEqual([
      { origin: 'base', version: '1.0', keyIds: [developmentId], development: true },
      { origin: 'acme', version: '1.0', keyIds: [], development: false },
    ]);
  });

  it('has nobody for a bank that is empty', async () => {
    const name = image('first.img', hostImage({ 5: { manifests: [v1] } }));
    const { banks } = JSON.parse((await run(['inspect', name, '--json'])).stdout);
    expect(banks[1]).toMatchObject({ securityVersion: null, signed: [] });
  });
});
