import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runHere } from '../../host.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-cli-test-'));
  const good =
    'description: A good one\nmatrix: { firmware: [bios, uefi] }\nsteps: [build, flash, boot]\n';
  writeFileSync(join(folder, 'good.yaml'), good);
  writeFileSync(join(folder, 'bad.txt'), 'description: A bad one\nsteps: [boot, flahs]\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...argv: string[]) => runHere(['test', ...argv], { host: { cwd: folder } });

describe('twinbank test', () => {
  test('lists the runs of a folder, and runs nothing', async () => {
    const { code, stdout } = await run('.', '--list');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'good [firmware=bios]  A good one\ngood [firmware=uefi]  A good one\n',
    });
  });

  test('says step by step what would be done, with places for programs', async () => {
    const { stdout } = await run('good.yaml', '--dry-run', '--filter', 'uefi');
    expect(stdout).toBe('good [firmware=uefi]  (good.yaml)\n  1. build\n  2. flash\n  3. boot\n');
    const { runs } = JSON.parse((await run('good.yaml', '--dry-run', '--json')).stdout);
    expect(runs[0].steps[1]).toEqual({
      title: 'flash',
      file: 'good.yaml',
      line: 3,
      column: 16,
      notApplicable: null,
    });
  });

  test('refuses a filter that names nothing, as a run of nothing would be green', async () => {
    for (const more of [['--list'], ['--engine', 'sim']]) {
      const { code, stderr } = await run('.', '--filter', 'godo', ...more);
      expect(code).toBe(2);
      expect(stderr).toContain(
        '--filter: expected a part of the name of a run (--list has them), found "godo"',
      );
    }
  });

  test('says what an engine cannot do, before it is tried', async () => {
    const keys = 'description: Keys\nsteps: [build, flash, boot, { key: esc }]\n';
    writeFileSync(join(folder, 'keys.txt'), keys);
    const { stdout } = await run('keys.txt', '--dry-run', '--engine', 'sim');
    expect(stdout).toContain('  4. key esc (not applicable: sim has not: keys)\n');
  });

  test('writes its other reports where the events cannot be written, and says that', async () => {
    const keys = 'description: Keys\nsteps: [build, flash, boot, { key: esc }]\n';
    writeFileSync(join(folder, 'none.txt'), keys);
    const argv = ['none.txt', '--engine', 'sim', '--events', '/dev/full', '--junit', 'kept.xml'];
    const { code, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([5, expect.stringContaining('/dev/full: could not write it')]);
    expect(readFileSync(join(folder, 'kept.xml'), 'utf8')).toContain('<testsuites');
  });

  test('shares the runs among shards', async () => {
    const [one, two] = await Promise.all(
      ['1/2', '2/2'].map(async (shard) => (await run('.', '--list', '--shard', shard)).stdout),
    );
    expect([one, two].sort().join('')).toBe((await run('.', '--list')).stdout);
  });

  test('ends with 3 for a scenario that is wrong, all problems first on their lines', async () => {
    const { code, stderr } = await run('bad.txt', 'none.yaml');
    expect(code).toBe(3);
    expect(stderr).toBe(
      [
        'bad.txt:2:9 steps[0].boot: expected a `flash` before it, found none',
        'bad.txt:2:15 steps[1]: expected a step, found "flahs"; did you mean "flash"?',
        'none.yaml: expected a scenario file, found no such file',
        '',
      ].join('\n'),
    );
  });

  test.each([
    [['good.yaml', '--shard', '3/2'], '--shard: expected i/n such as 1/4, found "3/2"'],
    [['good.yaml', '--jobs', '0'], '--jobs: expected a whole number from 1 to 1000, found 0'],
    [
      ['good.yaml', '--engine', 'command'],
      '--rig: expected together with --engine command, and there only',
    ],
    [[], 'test: expected a scenario or a folder of them'],
    [
      ['good.yaml', '--engine', 'sim', '--events', '-', '--junit', '/dev/stdout'],
      '--events: expected a file, found standard output, which --junit has',
    ],
    [
      ['good.yaml', '--engine', 'sim', '--events', '-', '--json'],
      '--json: expected a file for --events, found -, which is standard output',
    ],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr } = await run(...argv);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  test('prints the schema for editors', async () => {
    const { code, stdout } = await run('--schema');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ title: 'twinbank scenario' });
  });
});
