import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage } from './built-image.ts';

judgedBy(['sfdisk', 'mcopy', 'cpio', 'unsquashfs', 'zstd', 'flock'], () => {
  const image = builtImage();
  const fromBank = (name: string): string => {
    const path = join(image.program.folder, name);
    judge('mcopy', ['-o', '-n', '-i', image.at(5), `::${name}`, path]);
    return path;
  };
  /** The squashfs of a layer, taken out of its archive by cpio. */
  const squashfsOf = (layer: string): string => {
    const folder = join(image.program.folder, `${layer}-archive`);
    mkdirSync(folder, { recursive: true });
    const archive = fromBank(`${layer}.v00`);
    judge('sh', ['-c', 'cd "$1" && cpio -i -d --quiet < "$2"', 'sh', folder, archive]);
    return join(folder, 'modules', `${layer}.sqfs`);
  };
  const unpacked = (layer: string): string => {
    const folder = join(image.program.folder, `${layer}-tree`);
    judge('unsquashfs', ['-q', '-n', '-f', '-d', folder, squashfsOf(layer)]);
    return folder;
  };
  const manifest = () =>
    JSON.parse(readFileSync(image.raw.replace(/img$/, 'manifest.json'), 'utf8')).modules as {
      name: string;
      paths: { path: string; bytes?: number }[];
    }[];

  describe.each(['engine', 'agents', 'vmm', 'drivers', 'tools'])('the layer %s', (layer) => {
    test('is an archive with just its squashfs', () => {
      const list = judge('sh', ['-c', 'cpio -t --quiet < "$1"', 'sh', fromBank(`${layer}.v00`)]);
      expect(list).toBe(`modules\nmodules/${layer}.sqfs\n`);
    });

    test('holds what the manifest lists, owned by root and without a time', () => {
      const lines = judge('unsquashfs', ['-lln', squashfsOf(layer)], { TZ: 'UTC' })
        .split('\n')
        .filter((line) => line.includes('squashfs-root'));
      const rows = lines.map((line) => {
        // -rwxr-xr-x 0/0   107103280 1970-01-01 00:00 squashfs-root/usr/bin/node
        const parts = /^(\S{10}) (\S+) +(\d+) (\S+ \S+) squashfs-root(\S*)(?: -> (.*))?$/.exec(
          line,
        );
        if (!parts) throw new Error(`not understood: ${line}`);
        const [, mode = '', owner, size, time, path = ''] = parts;
        return { mode, owner, size: Number(size), time, path: path.slice(1) };
      });
      expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set(['0/0']));
      expect(new Set(rows.map(({ time }) => time))).toEqual(new Set(['1970-01-01 00:00']));
      const modes = new Set(rows.map(({ mode }) => mode));
      const expected = ['drwxr-xr-x', '-rw-r--r--', '-rwxr-xr-x', 'lrwxrwxrwx'];
      expect([...modes].filter((mode) => !expected.includes(mode))).toEqual([]);
      const files = rows.filter(({ mode }) => !mode.startsWith('d'));
      const listed = manifest().find(({ name }) => name === layer)?.paths ?? [];
      expect(files.map(({ path }) => path).sort()).toEqual(listed.map(({ path }) => path).sort());
      for (const { path, bytes } of listed) {
        if (bytes === undefined) continue;
        expect(files.find((file) => file.path === path)?.size, path).toBe(bytes);
      }
    });
  });

  test('boot.v00 is an initramfs in zstd, with init, busybox and its early drivers', () => {
    const archive = join(image.program.folder, 'boot.cpio');
    // Behind the compressed data there may be zeros up to a multiple of 4, which the kernel skips.
    judge('sh', [
      '-c',
      'zstd -dcq "$1" > "$2" || [ -s "$2" ]',
      'sh',
      fromBank('boot.v00'),
      archive,
    ]);
    const list = judge('sh', ['-c', 'cpio -t --quiet < "$1"', 'sh', archive]).split('\n');
    expect(list).toEqual(expect.arrayContaining(['init', 'bin/busybox', 'lib/early-drivers']));
    for (const driver of ['loop', 'squashfs', 'overlay']) {
      expect(list).toContain(`lib/${driver}.ko`);
    }
    for (const path of list.filter(Boolean)) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        expect(list.indexOf(path.slice(0, end))).toBeLessThan(list.indexOf(path));
        expect(list).toContain(path.slice(0, end));
      }
    }
  });

  test('the kernel is one, and the drivers are its own', () => {
    expect(judge('file', ['-b', fromBank('vmkernel')])).toMatch(
      /^Linux kernel x86 boot executable/,
    );
    const dep = judge('unsquashfs', ['-l', squashfsOf('drivers')]);
    const release = /usr\/lib\/modules\/([^/\n]+)$/m.exec(dep)?.[1];
    expect(judge('file', ['-b', join(image.program.folder, 'vmkernel')])).toContain(`${release}`);
  });

  test('the engine runs by its own loader and libraries, speaks English, and loads no add-on', () => {
    const tree = unpacked('engine');
    const run = (...args: string[]) => runIn(tree, 'usr/bin/node', args);
    expect(run('--version')).toMatch(/^v24\./);
    const date = "new Date(0).toLocaleDateString('en-GB', { month: 'long', timeZone: 'UTC' })";
    expect(run('-p', date)).toBe('January\n');
    const script = join(image.program.folder, 'crypto.mjs');
    writeFileSync(
      script,
      `import { gzipSync, gunzipSync } from 'node:zlib';
       import { generateKeyPairSync, sign, verify } from 'node:crypto';
       const { publicKey, privateKey } = generateKeyPairSync('ed25519');
       const text = gunzipSync(gzipSync(Buffer.from('twinbank')));
       console.log(verify(null, text, publicKey, sign(null, text, privateKey)), await fetch('data:,x').then((r) => r.text()));`,
    );
    expect(run(script)).toBe('true x\n');
    // What is not in it says so (docs/compression.md).
    const sqlite = "try { require('node:sqlite') } catch (error) { error.message }";
    expect(run('-p', sqlite)).toBe('node:sqlite was left out of this engine\n');
  });

  test("the monitor runs with the engine's libraries below its own", () => {
    const engine = unpacked('engine');
    const tree = unpacked('vmm');
    const folders = [tree, engine].map((root) => join(root, 'usr/lib/x86_64-linux-gnu')).join(':');
    const loader = join(engine, 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');
    const program = join(tree, 'usr/bin/qemu-system-x86_64');
    const loaded = judge(loader, ['--library-path', folders, '--list', program]);
    // Nothing of the build host's may be needed.
    const paths = [...loaded.matchAll(/=> (\S+)/g)].map(([, path]) => path!);
    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((path) => !path.startsWith(image.program.folder))).toEqual([]);
    const version = judge(loader, ['--library-path', folders, program, '--version']);
    expect(version).toMatch(/^QEMU emulator version 7\./);
    // Of what the packages have there is only what is used: no tables for exceptions, which C has not.
    expect(judge('readelf', ['--debug-dump=frames', program])).not.toContain('FDE');
  });
});

/** Runs a program of an unpacked layer with nothing but what is in it. */
function runIn(tree: string, program: string, args: readonly string[]): string {
  const libraries = join(tree, 'usr/lib/x86_64-linux-gnu');
  const loader = join(libraries, 'ld-linux-x86-64.so.2');
  return judge(loader, ['--library-path', libraries, join(tree, program), ...args]);
}
