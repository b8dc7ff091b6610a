import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtProgram, repository } from './built-image.ts';
import { writeSmallRecipe } from './small-recipe.ts';

judgedBy(['tar', 'cpio', 'unsquashfs', 'openssl'], () => {
  const program = builtProgram();
  const { folder } = program;
  const recipe = writeSmallRecipe(folder);
  const at = (...names: string[]): string => join(folder, ...names);
  const ridge = join(repository, 'oem-providers/ridge');
  const env = { TWINBANK_PASSPHRASE: '' };
  const run = (...argv: string[]) => program.run([...argv, '-q'], { cwd: folder, env });
  const key = (name: string): string[] => ['--key', at(`k/${name}.key`)];
  const trust = (name: string): string[] => ['--set', `trust=["file:k/${name}.pub"]`];
  const done = (...argv: string[]): string => {
    const { status, stdout, stderr } = run(...argv);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };
  const refused = (...argv: string[]): [number | null, string] => {
    const { status, stderr } = run(...argv);
    return [status, stderr.replace(/^warning: .*\n/gm, '')];
  };
  /** A provider of its own, of these lines. */
  function provider(
    name: string,
    more: string,
    files: Record<string, string | Buffer> = {},
  ): string {
    for (const [path, data] of Object.entries({ 'files/a': '', ...files })) {
      mkdirSync(join(at(name, path), '..'), { recursive: true });
      writeFileSync(at(name, path), data);
    }
    writeFileSync(at(name, 'provider.yaml'), `name: ${name}\nvendor: X\nversion: "1.0"\n${more}`);
    return at(name);
  }

  beforeAll(() => {
    for (const name of ['acme', 'release']) done('keys', 'new', 'k', '--name', name);
    done('oem', 'pack', ridge, '--recipe', recipe, ...key('acme'), '--out', 'ridge.oem');
  }, 300_000);

  describe('a packed OEM', () => {
    test('is a tar with manifest, signature and module, which other programs confirm', () => {
      judge('tar', ['xf', at('ridge.oem'), '-C', folder]);
      const manifest = JSON.parse(readFileSync(at('ridge.json'), 'utf8'));
      const [module] = manifest.modules;
      expect(judge('sha256sum', [at('modules/ridge.v00')])).toContain(module.sha256);
      expect(module.requires).toContainEqual(expect.stringMatching(/^vmkernel = 6\./));
      const [{ signature }] = JSON.parse(readFileSync(at('ridge.sig'), 'utf8')).signatures;
      writeFileSync(at('raw.sig'), Buffer.from(signature, 'hex'));
      const pub = ['-pubin', '-inkey', at('k/acme.pub'), '-sigfile', at('raw.sig')];
      judge('openssl', ['pkeyutl', '-verify', '-rawin', '-in', at('ridge.json'), ...pub]);
    });

    test('has the files that its manifest lists, and indexes by which modprobe finds the drivers', () => {
      judge('tar', ['xf', at('ridge.oem'), '-C', folder]);
      judge('sh', ['-c', `cd ${folder} && cpio -id --quiet < modules/ridge.v00`]);
      judge('unsquashfs', ['-q', '-n', '-no-xattrs', '-d', at('layer'), at('modules/ridge.sqfs')]);
      const found = judge('find', [at('layer'), '!', '-type', 'd', '-printf', '%P\n']);
      const { files } = JSON.parse(readFileSync(at('ridge.json'), 'utf8')).modules[0];
      expect(found.trim().split('\n').sort()).toEqual(files);
      const dep = judge('sh', ['-c', `cat ${at('layer')}/usr/lib/modules/*/oem/ridge/modules.dep`]);
      expect(dep).toMatch(/^oem\/ridge\/tg3\.ko: .*oem\/ridge\/libphy\.ko/m);
    });

    test('is the same bytes whenever it is packed, and wherever the provider lies', () => {
      cpSync(ridge, at('elsewhere'), { recursive: true });
      const argv = ['--recipe', recipe, ...key('acme')];
      done('oem', 'pack', 'elsewhere', ...argv, '--out', 'again.oem');
      judge('cmp', [at('ridge.oem'), at('again.oem')]);
    });

    test('goes into an image without its sources, as it was signed', () => {
      const argv = [recipe, '--oem', 'ridge.oem', ...trust('acme'), ...key('release')];
      done('build', ...argv, '--out', 'packed');
      const said = done('verify', 'packed/small-0.1.0+ridge-1.1.img', '--key', at('k/release.pub'));
      const id = JSON.parse(done('keys', 'show', 'k/acme.pub', '--json')).keyId;
      expect(said).toContain(`ridge signed by key ${id}`);
    });

    test('is refused without the key of whoever packed it, and when it was changed', () => {
      const argv = ['build', recipe, '--out', 'no', ...key('release')];
      const [code, said] = refused(...argv, '--oem', 'ridge.oem');
      expect(code).toBe(6);
      expect(said).toMatch(
        /ridge\.oem: ridge\.json: expected the signature of a trusted key .*; get the public key of "Ridgeline Systems" and list it under trust in the recipe\n$/,
      );
      const bytes = readFileSync(at('ridge.oem'));
      bytes.write('3', bytes.indexOf('"version":"1.') + 11);
      writeFileSync(at('changed.oem'), bytes);
      const changed = refused(...argv, ...trust('acme'), '--oem', 'changed.oem');
      expect(changed[0]).toBe(6);
      expect(changed[1]).toContain('found other content');
    });
  });

  describe('a provider', () => {
    test('that was just begun passes its own check, is built and verified', () => {
      done('oem', 'new', 'fresh');
      expect(done('oem', 'check', 'fresh', '--recipe', recipe)).toMatch(
        /^fresh: fresh 0\.1 is valid, .* in the bank, which keeps .* free\n$/,
      );
      done('build', recipe, '--oem', 'fresh', '--out', 'fresh-image');
      done('verify', 'fresh-image/small-0.1.0+fresh-0.1.img');
    });

    test('of our own fits the default recipe', () => {
      expect(done('oem', 'check', ridge)).toMatch(/ridge 1\.\d is valid/);
    });

    test('is held against base and recipe: all that does not fit, at the line that says so', () => {
      provider('other', 'provides: ["cim = 1"]\n', { 'files/usr/share/x': '' });
      const more =
        'builds: [">= 9"]\nrequires: ["cim >= 2", gone]\nconflicts: [other]\nproducts: [twinbank]\n';
      const [code, said] = refused(
        ...['oem', 'check', provider('bad', more, { 'files/usr/share/x': '' })],
        ...['--recipe', recipe, '--set', 'oem=["file:other"]', '--set', 'bank.reserve=40MiB'],
      );
      expect(code).toBe(3);
      const lines = said.trim().split('\n');
      const places = lines.map(
        (line) => /^(?:twinbank: )?bad\/provider\.yaml(:\S+)? ?(.*?): /.exec(line)?.[2],
      );
      expect(places.sort()).toEqual([
        '',
        'builds[0]',
        'conflicts[0]',
        'requires[0]',
        'requires[1]',
        // Two places that bring one file.
        undefined,
        undefined,
      ]);
      for (const part of [
        'bad of bad requires cim >= 2, found cim 1; bring one that fits, or leave bad out',
        'bad of bad requires gone, found none',
        'bad of bad requires twinbank >= 9, found twinbank 0.1.0',
        'bad of bad conflicts with other, found other 1.0 of other; leave out one of them',
        'other/files/usr/share/x and bad/files/usr/share/x both bring /usr/share/x; leave it out of one',
        'bad/files/a both bring /a',
        'bank.size 48MiB: expected 40MiB to stay free',
      ]) {
        expect(said).toContain(part);
      }
    });

    test('is told all that is wrong with folder, drivers, firmware and base in one go', () => {
      provider('there', '', { 'files/usr/share/y': '' });
      const more = [
        'products: [esx]',
        'requires: [gone]',
        'conflicts: [there, "a b"]',
        'drivers: [tg33]',
        'driverFiles: ["file:no.ko"]',
        'firmware: ["deb:firmware-linux-free#lib/firmware/no.bin"]',
        'defaults: { ntp: { servers: ["-"] } }',
      ];
      const files = { 'files/usr/share/y': '', 'files/tmp/z': '', 'no.ko': 'no' };
      const [code, said] = refused(
        ...['oem', 'check', provider('wrongs', `${more.join('\n')}\n`, files)],
        ...['--recipe', recipe, '--set', 'oem=["file:there"]'],
      );
      expect(code).toBe(3);
      const keys = said.split('\n').map((line) => /^wrongs\/\S+:\d+:\d+ (\S+):/.exec(line)?.[1]);
      expect(keys.filter(Boolean)).toEqual([
        'products',
        'requires[0]',
        'conflicts[1]',
        'drivers[0]',
        'driverFiles[0]',
        'firmware[0]',
        'defaults.ntp.servers[0]',
      ]);
      for (const part of [
        'found "tg33"; did you mean "tg3"?',
        'expected the file usr/lib/firmware/no.bin in deb:firmware-linux-free',
        'wrongs/files/tmp: expected nothing in dev, proc, run, sys, tmp',
        'there/files/usr/share/y and wrongs/files/usr/share/y both bring /usr/share/y',
      ]) {
        expect(said).toContain(part);
      }
    });

    test('may have any name for a file that a file system takes, and nothing runs it', () => {
      const names = ['-rf', '$(touch ran)', '`touch ran`', 'a b"c\'d', 'back\\slash', '說明 🙂'];
      const files = Object.fromEntries(names.map((name) => [`files/opt/${name}`, name]));
      done('oem', 'pack', provider('names', '', files), '--recipe', recipe, '--out', 'names.oem');
      judge('tar', ['xf', at('names.oem'), '-C', folder]);
      judge('sh', ['-c', `cd ${folder} && cpio -id --quiet < modules/names.v00`]);
      const root = at('names-layer');
      judge('unsquashfs', ['-q', '-n', '-no-xattrs', '-d', root, at('modules/names.sqfs')]);
      for (const name of names) expect(readFileSync(join(root, 'opt', name), 'utf8')).toBe(name);
      judge('test', ['!', '-e', at('ran')]);
    });

    test('takes no driver from outside its folder, by path or by link, and does not look at it', () => {
      writeFileSync(at('outside.ko'), 'secret');
      provider('stray', 'driverFiles: ["file:../outside.ko", "file:link.ko"]\n');
      symlinkSync('../outside.ko', at('stray/link.ko'));
      const [code, said] = refused('oem', 'check', 'stray', '--recipe', recipe);
      expect(code).toBe(3);
      const found = `expected a file in ${at('stray')}, found one at ${at('outside.ko')}`;
      expect(said).toBe(
        `stray/provider.yaml:4:15 driverFiles[0]: ${found}\nstray/provider.yaml:4:37 driverFiles[1]: ${found}\n`,
      );
      rmSync(at('stray'), { recursive: true });
    });

    test('is warned of drivers without firmware, and may take it from a package', () => {
      const warning =
        /^warning: fw: driver isci asks for the firmware isci\/isci_firmware\.bin, of which the bank has nothing; list it under firmware/m;
      const check = (more: string) => {
        const argv = ['oem', 'check', provider('fw', `drivers: [isci]\n${more}`)];
        const { status, stderr } = run(...argv, '--recipe', recipe);
        expect(status).toBe(0);
        return stderr;
      };
      expect(check('')).toMatch(warning);
      expect(check('withoutFirmware: [isci]\n')).not.toContain('isci');
      const taken = 'firmware: ["deb:firmware-linux-free#lib/firmware/isci/isci_firmware.bin"]\n';
      expect(check(taken)).not.toContain('isci');
      done('oem', 'pack', 'fw', '--recipe', recipe, '--out', 'fw.oem');
      judge('tar', ['xf', at('fw.oem'), '-C', folder]);
      judge('sh', ['-c', `cd ${folder} && cpio -id --quiet < modules/fw.v00`]);
      judge('unsquashfs', ['-q', '-n', '-no-xattrs', '-d', at('fw-layer'), at('modules/fw.sqfs')]);
      judge('sh', ['-c', `cd ${folder} && apt-get download -qq firmware-linux-free`]);
      judge('sh', ['-c', `cd ${folder} && dpkg-deb -x firmware-linux-free_*.deb fw-deb`]);
      const file = 'lib/firmware/isci/isci_firmware.bin';
      judge('cmp', [at('fw-layer/usr', file), at('fw-deb', file)]);
    });

    test.each([
      [
        'drivers: [tg33]\n',
        'drivers[0]: expected a driver that the kernel has, found "tg33"; did you mean "tg3"?',
      ],
      [
        'products: [esx]\n',
        'products: expected twinbank, the product of the recipe, among them, found esx',
      ],
    ])('with %j is refused at its line', (more, message) => {
      const [code, said] = refused('oem', 'check', provider('no', more), '--recipe', recipe);
      expect([code, said]).toEqual([3, expect.stringMatching(/^no\/provider\.yaml:4:\d+ /)]);
      expect(said).toContain(message);
    });

    test('brings a driver file for the kernel of the bank, and none for another one', () => {
      judge('tar', ['xf', at('ridge.oem'), '-C', folder]);
      judge('sh', ['-c', `cd ${folder} && cpio -id --quiet < modules/ridge.v00`]);
      const sqfs = at('modules/ridge.sqfs');
      const listed = judge('unsquashfs', ['-l', sqfs]);
      const member = /squashfs-root\/(\S+\/k10temp\.ko)$/m.exec(listed)?.[1] ?? '';
      judge('unsquashfs', ['-q', '-n', '-d', at('one'), '-f', sqfs, member]);
      const good = readFileSync(at('one', member));
      const driver = 'driverFiles: ["file:own.ko"]\n';
      const ok = provider('good', driver, { 'own.ko': good });
      expect(done('oem', 'check', ok, '--recipe', recipe, '--json')).toContain('"driver-own"');
      const other = Buffer.from(good);
      other.write('9.9.9', other.indexOf('vermagic=') + 9);
      const wrong = provider('wrong', driver, { 'own.ko': other });
      const [code, said] = refused('oem', 'check', wrong, '--recipe', recipe);
      expect(code).toBe(3);
      expect(said).toContain("driverFiles[0]: expected own.ko to be built for the bank's kernel");
      expect(said).toContain('found it built for 9.9.9');
    });
  });
});
