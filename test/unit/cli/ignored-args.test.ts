import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { declaredBy, listCommands } from '../../../src/cli/declared.ts';
import { parseCommandLine } from '../../../src/cli/parse.ts';
import { commands } from '../../../src/cli/registry.ts';

const cwd = mkdtempSync(join(tmpdir(), 'twinbank-ignored-'));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, 'packed.oem'), '');

const all = await Promise.all(
  listCommands(commands).map(async ({ name, usage, row }) => {
    const { command } = await row.load();
    const { positionals, options } = declaredBy(command);
    const needs = Object.keys(command.needs);
    const [first = 'x'] = positionals
      .flatMap(([, { choices }]) => [choices ?? []].flat())
      .map(String);
    return { name, usage, needs, positionals: positionals.map(([one]) => one), first, options };
  }),
);
const refusal = (line: string): Promise<string> =>
  parseCommandLine(line.split(' '), commands, { columns: 100, cwd }).then(
    () => '',
    (error: Error) => error.message,
  );

describe('every command', () => {
  it('has its positionals in its synopsis, and declares each of them', () => {
    for (const { usage, positionals } of all) {
      const shown = [...usage.matchAll(/[<[]([\w-]+)/g)].map(([, name]) => name);
      expect(shown).toEqual(positionals);
    }
  });

  it.each(
    all.flatMap(({ positionals, ...row }) =>
      positionals.map((one) => ({ ...row, positional: one })),
    ),
  )('refuses of $name --$positional, which is no option', async (row) => {
    const { name, positional, usage, options, first } = row;
    const [, ...others] = [...usage.matchAll(/</g)];
    const required = options.flatMap(([one, { demandOption }]) =>
      demandOption ? `--${one} z` : [],
    );
    const words = [name === 'completion' ? first : 'x', ...others.map(() => 'y'), ...required].join(
      ' ',
    );
    const expected = `--${positional}: expected it without dashes, as in twinbank ${usage} (see twinbank ${name} --help)`;
    expect(await refusal(`${name} ${words} --${positional} ${first}`)).toBe(expected);
    expect(await refusal(`${name} --${positional}=${first} ${words}`)).toBe(expected);
    // Behind -- it is a word like any other.
    expect(await refusal(`${name} ${words} -- --${positional}`)).not.toContain('without dashes');
  });

  it('knows the options by whose needs it goes', () => {
    for (const { needs, options } of all) {
      expect(options.map(([name]) => name)).toEqual(expect.arrayContaining(needs));
    }
  });
});

/** A command line for each option that has a need: one where it does nothing, and one where it does. */
const needed: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  boot: [
    ...[
      ...['--firmware uefi', '--disk nvme', '--memory 900', '--cpu host', '--accelerator tcg'],
      '--timeout 9',
    ].map((one) => [one, 'x.img --engine sim', 'x.img'] as const),
  ],
  test: [
    ['--accelerator tcg', 'scenarios --engine sim', 'scenarios'],
    ['--schema', 'scenarios', ''],
  ],
  'oem check': [['--key a.pub', resolve(cwd), 'packed.oem']],
  'state backup': [['--yes', 'x.img -', 'x.img y']],
  coredump: [['--yes', 'x.img', 'x.img --out y']],
  diff: ['brief', 'content', 'marks', 'ids'].map((one) => [`--${one}`, 'a.yaml b.yaml', 'a b']),
  bundle: ['--set a=1', '--oem a', '--trust-oem'].map((one) => [
    one,
    'x.img --out x',
    'x.yaml --out x',
  ]),
  flash: [
    ['--yes', 'x.img -', 'x.img y.img'],
    ['--device-serial 1', 'x.img -', 'x.img y.img'],
    ['--no-read-back', 'x.img |dd', 'x.img y.img'],
    ['--keep-ids', 'x.img -', 'x.img y.img'],
    ['--resume', 'x.img y.img', ''],
  ],
};

describe('an option that would be ignored', () => {
  it('is in this list', () => {
    const listed = (name: string) =>
      (needed[name] ?? []).map(([option]) => option.split(' ')[0]?.slice(2)).sort();
    for (const { name, needs } of all) expect([name, listed(name)]).toEqual([name, needs.sort()]);
  });

  it.each(
    Object.entries(needed).flatMap(([name, rows]) => rows.map((row) => [name, ...row] as const)),
  )('is refused: %s %s (%s)', async (name, option, unused, used) => {
    const flag = option.split(' ')[0];
    expect(await refusal(`${name} ${unused} ${option}`)).toMatch(
      new RegExp(
        `^${flag}: expected .*; without it the option does nothing \\(see twinbank ${name} --help\\)$`,
      ),
    );
    if (used) expect(await refusal(`${name} ${used} ${option}`)).toBe('');
  });

  it('is no option that nobody typed', async () => {
    expect(await refusal('boot x.img --engine sim')).toBe('');
    expect(await refusal('boot --engine sim -- --cpu')).toBe('');
  });
});
