import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { commands } from '../../../src/cli/registry.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage, repository } from './built-image.ts';

judgedBy(['sfdisk', 'mcopy', 'mdir', 'tar', 'dpkg-deb', 'flock'], () => {
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
