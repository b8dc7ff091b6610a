import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { interrupted } from '../../../../src/cli/failure.ts';
import { developmentKey } from '../../../../src/update/signing/key.ts';
import { hostImage } from '../../update/host-image.ts';
import {
  baseModules,
  baseOf,
  fileOf,
  keys,
  moduleOf,
  oemOf,
  sign,
  trust,
} from '../../update/manifests.ts';
import { updateFixture } from '../update-fixture.ts';

const { at, folder, read, run, image, qcow2, bundle, developmentId } = updateFixture();
const { release, next } = keys;

const tool = { name: 'tool_1_amd64.deb', ...fileOf(5000) };
const v1 = sign(baseOf({ packages: [tool] }));
const acme = sign(oemOf('acme'));
const engine2 = moduleOf('engine', { version: '2.0' });
const v2 = sign(
  baseOf({ version: '2.0', packages: [tool], modules: [...baseModules.slice(0, 2), engine2] }),
);
image('v1.img', hostImage({ 5: { manifests: [v1] } }));
image('v2.img', hostImage({ 5: { manifests: [v2, acme] }, 6: { manifests: [v1] } }));
writeFileSync(at('v1.json'), v1.bytes);

const make = (...argv: string[]) => run(['bundle', ...argv, '-q']);
/** What lies in the folder but for the names given. */
const others = (...names: readonly string[]): string[] =>
  readdirSync(folder).filter((name) => !names.includes(name));

describe('bundle of an image', () => {
  it('is all of the bank that boots next, and shows it', async () => {
    const { code, stdout, stderr } = await make(
      'v2.img',
      '--key',
      'release.key',
      '--out',
      'full.tbu',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`module or package  version  size
vmkernel           1.0      8.8 KiB  sent
boot               1.0      2.0 KiB  sent
engine             2.0      2.0 KiB  sent
acme               1.0      2.0 KiB  sent
tool_1_amd64.deb            4.9 KiB  sent
full.tbu: 2.0-1, ${(read('full.tbu').length / 1024).toFixed(1)} KiB, signed by key ${release.public.id}
`);
    expect((await run(['verify', 'full.tbu', '--key', 'release.pub'])).code).toBe(0);
    expect(
      await run(['update', image('host.img', hostImage({ 5: { manifests: [v1] } })), 'full.tbu']),
    ).toMatchObject({ code: 0 });
  });

  it('is the same bytes each time', async () => {
    for (const out of ['a.tbu', 'b.tbu'])
      await make('v2.img', '--key', 'release.key', '--out', out);
    expect(read('a.tbu').equals(read('b.tbu'))).toBe(true);
  });

  it.each([
    ['an image', 'v1.img'],
    ['the base.json of a bank', 'v1.json'],
  ])('leaves out with --from what %s has', async (_what, from) => {
    const argv = ['v2.img', '--from', from, '--key', 'release.key', '--out', 'small.tbu'];
    const { code, stdout } = await make(...argv, '--json');
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      schemaVersion: 1,
      bundle: 'small.tbu',
      bytes: read('small.tbu').length,
      product: 'twinbank',
      version: '2.0',
      build: '2.0-1',
      from: { build: '1.0-1' },
      keyIds: [release.public.id],
      development: false,
    });
    expect(
      found.files.map(({ name, sent }: { name: string; sent: boolean }) => `${name} ${sent}`),
    ).toEqual([
      ...['vmkernel false', 'boot false', 'engine true', 'acme true', 'tool_1_amd64.deb false'],
    ]);
    expect((await make(...argv)).stdout).toContain(
      'vmkernel           1.0      8.8 KiB  left out\n',
    );
    expect((await make(...argv)).stdout).toContain('small.tbu: 2.0-1, relative to 1.0-1, ');
    const host = image('host.img', hostImage({ 5: { manifests: [v1] } }));
    expect((await run(['update', host, 'small.tbu'])).code).toBe(0);
  });

  it('reads a qcow2 image', async () => {
    const name = qcow2('v2.qcow2', hostImage({ 5: { manifests: [v2] } }));
    expect((await make(name, '--key', 'release.key', '--out', 'q.tbu')).code).toBe(0);
  });

  it('is replaced by a newer one of its name', async () => {
    writeFileSync(at('old.tbu'), 'old');
    expect((await make('v1.img', '--key', 'release.key', '--out', 'old.tbu')).code).toBe(0);
    expect(read('old.tbu').length).toBeGreaterThan(40_000);
  });
});

describe('the key of a bundle', () => {
  const dev = sign(baseOf({ trust: trust(developmentKey, release) }), developmentKey);
  image('dev.img', hostImage({ 5: { manifests: [dev] } }));
  image(
    'only-dev.img',
    hostImage({
      5: { manifests: [sign(baseOf({ trust: trust(developmentKey) }), developmentKey)] },
    }),
  );
  const warning =
    'warning: signed with the development key, which everybody has: for tests only; sign with --key KEY\n';

  it('is the development key without --key, with a warning once it is made', async () => {
    const { code, stdout, stderr } = await make('dev.img', '--out', 'dev.tbu');
    expect([code, stderr]).toEqual([0, warning]);
    expect(stdout).toContain(
      `signed by key ${developmentId} (the development key, which everybody has)\n`,
    );
    expect((await make('none.img', '--out', 'dev.tbu')).stderr).not.toContain('warning');
  });

  it('takes over from the development key, with a warning that hosts still trust that', async () => {
    const { code, stderr } = await make('dev.img', '--key', 'release.key', '--out', 'over.tbu');
    expect([code, stderr]).toEqual([
      0,
      'warning: hosts with 1.0-1 trust the development key, which everybody has; build the image with --key KEY\n',
    ]);
    const { stdout } = await run(['verify', 'over.tbu', '--key', 'release.pub', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      development: false,
      origins: [{ keyIds: [release.public.id] }],
    });
  });

  it('is refused with 8 where the image does not trust it: no host could take the bundle', async () => {
    const { code, stdout, stderr } = await make(
      'only-dev.img',
      '--key',
      'release.key',
      '--out',
      'no.tbu',
    );
    expect([code, stdout]).toEqual([8, '']);
    expect(stderr).toMatch(
      /^twinbank: base\.json: expected the signature of a key that build 1\.0-1 trusts .*\n$/,
    );
    expect(existsSync(at('no.tbu'))).toBe(false);
  });

  it('may be an old one while a new one takes over', async () => {
    const rotated = sign(baseOf({ version: '2.0', trust: trust(next) }), next);
    image('rotated.img', hostImage({ 5: { manifests: [rotated] } }));
    expect((await make('rotated.img', '--key', 'release.key', '--out', 'rotated.tbu')).code).toBe(
      0,
    );
    const host = image('host.img', hostImage({ 5: { manifests: [v1] } }));
    expect((await run(['update', host, 'rotated.tbu'])).code).toBe(0);
    expect((await run(['verify', host, '--key', 'next.pub'])).code).toBe(6);
    expect((await run(['verify', host])).code).toBe(0);
  });
});

describe('a bundle that is no plain file', () => {
  const argv = ['v2.img', '--key', 'release.key', '--out'];

  it('is all that standard output gets by -, and is said elsewhere', async () => {
    await make(...argv, 'same.tbu');
    const chunks: Buffer[] = [];
    const stdout = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(Buffer.from(chunk));
        done();
      },
    });
    const { code, stderr } = await run(['bundle', ...argv, '-'], { stdout });
    expect([code, stderr]).toEqual([0, expect.stringContaining('standard output: 2.0-1, ')]);
    expect(Buffer.concat(chunks).equals(read('same.tbu'))).toBe(true);
    expect((await make(...argv, '-', '--json')).code).toBe(2);
  });

  it('leaves a pipe and a link what they are, and never replaces what it reads by a link', async () => {
    symlinkSync('linked.tbu', at('link.tbu'));
    expect((await make(...argv, 'link.tbu')).code).toBe(0);
    expect(lstatSync(at('link.tbu')).isSymbolicLink()).toBe(true);
    expect((await run(['verify', 'linked.tbu', '--key', 'release.pub'])).code).toBe(0);
    symlinkSync('v2.img', at('link.img'));
    const { code, stderr } = await make(...argv, 'link.img');
    expect([code, stderr]).toEqual([2, expect.stringContaining('another file than v2.img')]);
  });
});

describe('a bundle that cannot be made', () => {
  mkdirSync(at('folder'));
  writeFileSync(at('text.txt'), 'no image'.repeat(1000));
  const argv = ['v1.img', '--key', 'release.key', '--out'];

  it.each([
    [
      'into a folder that is not there',
      [...argv, 'no/such/x.tbu'],
      5,
      'no/such/x.tbu: expected the folder no/such to write to, found none',
    ],
    [
      'below a file',
      [...argv, 'v1.img/x.tbu'],
      5,
      'v1.img/x.tbu: expected the folder v1.img to write to, found something else',
    ],
    [
      'onto a directory',
      [...argv, 'folder'],
      5,
      'folder: expected a file to write to, found a directory',
    ],
    [
      'onto the image',
      [...argv, './v1.img'],
      2,
      '--out: expected another file than v1.img, which is read',
    ],
    [
      'onto the older one',
      [...argv, 'v1.json', '--from', 'v1.json'],
      2,
      '--out: expected another file than v1.json, which is read',
    ],
    ['without a place', ['v1.img', '--key', 'release.key'], 2, 'out'],
    [
      'with a public key',
      ['v1.img', '--key', 'release.pub', '--out', 'x.tbu'],
      6,
      'release.pub: expected a private key',
    ],
    ['with no key', ['v1.img', '--key', 'none.key', '--out', 'x.tbu'], 5, 'none.key'],
    [
      'of nothing',
      ['none.img', '--key', 'release.key', '--out', 'x.tbu'],
      5,
      'there is no such file',
    ],
    ['of a directory', ['.', '--key', 'release.key', '--out', 'x.tbu'], 5, 'found a directory'],
    [
      'of a recipe that is not there',
      ['none.yaml', '--out', 'x.tbu'],
      3,
      'none.yaml: expected a recipe file, found no such file',
    ],
    [
      'of a file that is no image',
      ['text.txt', '--key', 'release.key', '--out', 'x.tbu'],
      6,
      'text.txt: ',
    ],
    ['relative to nothing', [...argv, 'x.tbu', '--from', 'none.json'], 5, 'there is no such file'],
    ['relative to a directory', [...argv, 'x.tbu', '--from', '.'], 5, 'found a directory'],
    [
      'relative to a manifest that is none',
      [...argv, 'x.tbu', '--from', 'broken.json'],
      6,
      'broken.json: expected an image or the manifest of one, with JSON',
    ],
    [
      'relative to a file that is no image',
      [...argv, 'x.tbu', '--from', 'text.txt'],
      6,
      '; --from takes an image, or the .manifest.json beside one',
    ],
  ])('%s ends in one sentence and leaves nothing', async (_what, words, expected, message) => {
    writeFileSync(at('broken.json'), '{');
    const before = others();
    const { code, stdout, stderr } = await make(...words);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(others()).toEqual(before);
  });

  it('of a bundle, or relative to one, ends in one sentence', async () => {
    await bundle('given.tbu', [v1]);
    for (const words of [['given.tbu'], ['v1.img', '--from', 'given.tbu']]) {
      const { code, stderr } = await make(...words, '--key', 'release.key', '--out', 'x.tbu');
      expect(code).toBe(6);
      expect(stderr).toMatch(
        /given\.tbu: expected a raw, qcow2 or VMDK disk image, found a tar archive; [^\n]*\n$/,
      );
    }
  });

  it('relative to an image without manifests ends in one sentence', async () => {
    const made = hostImage({ 5: { manifests: [v1] } });
    made.edit(5, (volume) => volume.remove('base.json'));
    const from = image('bare.img', made);
    const argv = ['v2.img', '--from', from, '--key', 'release.key', '--out', 'x.tbu'];
    const { code, stderr } = await make(...argv);
    expect([code, stderr]).toEqual([
      6,
      'twinbank: bare.img: bank 5: expected the manifest of its base, found none that can be read; --from takes an image, or the .manifest.json beside one\n',
    ]);
  });

  it('of an image in which no bank boots is refused', async () => {
    image('empty.img', hostImage({}));
    const { code, stderr } = await make('empty.img', '--key', 'release.key', '--out', 'x.tbu');
    expect([code, stderr]).toEqual([8, 'twinbank: banks: expected one that boots, found none\n']);
  });

  it('of an image whose store has lost a package ends with 6 and names it', async () => {
    const made = hostImage({ 5: { manifests: [v1] } });
    made.edit(8, (volume) => volume.remove(`packages/${tool.name}`));
    const { code, stderr } = await make(
      image('lost.img', made),
      '--key',
      'release.key',
      '--out',
      'x.tbu',
    );
    expect([code, stderr]).toEqual([
      6,
      'twinbank: lost.img: store: expected the package tool_1_amd64.deb of the build, found no such package\n',
    ]);
  });

  it('as it was interrupted leaves nothing, and what was there before', async () => {
    writeFileSync(at('kept.tbu'), 'before');
    const before = others();
    for (const early of [true, false]) {
      const abort = new AbortController();
      if (early) abort.abort(interrupted('SIGINT'));
      const write = (chunk: unknown, _encoding: string, done: () => void): void => {
        // The line of a terminal that tells how far writing has got.
        if (String(chunk).includes('  write ')) abort.abort(interrupted('SIGINT'));
        done();
      };
      const stderr = Object.assign(new Writable({ write }), { isTTY: true });
      const host = { stderr, signal: abort.signal };
      const { code, stdout } = await run(['bundle', ...argv, 'kept.tbu'], host);
      expect([code, stdout]).toEqual([130, '']);
      expect(others()).toEqual(before);
      expect(read('kept.tbu').toString()).toBe('before');
    }
  });
});
