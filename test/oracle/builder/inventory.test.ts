import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { beforeAll, describe, expect, test } from 'vitest';
import { cacheDirectory } from '../../../src/host/own-folders.ts';
import { agents } from '../../../src/runtime/agents/registry.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage, repository } from './built-image.ts';

interface Found {
  readonly path: string;
  readonly module: string;
  readonly sha256: string | null;
  readonly target: string | null;
  readonly from: string;
  readonly changed: boolean;
  readonly standsFor: { readonly purl: string; readonly name: string } | null;
  readonly package: {
    readonly purl: string;
    readonly name: string;
    readonly sha256: string | null;
  };
}

/** The file of a component in the user's cache. */
const archiveOf = (sha256: string): string =>
  join(cacheDirectory(process.env), 'objects', sha256.slice(0, 2), sha256.slice(2));

judgedBy(['unsquashfs', 'dpkg-deb', 'tar', 'flock'], () => {
  const image = builtImage();
  const beside = (ending: string): string =>
    readFileSync(image.raw.replace(/img$/, ending), 'utf8');
  const inspect = (...options: string[]) => {
    const ended = image.program.run(['inspect', image.raw, '--quiet', ...options]);
    expect(ended.stderr).toBe('');
    return ended;
  };
  const asked = (paths: readonly string[]): Found[][] => {
    const options = paths.flatMap((path) => ['--file', path]);
    const { stdout } = inspect('--json', ...options);
    return JSON.parse(stdout).files.map((one: { found: Found[] }) => one.found);
  };

  describe('the SBOM beside an image', () => {
    test.each(['1.7', '1.6'] as const)(
      'is what the schema of CycloneDX %s asks for',
      async (version) => {
        const own = beside('cdx.json');
        expect(own).toContain('"specVersion": "1.7"');
        // What it uses of 1.7 the older schema knows as well, for tools that are not there yet.
        const text = own.replaceAll(/(?<=specVersion": "|bom-)1\.7/g, version);
        const validator = new JsonStrictValidator(version as Version);
        expect(await validator.validate(text)).toBeNull();
        const broken = text.replace('"type": "library"', '"type": "book"');
        expect(await validator.validate(broken)).not.toBeNull();
      },
    );

    test('is the one that the image itself carries', () => {
      expect(inspect('--sbom').stdout).toBe(beside('cdx.json'));
    });

    test('names nothing of the machine that built it', () => {
      const text = beside('cdx.json');
      for (const word of ['/root', '/home', process.cwd(), 'timestamp', 'BomRef.']) {
        expect(text).not.toContain(word);
      }
    });
  });

  describe('the inventory in an image', () => {
    const files: Found[] = [];
    beforeAll(() => {
      const { modules } = JSON.parse(beside('manifest.json')) as {
        modules: { name: string; paths: { path: string }[] }[];
      };
      const listed = modules.flatMap(({ name, paths }) =>
        paths.map(({ path }) => ({ name, path })),
      );
      for (const [index, found] of asked(listed.map(({ path }) => path)).entries()) {
        const { name, path } = listed[index]!;
        const own = found.filter((one) => one.module === name && one.path.endsWith(path));
        // Exactly one package brings it, or the build itself.
        expect([path, own.length]).toEqual([path, 1]);
        files.push(own[0]!);
      }
      expect(files.length).toBeGreaterThan(300);
    });

    test('has as made here just what is made here', () => {
      const runtime = join(repository, 'src/runtime');
      const sources = [
        join(runtime, 'image/system'),
        ...agents.map(({ name }) => join(runtime, 'agents', name, 'image')),
      ];
      const made = files.filter((one) => one.package.purl.startsWith('pkg:npm/twinbank@'));
      const kinds = made.map(({ path, target, standsFor }) => {
        if (target !== null) return 'link';
        if (standsFor !== null) return 'stub';
        if (/modules\.(dep|alias|softdep|symbols)$/.test(path)) return 'index of kernel modules';
        if (/^\/?usr\/share\/twinbank\/inventory\//.test(path)) return 'inventory';
        if (sources.some((folder) => existsSync(join(folder, path)))) return 'of src/runtime';
        if (/^\/etc\/(passwd|shadow|group)$/.test(path)) return 'accounts';
        if (/^\/(usr\/lib\/twinbank|etc\/twinbank)\//.test(path)) return 'bundled or settings';
        return /^(init|coredump|lib\/early-drivers|lib\/.*)$/.test(path) ? 'initramfs' : path;
      });
      expect([...new Set(kinds)].sort()).toEqual([
        ...['accounts', 'bundled or settings', 'index of kernel modules', 'initramfs'],
        ...['inventory', 'link', 'of src/runtime', 'stub'],
      ]);
      expect(made.filter(({ path }) => path.endsWith('.ko'))).toEqual([]);
    });

    test('has of every other file the package that dpkg-deb says has it', () => {
      const debs = files.filter((one) => one.package.purl.startsWith('pkg:deb/'));
      const archives = new Set(debs.map((one) => one.package.sha256!));
      expect(archives.size).toBeGreaterThan(25);
      for (const sha256 of archives) {
        const archive = archiveOf(sha256);
        expect(existsSync(archive)).toBe(true);
        const list = new Set(
          judge('dpkg-deb', ['-c', archive])
            .split('\n')
            // -rw-r--r-- root/root 1926232 2025-01-01 00:00 ./lib/x86_64-linux-gnu/libc.so.6 -> target
            .map((line) => line.replace(/^.*?:\d\d \.\//, '').replace(/( -> | link to ).*$/, ''))
            .map((path) => path.replace(/^(bin|sbin|lib|lib64)\//, 'usr/$1/')),
        );
        for (const one of debs.filter((deb) => deb.package.sha256 === sha256)) {
          expect([one.from, list.has(one.from)]).toEqual([one.from, true]);
        }
      }
    });

    test('calls unchanged what has the bytes that the package has, and nothing else', () => {
      const some = ['qemu-system-x86', 'seabios', 'busybox-static', 'libc6', 'libglib2.0-0'];
      for (const name of some) {
        const rows = files.filter((one) => one.package.name === name && one.target === null);
        expect(rows.length).toBeGreaterThan(0);
        // Unpacked once: some have dozens of files.
        for (const archive of new Set(rows.map((one) => archiveOf(one.package.sha256!)))) {
          judge('dpkg-deb', ['-x', archive, join(image.program.folder, name)]);
        }
        for (const { from, sha256, changed } of rows) {
          // One of the two is there; a link is followed to what it names.
          const paths = [from, from.replace(/^usr\//, '')].map((path) =>
            join(image.program.folder, name, path),
          );
          const script = 'for p; do [ -e "$p" ] && sha256sum < "$p" && break; done';
          const sum = judge('sh', ['-c', script, 'sh', ...paths]).slice(0, 64);
          expect([from, sum === sha256]).toEqual([from, !changed]);
        }
      }
    });

    test('names what stubs take the place of, and has no such package, licence or component', () => {
      const stubs = files.filter(({ standsFor }) => standsFor !== null);
      expect(stubs.map(({ path }) => path)).toContain('/usr/lib/x86_64-linux-gnu/libpmem.so.1');
      const whole = new Set(files.map((one) => one.package.purl));
      // Of glib only some libraries are left out.
      const left = stubs.filter(({ standsFor }) => !whole.has(standsFor!.purl));
      expect(left.length).toBeGreaterThan(5);
      const packages = JSON.parse(inspect('--packages', '--json').stdout);
      const licences = JSON.parse(inspect('--licences', '--json').stdout);
      const sbom = JSON.parse(beside('cdx.json'));
      const rows = stubs.map(({ path, standsFor }) => [standsFor!.purl, path]);
      for (const { leftOut } of [packages, licences]) {
        const listed = leftOut as { purl: string; path: string }[];
        expect(listed.map(({ purl, path }) => [purl, path])).toEqual(rows);
      }
      const shipped = [
        ...packages.packages.map((one: { purl: string }) => one.purl),
        ...licences.licences.flatMap((one: { packages: string[] }) => one.packages),
      ];
      const components = JSON.stringify(sbom.components);
      for (const { standsFor, path } of left) {
        expect(shipped).not.toContain(standsFor!.purl);
        expect(components).not.toContain(`"purl":${JSON.stringify(standsFor!.purl)}`);
        const value = `{"name":"twinbank:standsFor","value":${JSON.stringify(standsFor!.purl)}}`;
        expect([path, components.includes(value)]).toEqual([path, true]);
      }
      expect(inspect('--licences').stdout).toMatch(/^libpmem\.so\.1 +libpmem1 +\S+ +vmm$/m);
      expect(inspect('--packages').stdout).toMatch(/^libpmem\.so\.1 +libpmem1 +\S+ +vmm$/m);
      expect(inspect('--licences', 'Zlib').stdout).not.toContain('libpmem');
    });

    test('names what a module takes from one below it, as list, text, component and requirement', () => {
      const { uses } = JSON.parse(inspect('--packages', '--json').stdout);
      expect(uses).toEqual([
        { module: 'vmm', of: 'engine', libraries: expect.arrayContaining(['libc.so.6']) },
        { module: 'tools', of: 'engine', libraries: expect.arrayContaining(['libc.so.6']) },
        {
          module: 'tools',
          of: 'vmm',
          libraries: expect.arrayContaining(['libelf.so.1', 'libpcre2-8.so.0']),
        },
      ]);
      expect(inspect('--packages').stdout).toMatch(/^vmm uses of engine\n {2}.*libc\.so\.6/m);
      const { components } = JSON.parse(beside('cdx.json'));
      const vmm = components.find(({ name }: { name: string }) => name === 'vmm');
      const value = uses[0].libraries.join(' ');
      expect(vmm.properties).toContainEqual({ name: 'twinbank:uses:engine', value });
      const { modules } = JSON.parse(judge('mtype', ['-i', image.at(5), '::base.json']));
      const requires = modules.map((one: { name: string; requires: string[] }) => [
        one.name,
        one.requires,
      ]);
      expect(Object.fromEntries(requires)).toMatchObject({ engine: [], vmm: ['engine'] });
    });

    test('has the hash of the kernel and of the loader as they are in the image', () => {
      const [[kernel] = [], [loader] = []] = asked(['vmkernel', 'EFI/BOOT/BOOTX64.EFI']);
      const hashOf = (partition: number, file: string): string => {
        const bytes = judge('sh', [
          '-c',
          `mtype -i "$1" "::$2" | sha256sum`,
          'sh',
          image.at(partition),
          file,
        ]);
        return bytes.slice(0, 64);
      };
      expect(kernel!.sha256).toBe(hashOf(5, 'vmkernel'));
      expect(loader!.sha256).toBe(hashOf(1, 'EFI/BOOT/BOOTX64.EFI'));
    });

    test('answers what is under a licence', () => {
      expect(inspect('--licences', 'Zlib').stdout).toContain('zlib1g');
      expect(inspect('--licences').stdout).toContain('unknown\n');
      expect(inspect('--packages').stdout).toContain('qemu-guest-agent');
    });
  });

  test('says of a file in a package of the store where that is from', () => {
    const [[swtpm] = [], [code] = []] = asked(['/usr/bin/swtpm', 'usr/share/OVMF/OVMF_CODE_4M.fd']);
    expect(swtpm).toMatchObject({ package: { name: 'swtpm' }, path: 'usr/bin/swtpm' });
    expect(swtpm!.module).toMatch(/^swtpm_.*\.sqfs$/);
    expect(code).toMatchObject({ package: { name: 'ovmf' }, changed: false });
    expect(inspect('--packages').stdout).toMatch(/^libtpms0 .* store .*BSD-3-clause/im);
  });

  test('a path that nothing brings ends with 2 and says so', () => {
    const ended = image.program.start(['inspect', image.raw, '--file', '/etc/nothing', '--quiet']);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain('expected /etc/nothing to be of its system');
  });
});
