import { describe, expect, it } from 'vitest';
import { declaredBy, listCommands } from '../../../src/cli/declared.ts';
import { parseCommandLine } from '../../../src/cli/parse.ts';
import { commands } from '../../../src/cli/registry.ts';
import { runHere } from './host.ts';

const read = (argv: readonly string[]) =>
  parseCommandLine(argv, commands, { columns: 80, cwd: process.cwd() });

/** Each number that a command line may have: its name, and a line with everything before its value. */
const numbers = (
  await Promise.all(
    listCommands(commands).map(async ({ name, row }) => {
      const { command } = await row.load();
      const { positionals, options } = declaredBy(command);
      const start = [...name.split(' ')];
      for (const [, { demandOption }] of positionals) if (demandOption) start.push('x.img');
      const found = options.filter(([, { type }]) => type === 'number');
      return found.map(([option]) => ({ shown: `--${option}`, line: [...start, `--${option}`] }));
    }),
  )
).flat();
const places = [...numbers, { shown: 'number', line: ['bank', 'x.img', 'confirm'] }];

describe('a number of a command line', () => {
  it.each(places)('is taken as it is written, for $line', async ({ shown, line }) => {
    for (const text of ['0x5', '0b1', '1e1', '007', '5.0', '+5', ' 5', '5k', 'Infinity', '']) {
      await expect(read([...line, text]), text).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringContaining(
          `${shown}: expected a whole number such as 5, found ${JSON.stringify(text)} (see twinbank `,
        ),
      });
    }
    const parsed = await read([...line, '50']);
    expect(parsed).toHaveProperty(`options.${shown.replace('--', '')}`, 50);
  });

  it('is one of every kind', () => {
    expect(numbers.map(({ line }) => line.at(-1))).toEqual(
      expect.arrayContaining(['--boots', '--memory', '--jobs', '--width', '--timeout', '--bank']),
    );
  });

  it.each([
    [
      ['boot', 'x.img', '--boots', '1001'],
      '--boots: expected a whole number from 1 to 1000, found 1001',
    ],
    [
      ['boot', 'x.img', '--timeout', '0'],
      '--timeout: expected a whole number from 1 to 86400, found 0',
    ],
    [['boot', 'x.img', '--timeout', '86401'], 'from 1 to 86400, found 86401'],
    [
      ['boot', 'x.img', '--memory', '64'],
      '--memory: expected a whole number from 128 to 65536, found 64',
    ],
    [['boot', 'x.img', '--boots', '-'], '--boots: expected a whole number such as 5, found "-"'],
    [
      ['try', 'no.yaml', '--timeout', '86401'],
      '--timeout: expected a whole number from 1 to 86400, found 86401',
    ],
    [
      ['diff', 'a', 'b', '--bank', '05'],
      '--bank: expected a number such as 5, or two such as 5,6, found "05"',
    ],
    [
      ['cache', 'prune', '--older-than', '030d'],
      '--older-than: expected hours or days such as 12h or 30d, found "030d"',
    ],
  ])('%j is refused by what it may be', async (argv, sentence) => {
    const { code, stderr } = await runHere(argv, { host: { cwd: '/nonexistent' } });
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
  });
});
