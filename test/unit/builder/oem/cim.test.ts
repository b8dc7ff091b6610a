import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from 'typescript';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { describeProvider, limits } from '../../../../src/builder/oem/cim/describe-provider.ts';
import { planOemCim } from '../../../../src/builder/oem/cim/plan-cim.ts';
import { cimSourceProblems } from '../../../../src/builder/oem/cim/provider-sources.ts';
import { testProviders } from '../../../../src/builder/oem/cim/test-provider.ts';
import { logoLines, logoProblems } from '../../../../src/builder/oem/console-logo.ts';
import { launchOemCode } from '../../../../src/builder/oem/oem-code.ts';
import { relationsOf } from '../../../../src/builder/oem/oem-origin.ts';
import { scaffold } from '../../../../src/builder/oem/scaffold.ts';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { silent } from '../../../../src/diagnostics/progress.ts';
import { confinedNode } from '../../../../src/host/confine.ts';
import { renderDiagnostic } from '../../../../src/recipe/diagnostic.ts';
import { loadProvider } from '../../../../src/recipe/provider.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

const scratch = mkdtempSync(join(tmpdir(), 'twinbank-cim-build-'));
const cache = { directory: join(scratch, 'cache'), key: Buffer.alloc(32, 1), report: silent };
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const yaml = (cim: string) =>
  `name: acme\nvendor: ACME\nversion: "1.0"\ncim:\n  - provider: file:cim/a.ts\n    classes: ${cim}\n`;
const source = (classes: string) => `import { defineProvider } from 'twinbank/cim';
export const provider = defineProvider({ classes: [${classes}] });
`;
const fan = (name: string, more = '') =>
  `{ name: '${name}', superclass: 'CIM_Fan', description: 'A fan', properties: {}, enumerate: () => [], ${more} },`;

function providerOf(files: Record<string, string>, claims = '[Acme_Fan]') {
  const cwd = temporaryFiles({
    'oem/provider.yaml': yaml(claims),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`oem/${path}`, text])),
  });
  return { cwd, provider: loadProvider('oem', cwd) };
}

/** The files of the layer, or what is wrong, one sentence each. */
async function build(files: Record<string, string>, claims?: string) {
  const { provider } = providerOf(files, claims);
  const plan = await planOemCim(provider, [], { cache });
  return plan?.read();
}

const problemsOf = async (files: Record<string, string>, claims?: string): Promise<string[]> => {
  const outcome = await build(files, claims).catch((error: unknown) => error);
  if (!(outcome instanceof TwinbankError)) throw outcome ?? new Error('expected an error');
  return outcome.message.split('\n');
};

test.each(['null', '{}', "{ problems: 'x', classes: [], monitors: true }", '[{}]'])(
  'is not brought down by the code of a provider that says %s in place of its description',
  async (message) => {
    const bundle = `import { writeSync } from 'node:fs'; writeSync(3, JSON.stringify(${message})); process.exit(0);`;
    expect(await describeProvider(Buffer.from(bundle), { cache, what: 'a.ts' })).toEqual({
      problems: ['expected to load, found: a message that is not its description'],
      classes: [],
      monitors: false,
    });
  },
);

test('a provider is checked and made once, and again as soon as its source is another', async () => {
  const files = { 'cim/a.ts': finds('true') };
  const own = { ...cache, directory: mkdtempSync(join(scratch, 'once-')) };
  const made = async (sources: Record<string, string>) => {
    const plan = await planOemCim(providerOf(sources, '[Acme_Xtrue]').provider, [], { cache: own });
    return plan?.read();
  };
  const tree = await made(files);
  // Nothing can be spawned any more: neither the compiler nor the provider.
  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = join(scratch, 'no-such-node');
  expect(await made(files)).toEqual(tree);
  await expect(made({ 'cim/a.ts': `${files['cim/a.ts']}\n// another` })).rejects.toThrow('ENOENT');
});

test('a provider becomes a bundle and what is known of it without running it', async () => {
  const files = {
    'cim/a.ts': `import { speed } from './lib/speed.ts';
import { defineProvider } from 'twinbank/cim';
export const provider = defineProvider({ classes: [${fan('Acme_Fan', "methods: { Stop: { description: 'Stops', parameters: {}, returns: 'uint32', invoke: () => ({ returnValue: speed }) } }")}], async monitor() {} });`,
    'cim/lib/speed.ts': 'export const speed: number = 9;\n',
  };
  const tree = await build(files);
  const paths = ['usr/lib/twinbank/cim/acme/a.mjs', 'usr/lib/twinbank/cim/acme/a.json'];
  expect([...(tree?.keys() ?? [])]).toEqual(paths);
  const [bundle, description] = paths.map((path) => tree?.get(path));
  if (bundle?.type !== 'file' || description?.type !== 'file') throw new Error('no files');
  expect(Buffer.from(bundle.data).toString()).not.toMatch(/\bimport\b/);
  expect(JSON.parse(Buffer.from(description.data).toString())).toMatchObject({
    origin: 'acme',
    name: 'a',
    api: 1,
    monitors: true,
    writes: [],
    devices: [],
    classes: [{ name: 'Acme_Fan', methods: { Stop: { returns: 'uint32' } } }],
  });
  const again = await build(files);
  expect(again).toEqual(tree);
});

test('checks a provider again by another version of TypeScript', async () => {
  const { provider } = providerOf({ 'cim/a.ts': source('') });
  const plan = await planOemCim(provider, [], { cache });
  expect(plan?.inputs).toMatchObject({ typescript: version });
});

describe('refused, at its file and line', () => {
  test('imports of anything but the interface and files of cim/', async () => {
    const imports = [
      "'node:fs'",
      "'left-pad'",
      "'../files/x.ts'",
      "'/etc/passwd'",
      "'twinbank/cim/testing'",
    ];
    const lines = imports.map((one) => `import ${one};`).join('\n');
    const found = await problemsOf({
      'files/x.ts': '',
      'cim/a.ts': `${lines}\n${source(fan('Acme_Fan'))}`,
    });
    expect(found).toEqual(
      imports.map(
        (one, index) =>
          `oem/cim/a.ts:${index + 1}:8: expected imports of twinbank/cim, twinbank/cim/sensor, files of cim/, found "${one.slice(1, -1)}"`,
      ),
    );
  });

  test('types that the interface does not allow, in every file', async () => {
    const found = await problemsOf({
      'cim/a.ts': `import { two } from './b.ts';\n${source(fan('Acme_Fan', 'get: (keys, host) => host.shell(two)'))}`,
      'cim/b.ts': "export const two: number = 'two';\nexport const id = process.pid;\n",
    });
    expect(found).toEqual([
      expect.stringMatching(
        /^oem\/cim\/a\.ts:3:\d+: expected sources that the types of twinbank\/cim allow, found TS2339 .*'shell'/,
      ),
      expect.stringMatching(/^oem\/cim\/b\.ts:1:14: expected .* found TS2322 /),
      expect.stringMatching(/^oem\/cim\/b\.ts:2:19: expected .* found TS2\d+ .*'process'/),
    ]);
  });

  test.each([
    [
      'what is no TypeScript',
      'export const = 5;',
      /^oem\/cim\/a\.ts:1:14: expected sources that bundle, found: /,
    ],
    [
      'no provider',
      'export const other = 5;',
      /^oem\/cim\/a\.ts: expected an export named provider, found none$/,
    ],
    [
      'a class of the DMTF',
      source(fan('CIM_Fan')),
      /^oem\/cim\/a\.ts: CIM_Fan: expected a schema before the "_"/,
    ],
    [
      'another class than provider.yaml says',
      source(fan('Acme_Fin')),
      /^oem\/provider\.yaml:6:14 cim\[0\]\.classes: expected just the classes that the provider has \(Acme_Fin\), found Acme_Fan$/,
    ],
    [
      'one that throws when it is loaded',
      `throw new Error('no');\n${source(fan('Acme_Fan'))}`,
      /^oem\/cim\/a\.ts: expected to load, found: no$/,
    ],
    [
      'one that ends the process',
      `(globalThis as never as { process: { exit(code: number): never } }).process.exit(5);\n${source(fan('Acme_Fan'))}`,
      /^oem\/cim\/a\.ts: expected to load, found: it ended the process with 5$/,
    ],
    [
      'one that eats memory when it is loaded',
      `const all: number[][] = []; for (;;) all.push(new Array(1e5).fill(all.length));\n`,
      /^oem\/cim\/a\.ts: expected (to load, found: it takes more than 128 MiB of memory$|sources)/,
    ],
  ])('%s', async (_what, text, message) => {
    expect((await problemsOf({ 'cim/a.ts': text }))[0]).toMatch(message);
  });

  test('one that hangs when it is loaded, after ten seconds unless another time is asked for', async () => {
    expect(limits.timeoutMs).toBe(10_000);
    const bundle = Buffer.from('let more = true;\nwhile (more) more = true;\n');
    expect(await describeProvider(bundle, { cache, what: 'a.ts', timeoutMs: 300 })).toEqual({
      problems: ['expected to load, found: it takes more than 0.3 s'],
      classes: [],
      monitors: false,
    });
  });
});

describe('what provider.yaml says of them', () => {
  const told = (files: Record<string, string>, claims?: string) =>
    cimSourceProblems(providerOf(files, claims).provider).map(renderDiagnostic);

  test('two schemas and a class twice', () => {
    expect(told({ 'cim/a.ts': '' }, '[Acme_Fan, ACME_fan, Other_Fan]')).toEqual([
      'oem/provider.yaml:6:25 cim[0].classes[1]: expected each class once, found ACME_fan again',
      'oem/provider.yaml:6:35 cim[0].classes[2]: expected a class of the schema Acme, as the first one is, found Other_Fan',
    ]);
  });

  test('a link out of cim/', () => {
    const { cwd, provider } = providerOf({ 'cim/a.ts': source(fan('Acme_Fan')) });
    symlinkSync('/etc/passwd', join(cwd, 'oem/cim/passwd.ts'));
    expect(cimSourceProblems(provider).map(renderDiagnostic)).toEqual([
      'oem/cim/passwd.ts: expected a file, found a link or something else',
    ]);
  });

  test('its classes are claims that no other OEM can have, and it needs the interface', () => {
    const { provider } = providerOf({ 'cim/a.ts': '' }, '[Acme_Fan]');
    const kernel = { image: { version: '6.1' }, release: '6.1' } as Parameters<
      typeof relationsOf
    >[2];
    expect(relationsOf(provider, 'twinbank', kernel, [])).toEqual({
      provides: ['cim-class-acme_fan'],
      conflicts: ['cim-class-acme_fan'],
      requires: ['cim-api = 1'],
      replaces: [],
    });
  });
});

describe('a logo', () => {
  const logoOf = (text: string) => {
    const cwd = temporaryFiles({
      'oem/provider.yaml': `name: acme\nvendor: ACME\nversion: "1.0"\ndefaults: { console: { title: A, logo: file:logo.txt } }\n`,
      'oem/logo.txt': text,
    });
    const provider = loadProvider('oem', cwd);
    return {
      lines: logoLines(provider),
      problems: logoProblems(provider).map(({ message }) => message),
    };
  };

  test('is taken as it is, without blanks at its ends', () => {
    expect(logoOf(' /\\  \n/__\\\n\n\n')).toEqual({ lines: [' /\\', '/__\\'], problems: [] });
  });

  test.each([
    ['x\n'.repeat(17), 'expected at most 16 lines, found 17'],
    ['x'.repeat(77), 'expected lines of at most 76 characters, found 77 in line 1'],
    [
      '\x1b[31mred',
      'expected printable ASCII characters, without tabs and colours (color has that), found others in line 1',
    ],
    ['ok\n twinbank: ready', 'expected no line that begins with twinbank:, found line 2'],
  ])('that no console could show is refused', (text, message) => {
    expect(logoOf(text).problems).toEqual([message]);
  });
});

test.each(['acme', 'a', 'cim', 'x-1'])(
  'a new provider named %s builds, and its test passes',
  async (name) => {
    const files = scaffold(name, 'ACME', undefined);
    const cwd = temporaryFiles(
      Object.fromEntries(files.map(({ path, text }) => [`oem/${path}`, text])),
    );
    const provider = loadProvider('oem', cwd);
    expect(cimSourceProblems(provider)).toEqual([]);
    const plan = await planOemCim(provider, [], { cache });
    const tree = await plan?.read();
    expect([...(tree?.keys() ?? [])]).toHaveLength(2);
    expect(await testProviders(provider)).toMatchObject({
      passed: true,
      files: ['cim/sensors.test.ts'],
    });
  },
);

test.each(['ridge', 'kestrel'])('the tests of our own provider %s pass', async (name) => {
  const provider = loadProvider(
    join('oem-providers', name),
    join(import.meta.dirname, '../../../..'),
  );
  const { passed, output } = await testProviders(provider);
  expect(passed, output).toBe(true);
  const claims = provider.cim.flatMap(({ classes }) => classes);
  expect(claims.length).toBeGreaterThan(3);
});

test('a test that fails is told, with what it said', async () => {
  const { provider } = providerOf({
    'cim/a.ts': source(fan('Acme_Fan')),
    'cim/a.test.ts':
      "import { test } from 'node:test';\ntest('fails', () => { throw new Error('as it should') });\n",
  });
  const { passed, output } = await testProviders(provider);
  expect(passed).toBe(false);
  expect(output).toContain('as it should');
  const { provider: other } = providerOf({
    'cim/a.ts': '',
    'cim/a.test.ts': "import 'left-pad';\n",
  });
  await expect(testProviders(other)).rejects.toThrow('oem/cim/a.test.ts:1:8: expected imports of');
});

/** What a provider's bundle finds, as the name of the class that it has. */
const finds = (expression: string) => `import { defineProvider } from 'twinbank/cim';
const load = (name: string) => import(name);
const fs = await load(['node', 'fs'].join(':'));
const found: string = String(${expression}).replace(/[^A-Za-z0-9]/g, '').slice(0, 50);
export const provider = defineProvider({ classes: [${fan('Acme_Fan').replace("'Acme_Fan'", "'Acme_X' + found")}] });
`;

describe("an OEM's code, while an image is built", () => {
  const secret = join(scratch, 'secret');
  const found = async (expression: string) => {
    const [problem = ''] = await problemsOf({ 'cim/a.ts': finds(expression) });
    return /has \((\w*)\)/.exec(problem)?.[1] ?? problem;
  };

  test.each([
    ['a file of whoever builds', `fs.existsSync('${secret}')`],
    ['their home and system settings', "fs.existsSync('/root') || fs.existsSync('/etc/passwd')"],
    [
      'the environment, with its passphrases',
      "fs.readFileSync('/proc/self/environ', 'utf8').includes('TWINBANK')",
    ],
    [
      'other processes',
      "fs.readdirSync('/proc').filter((one: string) => Number(one) > 0).length > 3",
    ],
    [
      'a network',
      "Object.values((await load(['node', 'os'].join(':'))).networkInterfaces()).some((all: any) => all.some((one: any) => !one.internal))",
    ],
  ])('finds nothing of %s', async (_, expression) => {
    writeFileSync(secret, 'x');
    process.env.TWINBANK_PASSPHRASE = 'x';
    onTestFinished(() => void delete process.env.TWINBANK_PASSPHRASE);
    expect(await found(expression)).toBe('Acme_Xfalse');
  });

  test('writes nowhere, and is held to time, memory and the size of its answer', async () => {
    const write = `(() => { try { fs.writeFileSync('${secret}2', 'x'); return fs.existsSync('/tmp/none'); } catch { return false } })()`;
    expect(await found(write)).toBe('Acme_Xfalse');
    expect(existsSync(`${secret}2`)).toBe(false);
    const flood = "(fs.writeSync(3, 'x'.repeat(2 ** 21)), 1)";
    expect(await problemsOf({ 'cim/a.ts': finds(flood) })).toEqual([
      'oem/cim/a.ts: expected to load, found: it says too much of itself',
    ]);
  });

  test('runs with all rights where its maker is trusted', async () => {
    writeFileSync(secret, 'x');
    const { provider } = providerOf({ 'cim/a.ts': finds(`fs.existsSync('${secret}')`) });
    const plan = await planOemCim(provider, [], { cache, trustOem: true });
    const made = plan?.read();
    await expect(made).rejects.toThrow('Acme_Xtrue');
  });

  test('is refused where nothing confines it, in one sentence that says what to do', async () => {
    const none = async () => confinedNode([], join(scratch, 'no-such-folder'));
    const refused = launchOemCode('oem/cim/a.ts', { trusted: false }, none);
    await expect(refused).rejects.toMatchObject({
      kind: 'refused',
      code: 'oem.unconfined',
      message:
        'oem/cim/a.ts: expected bubblewrap to run it apart from your files, found none; install it (apt-get install bubblewrap), or say --trust-oem to let this code do all that you may do',
    });
    expect(await launchOemCode('x', { trusted: true }, none)).toEqual({
      file: process.execPath,
      args: [],
    });
  });

  test('sees its own folder in its tests, and nothing beside it', async () => {
    const { provider } = providerOf({
      'cim/a.ts': source(fan('Acme_Fan')),
      'cim/a.test.ts': `import { test } from 'node:test';
import { existsSync, readFileSync } from 'node:fs';
test('x', () => {
  const own = existsSync('FOLDER/provider.yaml');
  const other = existsSync('${secret}') || existsSync('/etc/passwd');
  const environment = ['self', '1'].some((one) => readFileSync('/proc/' + one + '/environ', 'utf8').includes('PATH='));
  if (!own || other || environment) throw new Error([own, other, environment].join());
});
`,
    });
    const path = join(provider.folder, 'cim/a.test.ts');
    const text = readFileSync(path, 'utf8').replace('FOLDER', realpathSync(provider.folder));
    writeFileSync(path, text);
    writeFileSync(secret, 'x');
    const { passed, output } = await testProviders(provider);
    expect(passed, output).toBe(true);
    expect(await testProviders(provider, { trustOem: true })).toMatchObject({ passed: false });
  });
});
