import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownerMark } from '../../../src/host/process-owner.ts';
import { judgedBy } from '../components/foreign-tool.ts';
import { builtImage } from './built-image.ts';
import { copyCache } from './cache-copy.ts';
import { smallRecipeWarning, writeSmallRecipe } from './small-recipe.ts';

judgedBy(['flock', 'cmp'], () => {
  const image = builtImage();
  const { program } = image;
  const recipe = writeSmallRecipe(program.folder);
  const folder = (name: string): string => join(program.folder, name);

  /** Builds the small recipe and expects one sentence and this exit code. */
  function refused(
    code: number,
    out: string,
    argv: readonly string[],
    { env = {}, run = program.run } = {},
  ): string {
    const ended = run(['build', recipe, '--out', out, '-q', ...argv], { env });
    expect(ended).toMatchObject({ status: code, stdout: '' });
    const said = ended.stderr.replace(smallRecipeWarning, '');
    expect(said.trim().split('\n')).toHaveLength(1);
    return said;
  }

  describe('a build is refused before anything is written', () => {
    test('when a bank does not fit: the largest file and a size that would do are named', () => {
      const out = folder('too-small');
      const argv = ['build', 'recipes/default.yaml', '--out', out, '-q', '--set'];
      const ended = program.start([...argv, 'bank.size=36MiB']);
      expect(ended).toMatchObject({ status: 3, stdout: '' });
      expect(ended.stderr).toMatch(
        /^bank\.size 36MiB: expected 2MiB to stay free \(bank\.reserve\), found .* too large; the largest file is engine\.v00 with \d+\.\d MiB; a bank of \d+MiB would do\n$/,
      );
      const size = /a bank of (\S+) would do/.exec(ended.stderr)?.[1];
      expect(program.run([...argv, `bank.size=${size}`]).status).toBe(0);
      rmSync(out, { recursive: true });
      const smaller = `${Number.parseInt(size ?? '', 10) - 1}MiB`;
      expect(program.run([...argv, `bank.size=${smaller}`]).status).toBe(3);
      expect(() => readdirSync(out)).toThrow('ENOENT');
    });

    test('when a host tool is missing: the tool, its package and the way to get it are named', () => {
      const bin = folder('bin');
      mkdirSync(bin);
      for (const tool of ['zstd', 'xz', 'strip', 'apt-get', 'apt-cache', 'npm']) {
        symlinkSync(join('/usr/bin', tool), join(bin, tool));
      }
      const said = refused(4, folder('no-tool'), [], { env: { PATH: bin }, run: program.start });
      expect(said).toMatch(
        /^twinbank: mksquashfs: expected this program on the PATH for modules, found none; install the package squashfs-tools/,
      );
    });

    test('when there is no such driver: where it stands, with what may have been meant', () => {
      const drivers = 'modules.drivers.drivers=[virtio_blk, nvem]';
      expect(refused(3, folder('driver'), ['--set', drivers])).toBe(
        `--set ${drivers} modules.drivers.drivers[1]: expected a driver that the kernel has, found "nvem"; did you mean "nvme"?\n`,
      );
    });

    test.each([
      [
        'libpmem1',
        'expected the name that programs link a library by, such as libpmem.so.1, found "libpmem1"',
      ],
      [
        'libpng16.so.15',
        'expected libraries that the programs, or libraries that stay, link, found libpng16.so.15, which none of them does; did you mean libpng16.so.16?',
      ],
      [
        'libunistring.so.2',
        'expected libraries of which only functions are linked, found libunistring.so.2, whose UC_CATEGORY_Me is data that /usr/lib/x86_64-linux-gnu/libgnutls.so.30 reads',
      ],
    ])('when %s cannot be left out: where it stands, and why', (name, why) => {
      const stubs = `modules.vmm.stubs=[${name}]`;
      const argv = ['build', 'recipes/default.yaml', '-q', '--set', stubs];
      const ended = program.run([...argv, '--out', folder('stub')]);
      const stderr = `--set ${stubs} modules.vmm.stubs[0]: ${why}\n`;
      expect(ended).toMatchObject({ status: 3, stdout: '', stderr });
    });

    test('when there is no such agent', () => {
      expect(
        refused(3, folder('agent'), ['--set', 'modules.agents.agents=[vmkd, hostdd]']),
      ).toMatch(/^modules\.agents\.agents: expected agents of vmkd.*, found "hostdd"\n$/);
    });

    test('when boot.cfg has no room for the options', () => {
      const words = Array.from({ length: 20 }, (_, index) => `option${index}=${'x'.repeat(50)}`);
      const said = refused(3, folder('options'), ['--set', `kernel.options=[${words.join(',')}]`]);
      expect(said).toContain('1024');
    });

    test('when the place for the results is a file', () => {
      writeFileSync(folder('a-file'), '');
      expect(refused(5, folder('a-file'), [], { run: program.start })).toContain(folder('a-file'));
    });
  });

  test('without space it ends with 5 and leaves nothing, neither foreseen nor in the middle', (context) => {
    const out = folder('small-disk');
    mkdirSync(out);
    const mount = (bytes: number) =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.floor(bytes)}`, 'none', out]).status;
    if (mount(2 ** 20) !== 0) {
      if (process.env.CI) throw new Error('mount: not allowed here');
      context.skip('mount: not allowed here');
    }
    let needed = 0;
    try {
      const ended = program.run(['build', recipe, '--out', out, '--json', '-q']);
      expect(ended.status).toBe(5);
      const { error } = JSON.parse(ended.stdout);
      expect(error.message).toMatch(/small-disk: expected .* MiB of free space .*, found 1\.0 MiB/);
      needed = error.data.bytes;
      expect(readdirSync(out)).toEqual([]);
    } finally {
      spawnSync('umount', [out]);
    }
    // What is counted beforehand is less than what is written in the end: tables and block map.
    expect(mount(needed + 8192)).toBe(0);
    try {
      const said = refused(5, out, []);
      expect(said).toMatch(/no space is left/);
      expect(readdirSync(out)).toEqual([]);
    } finally {
      spawnSync('umount', [out]);
    }
  });

  test('a damaged module in the cache is noticed and built anew, to the same bytes', () => {
    const cache = copyCache(program.folder, { derived: true });
    const build = (out: string) =>
      program.run(['build', recipe, '--out', folder(out), '--json'], {
        env: { TWINBANK_CACHE: cache },
      });
    const first = build('sound');
    expect(first.status).toBe(0);
    const modules: { name: string; sha256: string }[] = JSON.parse(first.stdout).images[0].modules;
    const { sha256 } = modules.find(({ name }) => name === 'agents')!;
    const object = join(cache, 'objects', sha256.slice(0, 2), sha256.slice(2));
    const times = statSync(object);
    const bytes = readFileSync(object);
    bytes[bytes.length >> 1]! ^= 1;
    // Not through the link that the user's own cache shares.
    rmSync(object);
    writeFileSync(object, bytes);
    // As somebody would who does not want it to be seen.
    const { atime, mtime } = times;
    utimesSync(object, atime, mtime);

    const second = build('healed');
    expect(second.status).toBe(0);
    expect(second.stderr).toContain(`${object}: damaged in the cache; it is made again`);
    expect(second.stderr).toContain('building agents.v00');
    expect(second.stderr).not.toContain('building drivers.v00');
    const images = ['sound', 'healed'].map((name) => join(folder(name), 'small-0.1.0.img'));
    expect(spawnSync('cmp', images).status).toBe(0);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s in the middle ends it with %d; nothing half-done is left',
    async (signal, code) => {
      const cache = copyCache(program.folder, { derived: true });
      const out = folder(`stopped-by-${signal}`);
      // No other build has these, so that they are read from the kernel and packed here.
      const drivers = `modules.drivers.drivers=[virtio_blk, ${signal === 'SIGINT' ? 'e100' : 'tg3'}]`;
      const argv = [program.path, 'build', recipe, '--out', out, '--set', drivers];
      const child = spawn(process.execPath, argv, {
        env: { ...process.env, TWINBANK_CACHE: cache },
      });
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += chunk;
        if (said.includes('building drivers.v00')) child.kill(signal);
      });
      const ended = await new Promise((resolve) => child.once('close', resolve));
      expect(said).toContain('building drivers.v00');
      expect(said).toMatch(new RegExp(`twinbank: interrupted by ${signal}\\n$`));
      expect(ended).toBe(code);
      expect(() => readdirSync(out)).toThrow('ENOENT');
      expect(readdirSync(join(cache, 'scratch'))).toEqual([]);
    },
  );

  test('the next build removes what one that was killed has left', () => {
    const out = folder('swept');
    mkdirSync(out);
    // No process has this number: it is beyond what Linux gives out.
    const gone = ownerMark().replace(/^\d+/, '4194305');
    writeFileSync(join(out, `.twinbank-${gone}-0123abcd.partial`), 'left');
    writeFileSync(join(out, `.twinbank-${ownerMark()}-0123abcd.partial`), 'in use');
    expect(program.start(['build', recipe, '--out', out, '-q']).status).toBe(0);
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([
      `.twinbank-${ownerMark()}-0123abcd.partial`,
    ]);
  });
});
