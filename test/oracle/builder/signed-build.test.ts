import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { judgedBy } from '../components/foreign-tool.ts';
import { builtProgram } from './built-image.ts';
import { smallRecipeWarning, writeSmallRecipe } from './small-recipe.ts';

judgedBy(['mksquashfs', 'flock'], () => {
  const program = builtProgram();
  const { folder } = program;
  const run = (argv: readonly string[], env: Record<string, string | undefined> = {}) =>
    program.run(argv, { cwd: folder, env: { TWINBANK_PASSPHRASE: undefined, ...env } });
  const start = (argv: readonly string[], env: Record<string, string | undefined> = {}) =>
    program.start(argv, { cwd: folder, env: { TWINBANK_PASSPHRASE: undefined, ...env } });
  const done = (argv: readonly string[], env = {}): string => {
    const { status, stdout, stderr } = run(argv, env);
    if (status !== 0) throw new Error(`twinbank ${argv.join(' ')}: ${status}: ${stderr}`);
    return stdout;
  };
  const json = (...argv: readonly string[]) => JSON.parse(done([...argv, '--json']));
  let recipe = '';
  const ids: Record<string, string> = {};

  beforeAll(() => {
    recipe = writeSmallRecipe(folder);
    for (const [name, passphrase] of [
      ['release', ''],
      ['next', ''],
      ['locked', 'secret'],
    ]) {
      const made = done(['keys', 'new', 'keys', '--name', name!, '--json'], {
        TWINBANK_PASSPHRASE: passphrase,
      });
      ids[name!] = JSON.parse(made).keyId;
    }
  });

  describe('build --key', () => {
    test('signs the image, which trusts that key and those of the recipe', () => {
      const argv = ['build', recipe, '--key', 'keys/release.key', '--out', 'signed'];
      const [built] = json(...argv, '--set', 'trust=["file:keys/next.pub"]').images;
      expect(built).toMatchObject({ keyIds: [ids.release], development: false });
      const image = 'signed/small-0.1.0.img';
      for (const { signed } of json('inspect', image).banks) {
        expect(signed).toEqual([
          { origin: 'base', version: '0.1.0', keyIds: [ids.release], development: false },
        ]);
      }
      expect(run(['verify', image, '--key', 'keys/release.pub']).status).toBe(0);
      expect(run(['verify', image, '--key', 'keys/next.pub']).status).toBe(6);
      done(['bundle', image, '--key', 'keys/next.key', '--out', 'x.tbu']);
      const { trust } = json('inspect', 'x.tbu');
      expect(trust.map(({ keyId }: { keyId: string }) => keyId).sort()).toEqual(
        [ids.release, ids.next].sort(),
      );
    });

    test('without one signs with the development key, which every result shows', () => {
      const { status, stdout, stderr } = run(['build', recipe, '--out', 'dev', '-q']);
      expect(status).toBe(0);
      expect(stdout).toMatch(
        /signed by key [0-9a-f]{16} \(the development key, which everybody has\)\n/,
      );
      expect(stderr).toMatch(smallRecipeWarning);
      expect(stderr.replace(smallRecipeWarning, '')).toBe(
        'warning: signed with the development key, which everybody has: for tests only; sign with --key KEY\n',
      );
      const [built] = json('build', recipe, '--out', 'dev').images;
      expect(built.development).toBe(true);
    });

    test('asks for a passphrase that fits, and makes nothing without', () => {
      const argv = ['build', recipe, '--key', 'keys/locked.key', '--out', 'locked', '-q'];
      expect(start(argv).status).toBe(2);
      expect(start(argv, { TWINBANK_PASSPHRASE: 'wrong' })).toMatchObject({
        status: 6,
        stdout: '',
      });
      expect(existsSync(join(folder, 'locked'))).toBe(false);
      const signed = start(argv, { TWINBANK_PASSPHRASE: 'secret' });
      expect(signed).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`signed by key ${ids.locked}\n`),
      });
    });

    test.each([
      ['public', 'keys/release.pub', 6],
      ['missing', 'keys/none.key', 5],
      ['empty', '', 2],
    ])('with a %s key ends in one sentence', (_what, key, expected) => {
      const { status, stdout, stderr } = run([
        'build',
        recipe,
        '--key',
        key,
        '--out',
        'none',
        '-q',
      ]);
      expect([status, stdout]).toEqual([expected, '']);
      expect(stderr).toMatch(/^twinbank: [^\n]+\n$/);
      expect(existsSync(join(folder, 'none'))).toBe(false);
    });
  });

  /** An OEM in a folder of its name, with these lines in its provider.yaml and these files. */
  function oem(name: string, lines: readonly string[], files: readonly string[] = []): string {
    const place = join(folder, 'oems', name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'provider.yaml'), `${lines.join('\n')}\n`);
    for (const path of files) {
      mkdirSync(dirname(join(place, 'files', path)), { recursive: true });
      writeFileSync(join(place, 'files', path), `${name} ${path}`);
    }
    return join('oems', name);
  }
  const about = (name: string): string[] => [`name: ${name}`, 'vendor: ACME', 'version: "1.0"'];
  /** What a build with these OEMs is refused with, line by line. */
  function refused(...oems: readonly string[]): string[] {
    const argv = oems.flatMap((place) => ['--oem', place]);
    const ended = run([
      'build',
      recipe,
      ...argv,
      '--key',
      'keys/release.key',
      '--out',
      'refused',
      '-q',
    ]);
    expect(ended).toMatchObject({ status: 3, stdout: '' });
    expect(existsSync(join(folder, 'refused'))).toBe(false);
    return ended.stderr.trimEnd().split('\n');
  }

  describe('build --oem', () => {
    test('takes what goes together, each with a manifest of its own', () => {
      const one = oem('acme', [...about('acme'), 'provides: [acme-cim = 2]'], ['opt/acme/tool']);
      const two = oem('zeta', [...about('zeta'), 'requires: [acme-cim >= 2]'], ['opt/zeta/tool']);
      const argv = ['--oem', one, '--oem', two, '--key', 'keys/release.key', '--out', 'oems-image'];
      done(['build', recipe, ...argv]);
      const { banks } = json('inspect', 'oems-image/small-0.1.0+acme-1.0+zeta-1.0.img');
      const origins = banks[0].signed.map(({ origin }: { origin: string }) => origin);
      expect(origins).toEqual(['base', 'acme', 'zeta']);
      expect(
        run(['verify', 'oems-image/small-0.1.0+acme-1.0+zeta-1.0.img', '--key', 'keys/release.pub'])
          .status,
      ).toBe(0);
    });

    test('names every mistake of a provider.yaml, each at its place', () => {
      const wrong = oem('wrong', [
        'name: muchtoolong',
        'vendor: ACME',
        'version: 1.10',
        'requires: ["twinbank => 1"]',
        'requries: []',
      ]);
      const lines = refused(wrong);
      expect(lines.map((line) => line.replace(/: expected.*/, ''))).toEqual([
        expect.stringMatching(/provider\.yaml:1:7 name$/),
        expect.stringMatching(/provider\.yaml:3:10 version$/),
        expect.stringMatching(/provider\.yaml:4:12 requires\[0\]$/),
        expect.stringMatching(/provider\.yaml:5:1 requries$/),
      ]);
      expect(lines[3]).toContain('did you mean "requires"?');
    });

    test.each<[string, () => string[], string]>([
      [
        'two that bring one file',
        () => [oem('one', about('one'), ['etc/x']), oem('two', about('two'), ['etc/x'])],
        'two/files/etc/x both bring /etc/x; leave it out of one, or let two say replaces: [one]',
      ],
      [
        'one with the name of a module of the base',
        () => [oem('agents', about('agents'))],
        'agents/provider.yaml:1:7 both have the module agents; rename one of them',
      ],
      [
        'one that requires what is not there',
        () => [oem('needy', [...about('needy'), 'requires: [cim >= 2]'])],
        'needy of needy requires cim >= 2, found none; bring one that fits, or leave needy out',
      ],
      [
        'one that requires a newer base',
        () => [oem('newer', [...about('newer'), 'requires: ["twinbank >= 9"]'])],
        'newer of newer requires twinbank >= 9, found twinbank 0.1.0; bring one that fits, or leave newer out',
      ],
      [
        'one that conflicts with another',
        () => [oem('one', about('one')), oem('two', [...about('two'), 'conflicts: [one]'])],
        'two of two conflicts with one, found one 1.0 of one; leave out one of them',
      ],
      [
        'one of a name that another one has',
        () => [oem('one', about('one')), oem('again', about('one'))],
        'again/provider.yaml:1:7 both are one (1.0 and 1.0); leave out one of them',
      ],
    ])('refuses %s, and names both sides', (_what, oems, message) => {
      expect(refused(...oems()).join('\n')).toContain(message);
    });

    test('names a folder that is not there, and one without a provider', () => {
      mkdirSync(join(folder, 'oems/empty'), { recursive: true });
      const argv = ['--oem', 'oems/nowhere', '--oem', 'oems/empty', '--out', 'refused', '-q'];
      expect(run(['build', recipe, ...argv])).toMatchObject({
        status: 2,
        stdout: '',
        stderr:
          'twinbank: --oem: expected folders with a provider.yaml, or packed .oem files, found no such file: oems/nowhere; oems/empty, which has none\n',
      });
    });
  });
});
