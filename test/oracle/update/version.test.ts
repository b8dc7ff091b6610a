import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions } from '../../../src/update/manifest/version.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

/** What dpkg takes (deb-version(7)): no epoch beyond an int, an upstream version that begins with a digit. */
const upstream = fc
  .tuple(
    fc.constantFrom('0', '1', '2', '10', '01'),
    fc.string({ unit: fc.constantFrom(...'0019~~++..aAbz-'), maxLength: 7 }),
  )
  .map(([first, rest]) => first + rest);
const revision = fc.string({
  unit: fc.constantFrom(...'01~+.aZ'),
  minLength: 1,
  maxLength: 4,
});
const version = fc
  .tuple(
    fc.option(fc.constantFrom('0', '1', '12', '03'), { freq: 4 }),
    upstream,
    fc.option(revision),
  )
  .map(([epoch, main, last]) => {
    // A dash in the upstream version makes what follows the last one a revision, which must not be empty.
    const text = `${main}${last === null ? '' : `-${last}`}`.replace(/-+$/, '');
    return epoch === null ? text : `${epoch}:${text}`;
  });
/** Half of the pairs differ in one place only, as versions do that follow one another. */
const pair = fc.oneof(
  fc.tuple(version, version),
  fc.tuple(version, fc.constantFrom('~', '0', '1', 'a', '+b1', '.1')).map(([one, more]) => {
    return [one, one + more] as [string, string];
  }),
);

/** Reads its arguments two by two, and prints a letter for each pair. */
const script = `
while [ $# -gt 0 ]; do
  if dpkg --compare-versions "$1" lt "$2"; then echo l
  elif dpkg --compare-versions "$1" eq "$2"; then echo e
  else echo g; fi
  shift 2
done`;

judgedBy(['dpkg'], () => {
  test('dpkg puts generated pairs in the same order', () => {
    const pairs = fc.sample(pair, 600);
    const said = judge('sh', ['-c', script, 'sh', ...pairs.flat()])
      .trim()
      .split('\n');
    expect(said).toHaveLength(pairs.length);
    const ours = pairs.map(([a, b]) => {
      const order = compareVersions(a, b);
      return order < 0 ? 'l' : order === 0 ? 'e' : 'g';
    });
    for (const [at, [a, b]] of pairs.entries())
      expect(`${a} ${ours[at]} ${b}`).toBe(`${a} ${said[at]} ${b}`);
    // A judge that always says the same would agree with nearly anything.
    for (const letter of 'leg')
      expect(said.filter((one) => one === letter).length).toBeGreaterThan(20);
  });

  test('dpkg takes every one of them for a version', () => {
    for (const [one] of fc.sample(pair, 60)) {
      const { status, stderr } = spawnSync('dpkg', ['--validate-version', one]);
      expect(`${one}: ${status} ${stderr}`).toBe(`${one}: 0 `);
    }
  });
});
