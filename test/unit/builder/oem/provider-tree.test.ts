import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readProviderTree } from '../../../../src/builder/oem/provider-tree.ts';
import { renderDiagnostic } from '../../../../src/recipe/diagnostic.ts';
import { loadProvider } from '../../../../src/recipe/provider.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

const least = 'name: acme\nvendor: ACME\nversion: "1.0"\n';

/** A provider's folder, and what its layer would be. */
function folder(files: Record<string, string> = {}, more = '') {
  const cwd = temporaryFiles({ 'oem/provider.yaml': least + more, 'oem/files/a': '', ...files });
  const inFiles = (name: string): string => join(cwd, 'oem/files', name);
  const read = () => readProviderTree(loadProvider('oem', cwd));
  const problems = () => read().problems.map(renderDiagnostic).sort();
  return { cwd, inFiles, read, problems };
}

test('files, collectors and what it says of itself become the tree, with plain modes', () => {
  const { read, cwd } = folder(
    { 'oem/files/opt/run': '#!', 'oem/s/c.sh': '#!' },
    'support: { assetTag: X1, scripts: ["file:s/c.sh"] }\ndefaults: { ntp: { servers: [a.b] } }\n',
  );
  chmodSync(join(cwd, 'oem/files/opt/run'), 0o4711);
  chmodSync(join(cwd, 'oem/files/a'), 0o606);
  const { tree, problems } = read();
  expect(problems).toEqual([]);
  const modes = [...tree].map(([path, one]) => [path, 'mode' in one && one.mode.toString(8)]);
  expect(modes).toEqual([
    ['a', '644'],
    ['etc/twinbank/oem/acme.json', '644'],
    ['opt', '755'],
    ['opt/run', '755'],
    ['usr/lib/twinbank/support/acme/c.sh', '755'],
  ]);
  const facts = tree.get('etc/twinbank/oem/acme.json');
  expect(JSON.parse(String(facts?.type === 'file' && facts.data))).toEqual({
    schemaVersion: 1,
    name: 'acme',
    vendor: 'ACME',
    version: '1.0',
    defaults: { ntp: { servers: ['a.b'] } },
    support: {
      assetTag: 'X1',
      links: [],
      scripts: ['/usr/lib/twinbank/support/acme/c.sh'],
    },
  });
});

test('an empty folder is refused, whatever it would hide, and one with a file in it is not', () => {
  const { inFiles, problems } = folder({ 'oem/files/opt/kept/.keep': '' });
  mkdirSync(inFiles('usr/bin/sh'), { recursive: true });
  mkdirSync(inFiles('opt/a/b'), { recursive: true });
  mkdirSync(inFiles('o'));
  mkdirSync(inFiles('opt/link'));
  symlinkSync('../a', inFiles('opt/link/l'));
  const found =
    'expected a file or link in it, as no manifest lists an empty folder, found none; .keep will do';
  expect(problems()).toEqual(['o', 'opt/a', 'usr'].map((path) => `oem/files/${path}: ${found}`));
});

test('what would hide a link of the base is told where it belongs, or to stay away', () => {
  const { inFiles, problems } = folder({
    'oem/files/lib/firmware/x': '',
    'oem/files/usr/sbin/tool': '',
    'oem/files/sbin': '',
  });
  mkdirSync(inFiles('bin'));
  symlinkSync('usr/lib', inFiles('lib64'));
  expect(problems()).toEqual([
    'oem/files/bin: expected nothing of this name, a link of the base to usr/bin, found it here',
    'oem/files/lib/firmware: expected it at files/usr/lib/firmware, as /lib is a link of the base, found it here',
    'oem/files/lib64: expected nothing of this name, a link of the base to usr/lib64, found it here',
    'oem/files/sbin: expected nothing of this name, a link of the base to usr/bin, found it here',
    'oem/files/usr/sbin/tool: expected it at files/usr/bin/tool, as /usr/sbin is a link of the base, found it here',
  ]);
});

test('names in other scripts are as good as any', () => {
  const { read, problems } = folder({ 'oem/files/說明/लिपि 🙂.txt': 'x' });
  expect(problems()).toEqual([]);
  expect([...read().tree.keys()]).toContain('說明/लिपि 🙂.txt');
});

test('links stay inside: where one leads out it is named', () => {
  const { inFiles, problems } = folder();
  symlinkSync('a', inFiles('good'));
  symlinkSync('/etc/passwd', inFiles('root'));
  symlinkSync('../../provider.yaml', inFiles('up'));
  expect(problems()).toEqual([
    'oem/files/up: expected a link that stays inside files/, found one to "../../provider.yaml"',
  ]);
});

test('what is no file is refused, each by name', () => {
  const { inFiles, problems } = folder();
  execFileSync('mkfifo', [inFiles('pipe')]);
  writeFileSync(inFiles('line\nbreak'), '');
  writeFileSync(inFiles('\u202etxt.exe'), '');
  writeFileSync(Buffer.concat([Buffer.from(`${inFiles('')}/`), Buffer.from([0xff, 0xfe])]), '');
  expect(problems()).toEqual([
    'oem/files/line\uFFFDbreak: expected a name in UTF-8 without control and direction characters, found another',
    'oem/files/pipe: expected a file, folder or link, found a socket, pipe or device',
    'oem/files/\uFFFDtxt.exe: expected a name in UTF-8 without control and direction characters, found another',
    'oem/files/\uFFFD\uFFFD: expected a name in UTF-8 without control and direction characters, found another',
  ]);
});

test('files/ that is a link or a file is no folder', () => {
  const cwd = temporaryFiles({ 'oem/provider.yaml': least });
  symlinkSync('/etc', join(cwd, 'oem/files'));
  expect(readProviderTree(loadProvider('oem', cwd)).problems.map(renderDiagnostic)).toEqual([
    'oem/files: expected a folder beside provider.yaml, found something else',
  ]);
});

test('ten thousand files are too many, and it does not take long to say so', () => {
  const { inFiles, problems } = folder();
  mkdirSync(inFiles('many'));
  for (let n = 0; n < 10_000; n++) writeFileSync(inFiles(`many/${n}`), '');
  expect(problems()).toEqual(['oem/files: expected at most 10000 files and folders, found more']);
});

test('names that no manifest could list are too long in all', () => {
  const { inFiles, problems } = folder();
  const long = 'x'.repeat(240);
  mkdirSync(inFiles(long));
  for (let n = 0; n < 1700; n++) writeFileSync(inFiles(`${long}/${long}${n}`), '');
  expect(problems()).toEqual([
    expect.stringMatching(/^oem\/files: expected paths of at most 768KiB in all, found \d+ bytes$/),
  ]);
});

test('a collector is no disk image', () => {
  const { cwd, problems } = folder({ 'oem/c.sh': '' }, 'support: { scripts: ["file:c.sh"] }\n');
  execFileSync('truncate', ['-s', '3G', join(cwd, 'oem/c.sh')]);
  expect(problems()).toEqual([
    'oem/provider.yaml:4:22 support.scripts[0]: expected a file of at most 32MiB, found 3GiB',
  ]);
});

test('a file that no layer could hold is refused before it is read', () => {
  const { inFiles, problems } = folder();
  execFileSync('truncate', ['-s', '3G', inFiles('huge')]);
  expect(problems()).toEqual(['oem/files: expected files of at most 1GiB in all, found 3GiB']);
});

test('what belongs elsewhere is told where', () => {
  const { problems } = folder({
    'oem/files/tmp/x': '',
    'oem/files/etc/vmware/syslog.json': '',
    'oem/files/usr/lib/modules/6.1/x.ko.xz': '',
    'oem/files/etc/twinbank/oem/other.json': '',
  });
  expect(problems().map((line) => line.replace(/, found .*/, ''))).toEqual([
    'oem/files/etc/twinbank/oem/other.json: expected what provider.yaml makes there: say it under defaults, support, cim or programs',
    'oem/files/etc/vmware/syslog.json: expected the setting of an administrator to stay his: say it under defaults in provider.yaml',
    'oem/files/tmp: expected nothing in dev, proc, run, sys, tmp, over which a host mounts something else',
    'oem/files/usr/lib/modules/6.1/x.ko.xz: expected kernel modules under drivers or driverFiles of provider.yaml, which proves that they fit',
  ]);
});

test('nothing is taken from outside the folder, by a path or by a link', () => {
  const { cwd, problems } = folder(
    { 'secret.sh': '', 'oem/x': '' },
    'support: { scripts: ["file:../secret.sh", "file:link.sh"] }\n',
  );
  symlinkSync('../secret.sh', join(cwd, 'oem/link.sh'));
  const where = `expected a file in ${cwd}/oem, found one at ${cwd}/secret.sh`;
  expect(problems()).toEqual([
    `oem/provider.yaml:4:22 support.scripts[0]: ${where}`,
    `oem/provider.yaml:4:43 support.scripts[1]: ${where}`,
  ]);
});

test('defaults obey the rules of the setting', () => {
  const { problems } = folder(
    {},
    'defaults: { syslog: { targets: ["ok:514", "a:99999"] }, ntp: { servers: ["-"] } }\n',
  );
  expect(problems()).toEqual([
    'oem/provider.yaml:4:43 defaults.syslog.targets[1]: expected HOST, HOST:PORT or udp://, tcp://, tls:// or ssl://HOST[:PORT], found "a:99999"',
    'oem/provider.yaml:4:74 defaults.ntp.servers[0]: expected a host name or address, found "-"',
  ]);
});
