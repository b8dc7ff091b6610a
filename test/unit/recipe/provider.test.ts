import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderDiagnostic } from '../../../src/recipe/diagnostic.ts';
import { readProvider } from '../../../src/recipe/provider.ts';
import { providerJsonSchema, providerJsonSchemaText } from '../../../src/recipe/provider-schema.ts';
import { temporaryFiles } from './temporary-files.ts';

const root = join(import.meta.dirname, '../../..');
const least = 'name: acme\nvendor: ACME\nversion: "1.0"\n';

/** What is wrong with a provider.yaml, one line each. */
function problemsOf(text: string, files: Record<string, string> = {}): string[] {
  const cwd = temporaryFiles({ 'oem/provider.yaml': text, ...files });
  return readProvider('oem', cwd).problems.map(renderDiagnostic);
}

test('name, vendor and version are enough', () => {
  const cwd = temporaryFiles({ 'oem/provider.yaml': least });
  expect(readProvider('oem', cwd)).toMatchObject({
    problems: [],
    provider: { name: 'acme', products: ['twinbank'], builds: [], drivers: [], defaults: {} },
  });
});

test('everything that is wrong is told at once, each at its place', () => {
  const text = `name: ACME
vendor: ""
version: 1.0
products: []
builds: [1.2]
keyId: 12
requires: ["acme >> 1"]
drivers: ["../tg3"]
driverFiles: [acme.ko]
defaults: { syslog: { targets: ["a b"] }, hostname: x }
support: { links: [{ title: A, url: "javascript:x" }] }
`;
  expect(problemsOf(text)).toEqual([
    'oem/provider.yaml:1:7 name: expected a name of up to 8 letters, digits and dashes such as acme, found "ACME"',
    'oem/provider.yaml:2:9 vendor: expected the name of a company of at most 64 characters, found ""',
    'oem/provider.yaml:3:10 version: expected a version in quotes such as "1.2.3", found 1.0',
    'oem/provider.yaml:4:11 products: expected at least one product, found an empty list',
    'oem/provider.yaml:5:10 builds[0]: expected OP VERSION such as ">= 1.2", found 1.2',
    'oem/provider.yaml:6:8 keyId: expected a key id of 16 hexadecimal digits, found 12',
    'oem/provider.yaml:7:12 requires[0]: expected NAME or NAME OP VERSION such as acme-cim >= 2, found "acme >> 1"',
    'oem/provider.yaml:8:11 drivers[0]: expected the name of a kernel module such as virtio_blk, found "../tg3"',
    'oem/provider.yaml:9:15 driverFiles[0]: expected a file such as deb:NAME#usr/share/FILE, npm:NAME@1.2.3#FILE or file:PATH, found "acme.ko"',
    'oem/provider.yaml:10:33 defaults.syslog.targets[0]: expected a target such as logs.example.com, found "a b"',
    'oem/provider.yaml:10:43 defaults.hostname: expected one of the keys syslog, ntp, console, found "hostname"',
    'oem/provider.yaml:11:37 support.links[0].url: expected a web address such as https://example.com/support, found "javascript:x"',
  ]);
});

test('what the patterns of the schema cannot say is refused all the same, once', () => {
  const text = `${least}support: { assetTag: "a\\u202eb" }
description: "a\\nb\\u200b"
cim: [{ provider: "file:cim/fan.ts", classes: [Acme_Fan], writes: ["/sys/../etc/x", "/sys/a..b"] }]
`;
  const found = problemsOf(text, { 'oem/cim/fan.ts': '' });
  expect(found.map((line) => line.replace(/, found .*/, '')).sort()).toEqual([
    'oem/provider.yaml:4:22 support.assetTag: expected an asset tag of at most 64 characters',
    'oem/provider.yaml:5:14 description: expected text without control characters',
    'oem/provider.yaml:6:68 cim[0].writes[0]: expected a path below /sys such as /sys/class/hwmon/hwmon*/pwm1',
  ]);
});

test('a file that it names and that is not there is a problem at its place', () => {
  const text = `${least}support: { scripts: ["file:gone.sh"] }\ndriverFiles: ["file:gone.ko"]\n`;
  expect(problemsOf(text)).toEqual([
    'oem/provider.yaml:5:15 driverFiles[0]: expected a file that exists, found no such file at oem/gone.ko',
    'oem/provider.yaml:4:22 support.scripts[0]: expected a file that exists, found no such file at oem/gone.sh',
  ]);
});

test('a folder without a provider.yaml is none', () => {
  expect(
    readProvider('oem', temporaryFiles({ 'oem/a': '' })).problems.map(renderDiagnostic),
  ).toEqual([
    'oem/provider.yaml: expected an OEM provider with a provider.yaml, found no such file',
  ]);
});

test('the committed schema is the one the code makes (twinbank oem schema renews it)', () => {
  const committed = readFileSync(join(root, 'oem-providers/provider.schema.json'), 'utf8');
  expect(committed).toBe(providerJsonSchemaText());
});

test('another validator takes our own provider, and refuses mistakes', () => {
  const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    providerJsonSchema(),
  );
  const text = readFileSync(join(root, 'oem-providers/ridge/provider.yaml'), 'utf8');
  expect(accepts(parse(text)), JSON.stringify(accepts.errors)).toBe(true);
  for (const more of [{ drivers: 'tg3' }, { nmae: 'x' }, { version: 1 }, { defaults: { x: 1 } }]) {
    expect(accepts({ ...parse(least), ...more })).toBe(false);
  }
});

test('a provider.yaml that is no file, too large, or grows when it is read is refused at once', () => {
  const cwd = temporaryFiles({ 'oem/x': '' });
  const path = join(cwd, 'oem/provider.yaml');
  const problems = (): string => readProvider('oem', cwd).problems.map(renderDiagnostic).join();
  execFileSync('mkfifo', [path]);
  expect(problems()).toContain('found something that is no regular file');
  rmSync(path);
  symlinkSync('/dev/zero', path);
  expect(problems()).toContain('found something that is no regular file');
  rmSync(path);
  writeFileSync(path, `${least}${'#'.repeat(2 ** 20)}`);
  expect(problems()).toContain('expected at most 256KiB');
  const names = [...'abcdefgh'];
  const lists = names.map((name, at) => {
    const before = names[at - 1];
    return `${name}: &${name} [${(before ? `*${before}` : 'x').padEnd(2)}${(before ? `, *${before}` : ', x').repeat(8)}]`;
  });
  writeFileSync(path, `${least}${lists.join('\n')}\n`);
  expect(problems()).toContain('expected at most 100 aliases, found more');
});
