import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { versionIn } from '../../../../src/cli/commands/doctor.ts';
import { hostTools } from '../../../../src/host/tools.ts';
import { runHere } from '../host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function install(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

const doctor = (...argv: string[]) =>
  runHere(['doctor', ...argv], { host: { env: { PATH: folder } } });

describe('twinbank doctor', () => {
  it('finds a tool on the PATH, with its version, whatever its exit code and stream', async () => {
    install('xz', 'echo "xz (XZ Utils) 5.4.1"');
    install('mksquashfs', 'echo "mksquashfs version 4.5.1 (2022/03/17)" >&2; exit 1');
    const { stdout } = await doctor('--json');
    const { tools } = JSON.parse(stdout);
    expect(tools).toHaveLength(hostTools.length);
    expect(tools).toContainEqual({
      name: 'xz',
      package: 'xz-utils',
      neededFor: 'unpacking components',
      optional: false,
      testsOnly: false,
      benchOnly: false,
      path: join(folder, 'xz'),
      version: '5.4.1',
    });
    expect(tools).toContainEqual(expect.objectContaining({ name: 'mksquashfs', version: '4.5.1' }));
  });

  it('fails with 4 when a needed tool is missing, and says how to get it', async () => {
    const { code, stdout, stderr } = await doctor();
    expect(code).toBe(4);
    expect(stdout).toMatch(/^xz +missing +apt-get install xz-utils +unpacking components$/m);
    expect(stderr).toMatch(/^twinbank: expected these host tools, found none: .*\bxz\b/);
  });

  it('takes neither a folder nor a file that cannot be run for a program', async () => {
    writeFileSync(join(folder, 'xz'), '');
    const { stdout } = await doctor('--json');
    expect(JSON.parse(stdout).missing).toContain('xz');
  });

  it('counts the tools of the tests only when asked', async () => {
    for (const tool of hostTools) if (!tool.file && !tool.testsOnly) install(tool.name, 'echo 1.0');
    const without = JSON.parse((await doctor('--json')).stdout);
    const withTests = JSON.parse((await doctor('--json', '--tests')).stdout);
    expect(without.missing).not.toContain('cpio');
    expect(withTests.missing).toContain('cpio');
    expect(withTests.error.code).toBe('host.tool-missing');
    expect((await doctor('--all')).code).toBe(4);
  });

  it('counts what one can do without for the tests alone, and installs it along with others', async () => {
    for (const tool of hostTools) if (!tool.file && !tool.testsOnly) install(tool.name, 'echo 1.0');
    rmSync(join(folder, 'bwrap'));
    const isOptional = async (...argv: string[]) =>
      JSON.parse((await doctor('--json', ...argv)).stdout).missing.includes('bwrap');
    expect([await isOptional(), await isOptional('--tests')]).toEqual([false, true]);
    expect((await doctor()).stdout).toMatch(/^bwrap +missing .*\(optional\)$/m);
    const packages = async () => (await doctor('--missing-packages')).stdout.split('\n');
    rmSync(join(folder, 'xz'));
    expect(await packages()).toEqual(expect.arrayContaining(['bubblewrap', 'xz-utils']));
  });

  it('prints the packages to install for the set-up script, each once', async () => {
    const { code, stdout, stderr } = await doctor('--missing-packages');
    const packages = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(packages).toContain('apt');
    expect(packages).toEqual([...new Set(packages)]);
    expect(packages.every((name) => /^[a-z0-9][a-z0-9+.-]+$/.test(name))).toBe(true);
  });
});

describe('versionIn', () => {
  it.each([
    ['GNU strip (GNU Binutils for Debian) 2.40', '2.40'],
    ['*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***', '1.5.4'],
    ['genimage 16', '16'],
    ['usage: tool [options]', undefined],
  ])('reads %j as %s', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });
});
