import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemApt } from '../../../src/builder/components/apt.ts';
import { userCache } from '../../../src/builder/components/cache-key.ts';
import { buildModules, planBase } from '../../../src/builder/modules/build-modules.ts';
import type { BuiltModule } from '../../../src/builder/modules/module.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

/** What the tools stand on, and they themselves. */
const layers = ['engine', 'agents', 'vmm', 'smart', 'tools'];

judgedBy(['cpio', 'unsquashfs', 'bwrap', 'mformat', 'readelf'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-tools-'));
  const root = join(folder, 'root');
  const work = join(folder, 'work');
  let modules: BuiltModule[] = [];

  beforeAll(async () => {
    const { recipe } = loadRecipe('recipes/tools.yaml');
    const report = () => {};
    const cache = userCache(process.env, report);
    const components = { cache, apt: { ...systemApt, noted: {} }, report };
    const { plans } = await planBase(recipe, components);
    const wanted = plans.filter(({ name }) => layers.includes(name));
    modules = await buildModules(wanted, components);
    // What init makes in the image.
    for (const place of ['proc', 'dev', 'tmp', 'mnt']) {
      mkdirSync(join(root, place), { recursive: true });
    }
    mkdirSync(work);
    for (const { name, path } of modules) {
      const archive = join(folder, name);
      mkdirSync(archive);
      judge('sh', ['-c', 'cd "$1" && cpio -i -d --quiet < "$2"', 'sh', archive, path]);
      judge('unsquashfs', ['-q', '-n', '-f', '-d', root, join(archive, `modules/${name}.sqfs`)]);
    }
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a program where there is nothing but the stacked layers; every function that it links has to be there. */
  const run = (...argv: string[]): string =>
    judge('bwrap', [
      ...['--unshare-user', '--uid', '0', '--gid', '0', '--unshare-net', '--die-with-parent'],
      ...['--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
      ...['--bind', work, '/mnt', '--clearenv', '--setenv', 'LD_BIND_NOW', '1', '--', ...argv],
    ]);

  test.each([
    ['bwrap', ['--version'], /^bubblewrap [0-9]/],
    ['setpriv', ['--version'], /^setpriv from util-linux [0-9]/],
    ['ip', ['-V'], /^ip utility, iproute2-[0-9]/],
    ['bridge', ['-V'], /^bridge utility, [0-9]/],
    ['kexec', ['-v'], /^kexec-tools [0-9]/],
    ['makedumpfile', ['-v'], /^makedumpfile: version [0-9]/],
    ['chronyd', ['-v'], /^chronyd .* version [0-9].*\+PRIVDROP/],
    ['iscsid', ['--version'], /^iscsid version [0-9]/],
    ['iscsiadm', ['--version'], /^iscsiadm version [0-9]/],
    ['nft', ['--version'], /^nftables v[0-9]/],
    ['smartctl', ['--version'], /^smartctl [0-9]/],
  ])('has %s, which runs with the layers that are below it', (program, args, expected) => {
    expect(run(`/usr/bin/${program}`, ...args)).toMatch(expected);
  });

  test('makes an ext4 file system and finds nothing wrong with it', () => {
    const disk = join(work, 'ext4');
    writeFileSync(disk, '');
    truncateSync(disk, 16 * 2 ** 20);
    run('/usr/sbin/mke2fs', '-q', '-t', 'ext4', '/mnt/ext4');
    expect(judge('file', ['-b', disk])).toContain('ext4 filesystem data');
    expect(run('/usr/sbin/e2fsck', '-f', '-n', '/mnt/ext4')).toMatch(/ 11\/[0-9]+ files /);
  });

  test('finds nothing wrong with a FAT file system, its own or one of mtools', () => {
    judge('mformat', ['-C', '-f', '1440', '-i', join(work, 'fat'), '::']);
    expect(run('/usr/sbin/fsck.fat', '-n', '/mnt/fat')).toMatch(/\/mnt\/fat: 0 files, 0\/[0-9]+ /);
    const own = join(work, 'own');
    writeFileSync(own, '');
    truncateSync(own, 64 * 2 ** 20);
    run('/usr/sbin/mkfs.fat', '-F', '32', '-n', 'SCRATCH', '/mnt/own');
    expect(judge('minfo', ['-i', own, '::'])).toContain('disk type="FAT32   "');
    expect(run('/usr/sbin/fsck.fat', '-n', '/mnt/own')).toMatch(/\/mnt\/own: 1 files, /);
  });

  test('lists the links of its name space', () => {
    expect(run('/usr/bin/ip', '-oneline', 'link', 'show', 'lo')).toMatch(/^1: lo: <LOOPBACK/);
  });

  test('reads the settings of a clock', () => {
    writeFileSync(join(work, 'chrony.conf'), 'server 192.0.2.1 iburst\nmakestep 1 3\n');
    const settings = run('/usr/bin/chronyd', '-p', '-f', '/mnt/chrony.conf');
    expect(settings).toBe('server 192.0.2.1 iburst\nmakestep 1 3\n');
  });

  describe('what they share', () => {
    const inventory = () => {
      const [found] = modules.find(({ name }) => name === 'tools')?.inventory ?? [];
      if (!found) throw new Error('tools has no inventory');
      return found;
    };

    test('is in one layer only, and what has it is named', () => {
      const { uses = [] } = inventory();
      const brought = new Set(
        modules.flatMap(({ name, paths }) =>
          name === 'tools' ? paths.map(({ path }) => path) : [],
        ),
      );
      expect(uses.map(({ module }) => module)).toEqual(['engine', 'vmm']);
      for (const { module, libraries } of uses) {
        const theirs = modules.find(({ name }) => name === module)?.paths.map(({ path }) => path);
        for (const soname of libraries) {
          const path = `usr/lib/x86_64-linux-gnu/${soname}`;
          expect(theirs, module).toContain(path);
          expect([...brought]).not.toContain(path);
        }
      }
      const { requires } = modules.find(({ name }) => name === 'tools') ?? {};
      expect(requires).toEqual(['engine', 'vmm']);
    });

    test('is all that they link, and nothing is brought that none of them links', () => {
      const folderOf = 'usr/lib/x86_64-linux-gnu/';
      const { files, uses = [] } = inventory();
      const linked = new Set<string>();
      for (const { path, sha256 } of files) {
        if (sha256 === undefined || !/^usr\/(bin|lib)\//.test(path)) continue;
        const dynamic = judge('readelf', ['-d', join(root, path)]);
        for (const [, soname] of dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)) linked.add(soname!);
      }
      linked.delete('ld-linux-x86-64.so.2');
      const there = [
        ...files.flatMap(({ path }) =>
          path.startsWith(folderOf) ? [path.slice(folderOf.length)] : [],
        ),
        ...uses.flatMap(({ libraries }) => libraries),
      ].filter((soname) => soname !== 'ld-linux-x86-64.so.2');
      expect(there.sort()).toEqual([...linked].sort());
    });
  });
});
