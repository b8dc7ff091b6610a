import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../src/recipe/read-yaml.ts';
import { plainValue } from '../../../src/recipe/tree.ts';
import { load, problemsOf } from './temporary-files.ts';

const source = { kind: 'file', shown: 'x.yaml', directory: '/' } as const;
const read = (text: string): unknown => {
  const { tree } = readYaml(text, source);
  return tree && plainValue(tree);
};
const buildOf = (files: Record<string, string>, set: string[] = []): string =>
  load(files, set).recipe.build;

describe('a build without quotes', () => {
  const builds = ['09334553', '1e5', '0x1f', '0o17', '1.10', '1.0', '12345678901234567890', '7'];

  it.each(builds)('is taken as it is written: %s', (build) => {
    expect(buildOf({ 'x.yaml': `build: ${build}\n` })).toBe(build);
    expect(buildOf({ 'x.yaml': 'name: lab\n' }, [`build=${build}`])).toBe(build);
  });

  it('is taken as it is written or refused, whatever it is', () => {
    const word = fc.stringMatching(/^[0-9A-Za-z.+~_-]{1,8}$/);
    const numberLike = fc.stringMatching(/^[-+]?[0-9.]{1,4}([eExo_][-+]?[0-9a-f]{1,3})?$/);
    fc.assert(
      fc.property(fc.oneof(word, numberLike), (build) => {
        // Either takes the entry away, so that what is below it stays (docs/cli.md).
        fc.pre(!['null', 'Null', 'NULL', '~'].includes(build));
        const files = { 'x.yaml': 'name: lab\n' };
        const problems = problemsOf(files, [`build=${build}`]);
        if (problems.length === 0) expect(buildOf(files, [`build=${build}`])).toBe(build);
        else expect(problems[0]).toMatch(/^--set build=.* build: expected /);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a number', () => {
  it('is one only where it is written as it would be printed, or as a decimal fraction', () => {
    const text = '[7, -7, 0, 1.50, -0.5, 007, 1e5, 0x1f, 0o17, +7, -0, .5, 5., .inf, .nan, 1e400]';
    expect(read(text)).toEqual([
      ...[7, -7, 0, 1.5, -0.5],
      ...['007', '1e5', '0x1f', '0o17', '+7', '-0', '.5', '5.', '.inf', '.nan', '1e400'],
    ]);
    expect(read('[9007199254740993, 9007199254740991]')).toEqual([
      '9007199254740993',
      9007199254740991,
    ]);
  });

  it.each(['0x1f', '010', '1e1', '+7'])('is refused where it is written as %s', (value) => {
    const files = { 'x.yaml': `bootloader:\n  timeoutSeconds: ${value}\n` };
    expect(problemsOf(files)).toEqual([
      `x.yaml:2:19 bootloader.timeoutSeconds: expected a whole number from 0 to 300, found "${value}"`,
    ]);
  });
});

describe('a key', () => {
  it('is what is written, though it looks like a number or nothing', () => {
    expect(read('{0x1f: 1, 1e5: 2, 007: 3, ~: 4, True: 5, 1.10: 6}')).toEqual({
      '0x1f': 1,
      '1e5': 2,
      '007': 3,
      '~': 4,
      True: 5,
      '1.10': 6,
    });
  });
});

describe('--set', () => {
  it.each([
    ['title=Lab #2', '"Lab #2", which would be read as "Lab"'],
    ['title=#2', '"#2", which would be read as nothing'],
    ['title= Lab', '" Lab", which would be read as "Lab"'],
    ['build=7 ', '"7 ", which would be read as "7"'],
    ['title=two\n lines', '"two\\n lines", which would be read as "two lines"'],
  ])('refuses %j, which would become something else', (option, found) => {
    expect(problemsOf({ 'x.yaml': 'name: lab\n' }, [option]).join('\n')).toBe(
      `--set ${option} ${option.split('=')[0]}: expected a value as it is written, or one in quotes, found ${found}`,
    );
  });

  it.each([
    ['title="Lab #2"', 'Lab #2'],
    ["title=' Lab'", ' Lab'],
    ['title=Lab#2', 'Lab#2'],
    ['title=007', '007'],
    ['title=a=b', 'a=b'],
  ])('takes %j as it is meant', (option, title) => {
    expect(load({ 'x.yaml': 'name: lab\n' }, [option]).recipe.title).toBe(title);
  });
});
