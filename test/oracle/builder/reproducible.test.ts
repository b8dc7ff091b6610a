import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { soak } from '../../support/soak.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage, repository } from './built-image.ts';
import { copyCache } from './cache-copy.ts';
import { writeSmallRecipe } from './small-recipe.ts';

/** What a build is made of. */
const parts = ['src', 'recipes', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * The recipe of which two images are built in a copy of the repository. Two modules take minutes to pack: `npm test` leaves them
 * out, `soak` packs them as they are shipped.
 */
const baseRecipe = (copy: string): string =>
  soak ? 'recipes/default.yaml' : writeSmallRecipe(copy, 'small', copy);

/** The results of a build, each with its SHA-256. */
const digests = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder).map((name) => {
      return [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ];
    }),
  );

judgedBy(['taskset', 'flock'], () => {
  // Also fills the user's cache, on all cores; the builds below take what was fetched from there.
  const image = builtImage();

  /** Builds an image in a copy of the repository, as its own program does. */
  function build(copy: string, cache: string, shell: string, env: Record<string, string>) {
    const recipe = join(copy, 'every-type.yaml');
    const lines = [
      `extends: ${baseRecipe(copy)}`,
      'name: every',
      'modules:',
      '  extra: { type: files, files: "file:extra" }',
    ];
    writeFileSync(recipe, `${lines.join('\n')}\n`);
    const argv = [
      join(copy, 'dist/twinbank.js'),
      'build',
      recipe,
      '--format',
      'raw,qcow2,vmdk',
      '-q',
    ];
    judge(
      'sh',
      ['-c', `${shell} "$@"`, 'sh', process.execPath, ...argv, '--out', join(copy, 'o')],
      {
        ...env,
        TWINBANK_CACHE: cache,
      },
    );
    return digests(join(copy, 'o'));
  }

  describe('the same recipe', () => {
    test('gives the same bytes in another folder, time zone, locale, umask and on one core, all modules built anew', {
      timeout: 900_000,
    }, () => {
      const { folder } = image.program;
      const here = join(folder, 'a');
      mkdirSync(here);
      for (const part of parts) {
        cpSync(join(repository, part), join(here, part), { recursive: true });
      }
      symlinkSync(join(repository, 'node_modules'), join(here, 'node_modules'));
      mkdirSync(join(here, 'extra/etc'), { recursive: true });
      writeFileSync(join(here, 'extra/etc/motd'), 'hello\n');
      writeFileSync(join(here, 'extra/etc/run'), '#!/bin/sh\n', { mode: 0o755 });
      symlinkSync('motd', join(here, 'extra/etc/issue'));
      judge('node', [join(here, 'scripts/build.mjs')]);
      const there = join(folder, 'another folder/with a longer name');
      mkdirSync(join(there, '..'), { recursive: true });
      judge('sh', ['-c', 'umask 077; cp -r "$1" "$2"', 'sh', here, there]);

      // A part of what is built, and no time of any file.
      const madeAt = '1000000000';
      const warm = copyCache(folder, { derived: true });
      const first = build(here, warm, 'umask 022; exec', {
        TZ: 'UTC',
        LC_ALL: 'C.UTF-8',
        SOURCE_DATE_EPOCH: madeAt,
      });
      const cold = copyCache(folder, { derived: false });
      const second = build(there, cold, 'umask 077; exec taskset -c 0', {
        TZ: 'Pacific/Kiritimati',
        LANG: 'tr_TR.UTF-8',
        LC_ALL: 'tr_TR.UTF-8',
        SOURCE_DATE_EPOCH: madeAt,
        // Settings of a person's own that the packers would listen to.
        XZ_DEFAULTS: '--threads=0 --block-size=1MiB',
        ZSTD_NBTHREADS: '3',
        ZSTD_CLEVEL: '1',
      });
      expect(Object.keys(first).sort()).toEqual([
        'every-0.1.0.bmap',
        'every-0.1.0.cdx.json',
        'every-0.1.0.img',
        'every-0.1.0.lock.yaml',
        'every-0.1.0.manifest.json',
        'every-0.1.0.provenance.dsse.json',
        'every-0.1.0.provenance.json',
        'every-0.1.0.qcow2',
        'every-0.1.0.vmdk',
      ]);
      expect(second).toEqual(first);
      // Not by taking them from the cache.
      const built = readdirSync(join(cold, 'derived'));
      expect(built.length).toBeGreaterThanOrEqual(soak ? 9 : 6);
    });

    test('gives the same bytes offline, with everything in the cache', (context) => {
      const offline = ['unshare', '-n'];
      if (image.program.start(['--version'], { under: offline }).status !== 0) {
        if (process.env.CI) throw new Error('unshare -n: not allowed here');
        context.skip('unshare -n: not allowed here');
      }
      const out = join(image.program.folder, 'offline');
      const argv = [
        'build',
        'recipes/default.yaml',
        '--out',
        out,
        '--format',
        'raw,qcow2,vmdk',
        '-q',
      ];
      const ended = image.program.start(argv, { under: offline });
      expect(ended).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/^warning: signed with the development key, [^\n]*\n$/),
      });
      expect(readdirSync(out)).toEqual(readdirSync(image.folder));
      for (const name of readdirSync(out))
        judge('cmp', [join(out, name), join(image.folder, name)]);
    });

    test('with --unique gives other GUIDs, serials and bank marks, and the same files', () => {
      const out = join(image.program.folder, 'unique');
      const argv = ['build', 'recipes/default.yaml', '--out', out, '--unique', '--json'];
      const ended = image.program.run(argv);
      expect(ended.status).toBe(0);
      expect(JSON.parse(ended.stdout).images[0].modules).toEqual(image.json().images[0]!.modules);
      const tables = [image.raw, join(out, 'twinbank-0.1.0.img')].map((path) => {
        const { partitiontable } = JSON.parse(judge('sfdisk', ['-J', path]));
        const partitions = partitiontable.partitions as { uuid: string }[];
        return [partitiontable.id as string, ...partitions.map(({ uuid }) => uuid)];
      });
      for (const guid of tables[0]!) expect(tables[1]).not.toContain(guid);
    });
  });
});
