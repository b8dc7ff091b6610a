import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentEndings } from '../../../src/disk/image-documents.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtProgram } from './built-image.ts';
import { writeSmallRecipe } from './small-recipe.ts';

judgedBy(['cmp', 'mdir'], () => {
  const program = builtProgram();
  const { folder } = program;
  const recipe = writeSmallRecipe(folder);
  const lab = join(folder, 'lab.yaml');
  writeFileSync(lab, 'extends: small.yaml\nname: lab\n');

  function provider(name: string, more = ''): string {
    const path = join(folder, name);
    mkdirSync(join(path, 'files/usr/share'), { recursive: true });
    writeFileSync(join(path, 'files/usr/share', name), `of ${name}\n`);
    writeFileSync(join(path, 'provider.yaml'), `name: ${name}\nvendor: X\nversion: "1.0"\n${more}`);
    return name;
  }
  const run = (...argv: string[]) => program.run(['build', ...argv, '-q'], { cwd: folder });
  const endings = [
    ...['bmap', 'cdx.json', 'img', 'lock.yaml', 'manifest.json'],
    ...['provenance.dsse.json', 'provenance.json'],
  ];
  const columns = (...names: string[]) => names.flatMap((name) => ['--oem', name]);

  describe('a matrix', () => {
    test('has every recipe with every column, each the bytes that it has when it is built alone', () => {
      for (const name of ['acme', 'ridge']) provider(name);
      const argv = [recipe, lab, ...columns('acme', 'acme,ridge', 'none')];
      const { status, stdout } = run(...argv, '--matrix', '--out', 'matrix', '--json');
      expect(status).toBe(0);
      const { images, failed } = JSON.parse(stdout);
      expect(failed).toEqual([]);
      const of = (name: string) => [`${name}+acme-1.0`, `${name}+acme-1.0+ridge-1.0`, name];
      const names = [...of('small-0.1.0'), ...of('lab-0.1.0')];
      expect(images.map((one: { image: string }) => one.image)).toEqual(names);
      expect(readdirSync(join(folder, 'matrix')).sort()).toEqual(
        names.flatMap((name) => endings.map((ending) => `${name}.${ending}`)).sort(),
      );
      // What is of no image in particular is a lock.
      const said = endings.filter((ending) => !['img', 'lock.yaml'].includes(ending));
      expect([...documentEndings].sort()).toEqual(said);
      expect(images[1]).toMatchObject({ oem: ['acme', 'ridge'], recipe });
      const alone = [lab, ...columns('acme', 'ridge'), '--out', 'alone'];
      expect(run(...alone).status).toBe(0);
      for (const ending of endings) {
        const same = `lab-0.1.0+acme-1.0+ridge-1.0.${ending}`;
        judge('cmp', [join(folder, 'alone', same), join(folder, 'matrix', same)]);
      }
    });

    test('loses none by the failure of another, and ends with the code of the first one', () => {
      provider('good');
      provider('needy', 'requires: [gone]\n');
      provider('broken', 'drivers: 7\n');
      const argv = [recipe, ...columns('good', 'needy', 'broken', 'none'), '--matrix'];
      const { status, stdout, stderr } = run(...argv, '--out', 'some');
      expect(status).toBe(3);
      const cells = stdout.split('\n').map((line) => line.split(/ {2,}/));
      expect(cells.map(([image, , outcome]) => [image, outcome])).toEqual([
        ['image', 'outcome'],
        ['small-0.1.0+good-1.0.img', 'built'],
        ['small-0.1.0+needy-1.0', 'failed: oem.requires'],
        ['small-0.1.0 + broken', 'failed: recipe.invalid'],
        ['small-0.1.0.img', 'built'],
        [expect.stringContaining('signed by'), undefined],
        [expect.stringContaining('on the disk, with all that is in it'), undefined],
        ['', undefined],
      ]);
      expect(stderr).toContain('expected 4 images, found 2 of them failed\n');
      expect(stderr).toContain('needy of needy requires gone, found none');
      expect(stderr).toContain('broken/provider.yaml:4:10 drivers: expected');
      expect(readdirSync(join(folder, 'some')).filter((name) => name.endsWith('img'))).toEqual([
        'small-0.1.0+good-1.0.img',
        'small-0.1.0.img',
      ]);
    });

    test('builds nothing where a path of it is not there', () => {
      const argv = [recipe, ...columns('acme', 'missing', 'none'), '--matrix', '--out', 'none'];
      const { status, stdout, stderr } = run(...argv);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain('found no such file: missing\n');
      expect(run(recipe, 'gone.yaml', '--out', 'none').status).toBe(3);
      expect(existsSync(join(folder, 'none'))).toBe(false);
    });

    test('that is interrupted leaves whole images and nothing else', async () => {
      const names = Array.from({ length: 30 }, (_, index) => provider(`o${index}`));
      const argv = ['build', recipe, ...columns(...names), '--matrix', '--out', 'cut'];
      const child = spawn(process.execPath, [program.path, ...argv], { cwd: folder });
      let told = '';
      let cut = false;
      child.stderr.on('data', (chunk: Buffer) => {
        told += chunk;
        // Some are done, others under way. Once: the second one does not wait.
        if (cut || !told.includes('[3/30]')) return;
        cut = child.kill('SIGINT');
      });
      const [code] = await once(child, 'close');
      expect(code, told).toBe(130);
      const left = readdirSync(join(folder, 'cut'));
      const images = left.filter((name) => name.endsWith('.img'));
      expect(images.length).toBeGreaterThanOrEqual(3);
      expect(images.length).toBeLessThan(30);
      const whole = images.flatMap((name) => endings.map((end) => name.replace(/img$/, end)));
      expect(left.sort()).toEqual(whole.sort());
    });
  });
});
