import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtImage } from './built-image.ts';
import { smallRecipeWarning, writeSmallRecipe } from './small-recipe.ts';

/** All that a quiet build without a key has to say. */
const developmentWarning =
  'warning: signed with the development key, which everybody has: for tests only; sign with --key KEY\n';

judgedBy(['flock', 'cmp', 'apt-cache'], () => {
  const image = builtImage();
  const { program } = image;
  const recipe = writeSmallRecipe(join(program.folder, 'locked'), 'locked');
  const lock = recipe.replace(/yaml$/, 'lock.yaml');
  const out = (name: string): string => join(program.folder, name);
  const build = (name: string, argv: readonly string[], env = {}) =>
    program.run(['build', recipe, '--out', out(name), '-q', ...argv], { env });

  /** A PATH whose apt refuses to answer: who asks it fails. */
  function withoutApt(): string {
    const bin = join(program.folder, 'no-apt');
    mkdirSync(bin, { recursive: true });
    for (const tool of ['apt-get', 'apt-cache', 'npm']) {
      writeFileSync(join(bin, tool), '#!/bin/sh\necho "asked: $0 $*" >&2\nexit 100\n');
      chmodSync(join(bin, tool), 0o755);
    }
    return `${bin}:${process.env.PATH}`;
  }

  describe('recipe lock', () => {
    test('writes down what a build uses, in the words of the build itself', () => {
      const ended = program.run(['recipe', 'lock', recipe]);
      expect(ended).toMatchObject({ status: 0, stdout: `${lock}: 3 components\n` });
      expect(build('free', []).status).toBe(0);
      expect(readFileSync(lock, 'utf8')).toBe(
        readFileSync(join(out('free'), 'locked-0.1.0.lock.yaml'), 'utf8'),
      );
    });

    test('lists the components with --json', () => {
      const { stdout } = program.run(['recipe', 'lock', recipe, '--json']);
      const { file, components } = JSON.parse(stdout);
      expect(file).toBe(lock);
      const ids = components.map(({ id }: { id: string }) => id);
      expect(ids).toContain('deb:busybox-static');
      expect(ids).toContain('deb:linux-image-amd64');
    });

    test('names what does not exist, and writes nothing', () => {
      const other = writeSmallRecipe(join(program.folder, 'locked'), 'other');
      const argv = ['recipe', 'lock', other, '--set', 'boot.busybox=deb:no-such-package-at-all'];
      const ended = program.run(argv);
      expect(ended).toMatchObject({ status: 3, stdout: '' });
      expect(ended.stderr).toContain('deb:no-such-package-at-all');
      expect(() => readFileSync(other.replace(/yaml$/, 'lock.yaml'))).toThrow('ENOENT');
    });
  });

  describe('build --locked', () => {
    test('makes the same bytes, and asks neither apt nor npm', () => {
      const ended = build('held', ['--locked'], { PATH: withoutApt() });
      expect(ended.status).toBe(0);
      expect(ended.stderr.replace(smallRecipeWarning, '')).toBe(developmentWarning);
      const images = ['free', 'held'].map((name) => join(out(name), 'locked-0.1.0.img'));
      expect(judge('cmp', images)).toBe('');
    });

    test('takes the whole default recipe too, libraries included', () => {
      const recipeOfAll = join(program.folder, 'locked/whole.yaml');
      const base = readFileSync(recipe, 'utf8').split('\n')[0];
      writeFileSync(recipeOfAll, `${base}\n`);
      expect(program.run(['recipe', 'lock', recipeOfAll]).status).toBe(0);
      const argv = ['build', recipeOfAll, '--locked', '--out', out('whole'), '-q'];
      const ended = program.run(argv, { env: { PATH: withoutApt() } });
      expect(ended).toMatchObject({ status: 0, stderr: developmentWarning });
      const whole = join(out('whole'), 'twinbank-0.1.0.img');
      expect(judge('cmp', [image.raw, whole])).toBe('');
    });

    test('lists every version that is gone, and ends with 5', () => {
      const text = readFileSync(lock, 'utf8');
      const gone = text
        .replace(/(busybox-static\n {4}version: ).*/, '$11:0.0-gone')
        .replace(/(linux-image-amd64\n {4}version: ).*/, '$10.0.0-gone')
        .replaceAll(/(sha256: )[0-9a-f]{8}/g, '$100000000');
      writeFileSync(lock, gone);
      const ended = build('gone', ['--locked']);
      expect(ended).toMatchObject({ status: 5, stdout: '' });
      expect(ended.stderr).toMatch(
        /^twinbank: the lock: expected the distribution or the cache to/,
      );
      expect(ended.stderr).toContain('deb:busybox-static=1:0.0-gone');
      expect(ended.stderr).toContain('deb:linux-image-amd64=0.0.0-gone');
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
      writeFileSync(lock, text);
    });

    test('refuses a recipe that asks for what the lock lacks', () => {
      const ended = build('lacks', ['--locked', '--set', 'boot.busybox=deb:busybox']);
      expect(ended).toMatchObject({ status: 3, stdout: '' });
      expect(ended.stderr).toMatch(/expected deb:busybox in it, .*twinbank recipe lock/);
    });

    test('needs a lock', () => {
      const unlocked = writeSmallRecipe(join(program.folder, 'locked'), 'unlocked');
      const ended = program.run(['build', unlocked, '--locked', '--out', out('none')]);
      expect(ended).toMatchObject({ status: 3, stdout: '' });
      expect(ended.stderr).toContain(
        `unlocked.lock.yaml: expected the recipe's lock, found none; write it with twinbank recipe lock ${unlocked}`,
      );
    });
  });
});
