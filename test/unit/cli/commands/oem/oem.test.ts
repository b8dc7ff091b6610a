import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProvider } from '../../../../../src/recipe/provider.ts';
import { providerJsonSchemaText } from '../../../../../src/recipe/provider-schema.ts';
import { runHere } from '../../host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-oem-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const base = resolve(import.meta.dirname, '../../../../../recipes/default.yaml');
const at = (...names: string[]) => join(folder, ...names);
const oem = (...argv: string[]) =>
  runHere(['oem', ...argv], {
    host: { cwd: folder, env: { PATH: process.env.PATH, TWINBANK_CACHE: at('cache') } },
  });

describe('oem test', () => {
  it('bundles no file from elsewhere, though a link leads there', async () => {
    await oem('new', 'acme');
    writeFileSync(at('secret.json'), '{"secret":1}');
    symlinkSync('../../secret.json', at('acme/cim/data.json'));
    const { code, stdout, stderr } = await oem('test', 'acme');
    expect(code).toBe(3);
    expect(stderr).toContain('cim/data.json');
    expect(stdout).toBe('');
  });
});

describe('oem test, of tests that print', () => {
  it('shows their lines, of which none drives a terminal or a log', async () => {
    await oem('new', 'acme');
    const test = `import { test } from 'node:test';
      test('\\u001b[31mred', () => console.log('\\n::error::x\\n\\u001b]0;title\\u0007'));`;
    writeFileSync(at('acme/cim/print.test.ts'), test);
    const { code, stdout, stderr } = await oem('test', 'acme', '--trust-oem');
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('? ::error::x\n')]);
    expect(stdout).toContain('?]0;title?');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });
});

describe('oem new', () => {
  it('makes nothing below /dev, which would be in memory', async () => {
    const { code, stderr } = await oem('new', '/dev/twinbank-none', '--name', 'probe');
    expect(code).toBe(8);
    expect(stderr).toContain('expected a device that is there');
    expect(existsSync('/dev/twinbank-none')).toBe(false);
  });

  it('makes a provider that loads, and says what comes next', async () => {
    const { code, stdout, stderr } = await oem('new', 'acme', '--vendor', 'ACME: "Servers"');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'acme/provider.yaml\nacme/files/usr/share/acme/about.txt\nacme/support/collect.sh\nacme/cim/sensors.ts\nacme/cim/sensors.test.ts\nacme/README.md\nnext: twinbank oem test acme, then twinbank oem check acme\n',
    );
    expect(loadProvider('acme', folder)).toMatchObject({
      name: 'acme',
      vendor: 'ACME: "Servers"',
      version: '0.1',
    });
    expect(statSync(at('acme/support/collect.sh')).mode & 0o111).toBe(0o111);
  });

  it.each(['Acme_Servers 2', '3-rx', 'null', 'old'])(
    'finds a name in that of the folder: %s',
    async (name) => {
      const { code } = await oem('new', name);
      expect(code).toBe(0);
      expect(loadProvider(name, folder).name).toMatch(/^[a-z][a-z0-9-]{0,7}$/);
    },
  );

  it('takes an empty folder, and leaves one that has something as it is', async () => {
    expect((await oem('new', '.', '--name', 'acme', '--json')).code).toBe(0);
    const before = readdirSync(folder);
    const { code, stderr } = await oem('new', '.', '--name', 'acme');
    expect(code).toBe(8);
    expect(stderr).toMatch(/^twinbank: \.: expected a new or empty folder, found .* in it; name/);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each([
    [['new', '7'], 2, '--name: expected a name of up to 8 letters, digits and dashes such as acme'],
    [['new', 'base'], 2, '--name: expected a name other than base, boot, bundle and vmkernel'],
    [['new', 'a', '--vendor', ''], 2, '--vendor: expected the name of a company'],
    [['new', ''], 2, 'dir: expected a value, found an empty text'],
  ])('refuses %j', async (argv, expected, message) => {
    const { code, stderr } = await oem(...argv);
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringContaining(message) });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('oem check', () => {
  it('tells all that is wrong with the folder at once, and ends with 3', async () => {
    await oem('new', 'acme');
    writeFileSync(at('acme/files/bad\nname'), '');
    writeFileSync(at('acme/files/dev'), '');
    const yaml = readFileSync(at('acme/provider.yaml'), 'utf8');
    writeFileSync(at('acme/provider.yaml'), `${yaml}defaults: { ntp: { servers: ["-"] } }\n`);
    writeFileSync(at('x.yaml'), `extends: ${base}\nkernel: { from: "deb:no-such-kernel" }\n`);
    const { code, stdout, stderr } = await oem('check', 'acme', '--recipe', 'x.yaml');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    const [warning, ...lines] = stderr.trim().split('\n');
    expect(warning).toMatch(/^warning: not held against a base, as there is none: deb:no-such-ke/);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^acme\/provider\.yaml:\d+:\d+ defaults\.ntp\.servers\[0\]: expected/);
  });

  it('says of a file that is no packed OEM what it is not, and ends with 6', async () => {
    writeFileSync(at('x.oem'), 'PK');
    const { code, stderr } = await oem('check', 'x.oem');
    expect(code).toBe(6);
    expect(stderr).toContain('x.oem: first file: expected 512 bytes, found the end after 2');
  });

  it('names one that is not there, and ends with 5', async () => {
    const { code, stderr } = await oem('check', 'gone');
    expect(code).toBe(5);
    expect(stderr).toContain('gone');
  });
});

describe('oem pack', () => {
  it('refuses another key than the one that the provider names, before it builds', async () => {
    await oem('new', 'acme');
    const yaml = readFileSync(at('acme/provider.yaml'), 'utf8');
    writeFileSync(at('acme/provider.yaml'), `${yaml}keyId: 0123456789abcdef\n`);
    const { code, stderr } = await oem('pack', 'acme', '--out', 'acme.oem');
    expect(code).toBe(8);
    expect(stderr).toMatch(
      /acme\/provider\.yaml:\d+:8 keyId: expected key 0123456789abcdef to pack it, found 612022ee41a907cd; give that key with --key, or change keyId/,
    );
    // Of the cache there is the mark of this run alone.
    expect(readdirSync(folder)).toEqual(['acme', 'cache']);
    expect(readdirSync(at('cache'))).toEqual(['runs']);
  });

  it('refuses to take the place of a file of the provider, before it builds', async () => {
    await oem('new', 'acme');
    writeFileSync(at('acme/files/x.oem'), 'content');
    writeFileSync(at('base.yaml'), `extends: ${base}\n`);
    writeFileSync(at('driver.ko'), 'driver');
    const yaml = readFileSync(at('acme/provider.yaml'), 'utf8');
    writeFileSync(at('acme/provider.yaml'), `${yaml}driverFiles: [file:../driver.ko]\n`);
    symlinkSync('acme', at('link'));
    symlinkSync('../acme/provider.yaml', at('acme/out.oem'));
    const own = ['provider.yaml', 'support/collect.sh', 'files/x.oem', 'cim/sensors.ts', 'out.oem'];
    const outs = [...own.map((name) => `acme/${name}`), 'link/provider.yaml'];
    for (const out of outs) {
      const before = readFileSync(at(out));
      const { code, stderr } = await oem('pack', 'acme', '--out', out);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/--out: expected another file than acme\/\S+, which belongs to/),
      ]);
      expect(readFileSync(at(out)).equals(before)).toBe(true);
    }
    for (const out of ['driver.ko', 'base.yaml']) {
      const { code, stderr } = await oem('pack', 'acme', '--recipe', 'base.yaml', '--out', out);
      expect([code, stderr]).toEqual([2, expect.stringContaining('which is read')]);
    }
    expect(readFileSync(at('driver.ko'), 'utf8')).toBe('driver');
  });

  it('replaces what was packed into the folder before', async () => {
    await oem('new', 'acme');
    writeFileSync(at('acme/acme.oem'), 'older');
    writeFileSync(at('x.yaml'), `extends: ${base}\nkernel: { from: "deb:no-such-kernel" }\n`);
    const { stderr } = await oem('pack', 'acme', '--recipe', 'x.yaml', '--out', 'acme/acme.oem');
    expect(stderr).toContain('no-such-kernel');
  });

  it('refuses a place that cannot be written to, before it builds', async () => {
    for (const [out, expected, message] of [
      ['/dev/twinbank-none', 8, 'expected a device that is there'],
      ['none/acme.oem', 5, 'expected the folder none to write to, found none'],
    ] as const) {
      const { code, stderr } = await oem('pack', 'none', '--out', out);
      expect([code, stderr]).toEqual([expected, expect.stringContaining(message)]);
    }
    expect((await oem('pack', 'none', '--out', '-', '--json')).code).toBe(2);
  });
});

describe('oem schema', () => {
  it('prints the schema, or writes it', async () => {
    expect((await oem('schema')).stdout).toBe(providerJsonSchemaText());
    expect(await oem('schema', '--out', 'x.json')).toMatchObject({ code: 0, stdout: 'x.json\n' });
    expect(readFileSync(at('x.json'), 'utf8')).toBe(providerJsonSchemaText());
    expect((await oem('schema', '--out', '-')).stdout).toBe(providerJsonSchemaText());
  });
});
