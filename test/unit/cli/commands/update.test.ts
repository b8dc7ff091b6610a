import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BootMarks } from '../../../../src/bootloader/boot-cfg.ts';
import { interrupted } from '../../../../src/cli/failure.ts';
import { developmentKey } from '../../../../src/update/signing/key.ts';
import type { SmallImage } from '../../bootloader/small-image.ts';
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

const { at, read, run, image, qcow2, bundle, developmentId } = updateFixture();

const engine2 = moduleOf('engine', { version: '2.0', bytes: 40_000 });
const tool = { name: 'tool_1_amd64.deb', ...fileOf(5000) };
const more = {
  ...{ name: 'more_1_amd64.deb', id: 'more', type: 'guest-tools', version: '1' },
  ...fileOf(3000),
};
const v1 = sign(baseOf({ packages: [tool] }));
const v2 = sign(
  baseOf({
    version: '2.0',
    modules: [...baseModules.slice(0, 2), engine2],
    packages: [tool, more],
  }),
);
const acme = sign(oemOf('acme'));
await bundle('v2.tbu', [v2]);

const host = (change: (made: SmallImage) => void = () => {}): string => {
  const made = hostImage({ 5: { manifests: [v1, acme] }, 6: { manifests: [v1, acme] } });
  change(made);
  return image(`host-${Math.random()}.img`, made);
};
/** A refusal is one sentence on standard error, and leaves every byte of the image as it was. */
async function refused(name: string, argv: readonly string[], stdin?: Readable) {
  const before = read(name);
  const { code, stdout, stderr } = await run(
    ['update', name, ...argv, '-q'],
    stdin ? { stdin } : {},
  );
  expect(stdout).toBe('');
  expect(stderr.trimEnd()).not.toContain('\n');
  expect(read(name).equals(before)).toBe(true);
  return { code, message: stderr.trimEnd().replace(/^twinbank: /, '') };
}
const bankJson = async (name: string) => JSON.parse((await run(['bank', name, '--json'])).stdout);

describe('update', () => {
  it('shows what comes from where, each version once, and what is next', async () => {
    const name = host();
    const { code, stdout, stderr } = await run(['update', name, 'v2.tbu']);
    expect(code).toBe(0);
    expect(stdout).toBe(`1.0-1 -> 2.0-1, into bank 6; bank 5 stays as it is
module            origin  version     size
vmkernel          base    1.0         8.8 KiB   sent
boot              base    1.0         2.0 KiB   sent
engine            base    1.0 -> 2.0  39.1 KiB  sent
acme              acme    1.0         2.0 KiB   reused
more              store   1           2.9 KiB   sent
tool_1_amd64.deb  store               4.9 KiB   reused
52.7 KiB sent, 6.8 KiB reused
OEM acme 1.0: kept (the bundle has none of this origin)
signed by key ${keys.release.public.id}

${name}: bank 6 has 2.0-1, read back and verified, and boots next as a trial; bank 5 keeps 1.0-1
`);
    expect(stderr.match(/^\[\d\/5\] .*$/gm)).toEqual([
      '[1/5] Check the banks and the bundle',
      '[2/5] Take bank 6 out of use',
      '[3/5] Write bank 6',
      '[4/5] Read back',
      '[5/5] Make bank 6 the next one to boot',
    ]);
  });

  it('makes a bank that verify finds right, and that boots next as a trial', async () => {
    const name = host();
    await run(['update', name, 'v2.tbu']);
    const { banks, next, journal } = await bankJson(name);
    expect(next).toBe(6);
    expect(banks[0]).toMatchObject({ state: 'VALID', build: '1.0-1', updated: 2 });
    expect(banks[1]).toMatchObject({
      state: 'UPGRADING',
      build: '2.0-1',
      updated: 3,
      verdict: '-',
    });
    expect(journal).toMatchObject([
      { event: 'update', step: 'begun', bank: 6, from: '1.0-1', to: '2.0-1', sequence: 1 },
      { event: 'update', step: 'complete', bank: 6, from: '1.0-1', to: '2.0-1', sequence: 2 },
    ]);
    expect((await run(['bank', name])).stdout).toMatch(
      /bank 6 update begun, 1\.0-1 -> 2\.0-1\n.* bank 6 update complete, boots next as a trial, 1\.0-1 -> 2\.0-1\n$/,
    );
    expect((await run(['verify', name, '--key', 'release.pub'])).code).toBe(0);
  });

  it('says the same in JSON', async () => {
    const name = host();
    const { code, stdout } = await run(['update', name, 'v2.tbu', '--json']);
    const found = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(found).toMatchObject({
      schemaVersion: 1,
      image: name,
      bundle: 'v2.tbu',
      outcome: 'updated',
      from: '1.0-1',
      to: '2.0-1',
      kept: 5,
      target: 6,
      older: false,
      dropped: [],
      keyIds: [keys.release.public.id],
      development: false,
      oems: [{ origin: 'acme', action: 'carried', version: '1.0' }],
      store: { add: [{ name: more.name }], reuse: [{ name: tool.name }], remove: [] },
    });
    expect(found.bytes).toEqual({ sent: 9000 + 2000 + 40_000 + 3000, reused: 2000 + 5000 });
    expect(found.modules[2]).toEqual({
      name: 'engine',
      file: 'engine.v00',
      origin: 'base',
      version: '2.0',
      from: '1.0',
      bytes: 40_000,
      sha256: engine2.sha256,
      source: 'bundle',
    });
  });

  it('says that nothing is left to do the second time, and writes nothing', async () => {
    const name = host();
    await run(['update', name, 'v2.tbu']);
    const before = read(name);
    const again = await run(['update', name, 'v2.tbu']);
    expect(again.code).toBe(0);
    expect(again.stdout).toBe(
      `${name}: bank 6 has 2.0-1 already and boots next as a trial; nothing was written\n`,
    );
    expect(read(name).equals(before)).toBe(true);
    expect(JSON.parse((await run(['update', name, 'v2.tbu', '--json'])).stdout).outcome).toBe(
      'waiting',
    );
  });

  it('says so for a host that runs it, too', async () => {
    const name = image(
      'running.img',
      hostImage({ 5: { manifests: [v2, acme] }, 6: { manifests: [v1] } }),
    );
    const { code, stdout } = await run(['update', name, 'v2.tbu']);
    expect([code, stdout]).toEqual([
      0,
      `${name}: bank 5 has 2.0-1 already, with all that this bundle would give it; nothing was written\n`,
    ]);
  });

  it('only plans with --dry-run: every byte stays, and nobody is kept out', async () => {
    const name = host();
    const before = read(name);
    const holder = await holdLock(name);
    const { code, stdout } = await run(['update', name, 'v2.tbu', '--dry-run']);
    holder();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^1\.0-1 -> 2\.0-1, into bank 6; .*\n[\s\S]*\n\nhost-.*: nothing was written\n$/,
    );
    expect(read(name).equals(before)).toBe(true);
    const json = JSON.parse((await run(['update', name, 'v2.tbu', '--dry-run', '--json'])).stdout);
    expect(json).toMatchObject({ outcome: 'planned', target: 6 });
  });

  it('reads a bundle to its end with --dry-run, and says so', async () => {
    const name = host();
    const { stdout } = await run(['update', name, 'v2.tbu', '--dry-run']);
    expect(stdout).toContain(': v2.tbu is verified to its last byte: nothing was written\n');
    const bytes = Buffer.from(read('v2.tbu'));
    const middle = bytes.length - 8000;
    bytes[middle]! ^= 1;
    writeFileSync(at('flipped.tbu'), bytes);
    const { code, message } = await refused(name, ['flipped.tbu', '--dry-run']);
    expect(code).toBe(6);
    expect(message).toMatch(
      /^flipped\.tbu: .*: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/,
    );
    const stdin = Readable.from([bytes.subarray(0, middle)]);
    expect((await refused(name, ['-', '--dry-run'], stdin)).code).toBe(6);
  });

  it('takes a bundle from standard input', async () => {
    const name = host();
    const stdin = Readable.from([read('v2.tbu')]);
    const { code, stdout } = await run(['update', name, '-', '--json'], { stdin });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ bundle: 'standard input', outcome: 'updated' });
  });

  it('warns where the bundle is older and was asked for, and where everybody could have signed it', async () => {
    const name = image('newer.img', hostImage({ 5: { manifests: [v2] } }));
    await bundle('v1.tbu', [v1]);
    expect((await run(['update', name, 'v1.tbu', '--allow-older'])).stdout).toContain(
      'The bundle is older than what the host has.\n',
    );
    const theirs = baseOf({ version: '2.0', trust: trust(developmentKey) });
    await bundle('dev.tbu', [sign(theirs, developmentKey)], { key: developmentKey });
    const { stdout } = await run(['update', image('dev.img', developmentHost()), 'dev.tbu']);
    expect(stdout).toContain(
      `signed by key ${developmentId} (the development key, which everybody has)`,
    );
  });
});

function developmentHost(): SmallImage {
  return hostImage({
    5: { manifests: [sign(baseOf({ trust: trust(developmentKey) }), developmentKey)] },
  });
}

describe('update is refused with 8', () => {
  it.each<[string, Parameters<typeof baseOf>[0], string]>([
    [
      'another product',
      { product: 'otherbox' },
      'expected a bundle for twinbank, found one for otherbox',
    ],
    [
      'a host that is too old',
      { minVersion: '1.5' },
      'expected a host with version 1.5 or newer, found 1.0; update to 1.5 first',
    ],
    [
      'a title that boot.cfg cannot hold',
      { title: '"' },
      'boot.cfg title: expected printable ASCII',
    ],
    [
      'an OEM that does not go with it',
      { version: '2.0', modules: [...baseModules, moduleOf('acme')] },
      'module acme: expected one of this name, found base and acme to bring it; rename one of them (acme 1.0 of the running bank is kept)',
    ],
  ])('for %s', async (_what, parts, message) => {
    await bundle('other.tbu', [sign(baseOf({ version: '2.0', ...parts }))]);
    const found = await refused(host(), ['other.tbu']);
    expect(found.code).toBe(8);
    expect(found.message).toContain(message);
  });

  it('below the security version of the host', async () => {
    const safe = sign(baseOf({ version: '3.0', securityVersion: 3 }));
    const name = image('safe.img', hostImage({ 5: { manifests: [safe] } }));
    expect(await refused(name, ['v2.tbu'])).toEqual({
      code: 8,
      message: 'v2.tbu: expected security version 3 or higher, as 3.0-1 has, found 0 of 2.0-1',
    });
  });

  it('for a bundle that is older than what the disk has, also with --dry-run', async () => {
    const name = image('newer.img', hostImage({ 5: { manifests: [v2] } }));
    await bundle('v1.tbu', [v1]);
    for (const argv of [['v1.tbu'], ['v1.tbu', '--dry-run']]) {
      expect(await refused(name, argv)).toEqual({
        code: 8,
        message:
          'v1.tbu: expected build 2.0-1 or newer, as the host has it, found 1.0-1, which is older; it is taken with --allow-older (allowOlder of update.apply, allow-older in scenarios)',
      });
    }
    const planned = await run(['update', name, 'v1.tbu', '--dry-run', '--allow-older', '--json']);
    expect(JSON.parse(planned.stdout)).toMatchObject({ outcome: 'planned', older: true });
  });

  it.each<[string, Partial<BootMarks>]>([
    ['exhausted', { attempts: '3' }],
    ['INVALID', { bootstate: '3' }],
  ])('where both banks are %s', async (_what, marks) => {
    const both = { manifests: [v1], marks };
    const name = image('none.img', hostImage({ 5: both, 6: both }));
    const found = await refused(name, ['v2.tbu']);
    expect(found.code).toBe(8);
    expect(found.message).toMatch(
      /^banks: expected one to fall back to that is VALID, not exhausted and verified, found bank 5 /,
    );
  });

  it('for a relative bundle that lacks what the host does not have', async () => {
    const from = { build: '1.9-1', manifest: 'ab'.repeat(32), has: new Set([engine2.sha256]) };
    await bundle('relative.tbu', [v2], { from });
    expect((await refused(host(), ['relative.tbu'])).message).toBe(
      'relative.tbu: expected module engine 2.0 in the bundle or on this host, found it in neither, as it is relative to 1.9-1; take a full bundle',
    );
  });

  it('for a bundle that is too large for the bank', async () => {
    const large = moduleOf('engine', { bytes: 4 * 2 ** 20 });
    await bundle('large.tbu', [
      sign(baseOf({ version: '2.0', modules: [...baseModules.slice(0, 2), large] })),
    ]);
    const found = await refused(host(), ['large.tbu']);
    expect(found).toMatchObject({ code: 8 });
    expect(found.message).toContain('the largest being engine.v00 with 4.0 MiB');
  });

  it('for a qcow2 image, in one sentence that says how to go on, also with --dry-run', async () => {
    const name = qcow2('host.qcow2', hostImage({ 5: { manifests: [v1] } }));
    for (const argv of [['v2.tbu'], ['v2.tbu', '--dry-run']]) {
      expect(await refused(name, argv)).toEqual({
        code: 8,
        message:
          'host.qcow2: expected a raw image or a disk to write to, found a qcow2 image, which is only read; make a raw one of it with qemu-img convert -O raw',
      });
    }
  });

  it('at once while another program holds the lock of the disk', async () => {
    const name = host();
    const release = await holdLock(name);
    // Had it waited, the message would say for how many seconds.
    const found = await refused(name, ['v2.tbu']);
    release();
    expect(found).toEqual({
      code: 8,
      message: `${at(name)}: expected it to be free, found another program that holds its lock`,
    });
  });
});

describe('update ends with 6', () => {
  it('for a bundle of a stranger, and takes it with --key', async () => {
    const theirs = sign(
      baseOf({ version: '2.0', trust: trust(keys.next, keys.release) }),
      keys.next,
    );
    await bundle('next.tbu', [theirs], { key: keys.next });
    const name = host();
    expect(await refused(name, ['next.tbu'])).toEqual({
      code: 6,
      message: `next.tbu: bundle.json: expected the signature of a trusted key (${keys.release.public.id}), found signatures of ${keys.next.public.id}`,
    });
    expect((await refused(name, ['next.tbu', '--key', 'stranger.pub'])).code).toBe(6);
    expect((await run(['update', name, 'next.tbu', '--key', 'next.pub'])).code).toBe(0);
  });

  it('for a bundle that was changed, with nothing written where that shows in time', async () => {
    const bytes = read('v2.tbu');
    bytes[600]! ^= 1;
    writeFileSync(at('changed.tbu'), bytes);
    const found = await refused(host(), ['changed.tbu']);
    expect(found.code).toBe(6);
    expect(found.message).toMatch(/^changed\.tbu: bundle\.json: /);
  });

  it('for a file that ends early, before anything is written', async () => {
    writeFileSync(at('cut.tbu'), read('v2.tbu').subarray(0, 30_000));
    const { length } = read('v2.tbu');
    expect(await refused(host(), ['cut.tbu'])).toEqual({
      code: 6,
      message: `cut.tbu: expected ${length} bytes in all, found 30000`,
    });
  });

  it('for a pipe that ends early: the bank is INVALID, the other one boots, the journal says why', async () => {
    const name = host();
    const stdin = Readable.from([read('v2.tbu').subarray(0, 40_000)]);
    const { code, stdout, stderr } = await run(['update', name, '-', '-q'], { stdin });
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toMatch(
      /^twinbank: standard input: modules\/engine\.v00: expected 40000 bytes, found the end after \d+\n$/,
    );
    const { banks, next, journal } = await bankJson(name);
    expect(next).toBe(5);
    expect(banks[1]).toMatchObject({ state: 'INVALID', verdict: 'U' });
    expect(journal).toMatchObject([
      { step: 'begun' },
      { step: 'failed', bank: 6, why: expect.stringContaining('found the end after') },
    ]);
    expect((await run(['update', name, 'v2.tbu'])).code).toBe(0);
  });

  it('for an empty pipe, with nothing written', async () => {
    const found = await refused(host(), ['-'], Readable.from([]));
    expect(found).toEqual({
      code: 6,
      message: 'standard input: bundle.json: header: expected 512 bytes, found the end after 0',
    });
  });

  it.each([
    ['an image for a bundle', () => host()],
    ['a key', () => 'release.pub'],
    ['an empty file', () => emptyFile('empty.tbu')],
  ])('for %s, in one sentence', async (_what, other) => {
    const name = other();
    expect(await refused(host(), [name])).toEqual({
      code: 6,
      message: `${name}: expected a bundle, which is a tar that begins with bundle.json, found another file`,
    });
  });

  it('for a bundle in the place of the image', async () => {
    const found = await refused('v2.tbu', ['v2.tbu']);
    expect(found.code).toBe(6);
    expect(found.message).toMatch(
      /v2\.tbu: expected a raw, qcow2 or VMDK disk image, found a tar archive; if it is a bundle, name it where a bundle is expected$/,
    );
  });
});

describe('update with a wrong command line', () => {
  it.each([
    ['a bundle that is not there', ['none.tbu'], 5, 'there is no such file'],
    ['a directory', ['.'], 5, 'expected a file or block device, found a directory'],
    [
      'a URL of no kind that is known',
      ['ftp://host/x.tbu'],
      2,
      'expected a file, an http or https URL, or -, found "ftp://host/x.tbu"',
    ],
    ['an empty name', [''], 2, 'bundle: expected a file or -, found an empty text'],
    ['a key that is not there', ['v2.tbu', '--key', 'none.pub'], 5, 'none.pub'],
    ['a private key', ['v2.tbu', '--key', 'release.key'], 6, 'expected a public key'],
  ])('%s ends in one sentence', async (_what, argv, code, message) => {
    const found = await refused(host(), argv);
    expect(found.code).toBe(code);
    expect(found.message).toContain(message);
  });

  it('gives its failure as a document, too', async () => {
    const { code, stdout } = await run(['update', host(), 'none.tbu', '--json']);
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      error: { code: 'file.not-found' },
    });
    expect((await run(['update', 'nowhere.img', 'v2.tbu'])).code).toBe(5);
  });
});

describe('update of an image whose store is damaged', () => {
  it('updates the bank, and warns that there are no packages', async () => {
    const name = host((made) => void made.bytes.fill(0, 14 * 2 ** 20, 14 * 2 ** 20 + 512));
    const { code, stdout, stderr } = await run(['update', name, 'v2.tbu']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: store: .*; its packages are not updated$/m);
    expect(stderr).toMatch(/^warning: boot journal: /m);
    expect(stdout).toContain('39.1 KiB  sent\n');
    expect(stdout).not.toMatch(/^more /m);
    expect((await bankJson(name)).next).toBe(6);
  });
});

describe('update that is interrupted', () => {
  it('ends with 130 and leaves a bank that boots', async () => {
    const name = host();
    const abort = new AbortController();
    const stderr = new Writable({
      write(chunk, _encoding, done) {
        if (String(chunk).includes('[3/5]')) abort.abort(interrupted('SIGINT'));
        done();
      },
    });
    const interrupting = { stderr, signal: abort.signal };
    const { code, stdout } = await run(['update', name, 'v2.tbu'], interrupting);
    expect([code, stdout]).toEqual([130, '']);
    const { banks, next } = await bankJson(name);
    expect(next).toBe(5);
    expect(banks[1].state).toBe('INVALID');
  });
});

/** Holds the lock that `flock FILE` takes, until it is called. */
async function holdLock(name: string): Promise<() => void> {
  const holder = spawn('flock', [at(name), 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  return () => holder.stdin.end('\n');
}

function emptyFile(name: string): string {
  writeFileSync(at(name), '');
  return name;
}
