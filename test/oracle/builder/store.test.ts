import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../../../src/cli/registry.ts';
import { cacheDirectory } from '../../../src/host/own-folders.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage, repository } from './built-image.ts';

judgedBy(['sfdisk', 'mcopy', 'mdir', 'tar', 'dpkg-deb', 'unsquashfs', 'bwrap', 'flock'], () => {
  const image = builtImage();
  const folder = join(image.program.folder, 'store');
  let packages: string[] = [];

  beforeAll(() => {
    mkdirSync(folder);
    judge('mcopy', ['-s', '-n', '-i', image.at(8), '::*', folder]);
    const list = JSON.parse(judge('cat', [join(folder, 'builds/0.1.0-1.json')]));
    packages = list.packages.map(({ path }: { path: string }) => path);
  });
  const named = (pattern: RegExp): string => {
    const found = packages.filter((name) => pattern.test(name));
    expect(found).toHaveLength(1);
    return join(folder, found[0]!);
  };

  test('lists the packages of the build, which are all there', () => {
    const list = judge('mdir', ['-/', '-b', '-i', image.at(8), '::packages']);
    const files = list.split('\n').filter((line) => line && !line.endsWith('/'));
    expect(files.map((line) => line.slice(3)).sort()).toEqual([...packages].sort());
  });

  test('has the bytes that the signed manifest names, with a type and a version each', () => {
    const manifest = JSON.parse(judge('mtype', ['-i', image.at(5), '::base.json']));
    const listed: Record<string, string>[] = manifest.packages;
    expect(listed.map(({ id, type }) => [id, type])).toEqual([
      ['qemu-guest-agent', 'guest-tools'],
      ['ovmf', 'firmware'],
      ['swtpm', 'tools'],
      ['twinbank', 'client'],
    ]);
    for (const { name, sha256, version } of listed) {
      expect(judge('sha256sum', [join(folder, 'packages', name!)]).slice(0, 64)).toBe(sha256);
      expect(name).toContain(version!.replaceAll(':', '-'));
    }
  });

  /** What a package of the store has in it. */
  const unpacked = (pattern: RegExp): string => {
    const place = join(folder, pattern.source.slice(0, 5).replace(/\W/g, ''));
    judge('unsquashfs', ['-no-progress', '-d', place, named(pattern)]);
    return place;
  };

  test("has OVMF's files as Debian has them", () => {
    const place = unpacked(/ovmf_.*\.sqfs$/);
    const { components } = parse(readFileSync(image.raw.replace(/img$/, 'lock.yaml'), 'utf8'));
    const { sha256, version } = components.find(({ id }: { id: string }) => id === 'deb:ovmf');
    const archive = join(
      cacheDirectory(process.env),
      'objects',
      sha256.slice(0, 2),
      sha256.slice(2),
    );
    expect(judge('dpkg-deb', ['-f', archive, 'Version']).trim()).toBe(version);
    judge('dpkg-deb', ['-x', archive, join(folder, 'ovmf-of-debian')]);
    const files = judge('find', [place, '-type', 'f', '-printf', '%P\n']).trim().split('\n').sort();
    const [inventory, ...firmware] = files;
    expect(inventory).toBe('inventory.json');
    expect(firmware).toEqual(['CODE', 'VARS'].map((one) => `usr/share/OVMF/OVMF_${one}_4M.fd`));
    for (const file of firmware)
      judge('cmp', [join(place, file), join(folder, 'ovmf-of-debian', file)]);
  });

  test('has swtpm with all that it needs: it runs where there is nothing else', () => {
    const place = unpacked(/swtpm_.*\.sqfs$/);
    const alone = (...argv: string[]) => judge('bwrap', ['--ro-bind', place, '/', '--', ...argv]);
    expect(alone('/usr/bin/swtpm', '--version')).toMatch(/^TPM emulator version 0\./);
    const able = JSON.parse(alone('/usr/bin/swtpm', 'socket', '--print-capabilities'));
    expect(able.features).toContain('tpm-2.0');
  });

  test("has Debian's guest agent, by its version", () => {
    const path = named(/qemu-guest-agent_.*\.deb$/);
    const version = judge('dpkg-deb', ['-f', path, 'Version']).trim();
    expect(path).toContain(
      `qemu-guest-agent_${version.replaceAll(/[^A-Za-z0-9.+~_-]/g, '-')}_amd64`,
    );
    expect(judge('dpkg-deb', ['-I', path])).toContain('Package: qemu-guest-agent');
  });

  test('has the twinbank command, which runs where there is Node and nothing else', () => {
    const place = join(folder, 'client');
    mkdirSync(place);
    judge('tar', ['xzf', named(/twinbank-.*\.tgz$/), '-C', place]);
    const client = (...argv: string[]) =>
      spawnSync(process.execPath, [join(place, 'package/twinbank.mjs'), ...argv], {
        cwd: place,
        env: { PATH: '/usr/bin:/bin', HOME: place },
        encoding: 'utf8',
      });
    expect(client('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
    const check = client('recipe', 'check', join(repository, 'recipes/default.yaml'));
    expect(check).toMatchObject({ status: 0, stderr: '' });
    if (commands.some(({ usage }) => usage.startsWith('inspect'))) {
      const inspect = client('inspect', image.raw, '--json');
      expect(inspect).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(inspect.stdout)).toMatchObject({ schemaVersion: 1, next: 5 });
    }
    // It has no sources, so it cannot build; it must say so, and not show a stack.
    writeFileSync(join(place, 'x.yaml'), 'modules: {}\n');
    const build = client('build', 'x.yaml', '--out', place);
    expect(build.status).toBe(5);
    expect(build.stderr).toMatch(
      /expected twinbank's package around it, .* found none; build from/,
    );
  });
});
