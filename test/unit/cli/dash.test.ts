import { describe, expect, it } from 'vitest';
import { declaredBy, listCommands } from '../../../src/cli/declared.ts';
import { commands } from '../../../src/cli/registry.ts';
import { runHere } from './host.ts';

/** Every argument of every command that is text, with the rest of a command line that is whole without it. */
const rows = await Promise.all(
  listCommands(commands).map(async ({ name, row }) => {
    const { command } = await row.load();
    const { positionals, options } = declaredBy(command);
    const isText = ([, { type, choices }]: (typeof options)[number]) =>
      type === 'string' && choices === undefined;
    const needed = (without: string): string[] => [
      ...options.flatMap(([option, { demandOption }]) =>
        demandOption === true && option !== without ? [`--${option}`, 'x'] : [],
      ),
    ];
    const asOptions = options.filter(isText).map(([option]) => ({
      name: option,
      line: (value: string) => [
        ...name.split(' '),
        ...needed(option),
        ...[`--${option}`, value],
        ...positionals.flatMap(([, { demandOption }]) => (demandOption === true ? ['x'] : [])),
      ],
    }));
    const asPositionals = positionals.filter(isText).map(([positional]) => ({
      name: positional,
      line: (value: string) => [
        ...name.split(' '),
        ...needed(positional),
        ...positionals.flatMap(([other, { demandOption }]) => {
          if (other === positional) return [value];
          return demandOption === true ? ['x'] : [];
        }),
      ],
    }));
    const settings = new Map([...positionals, ...options]);
    return [...asPositionals, ...asOptions].map((one) => ({
      ...one,
      argument: `${name} ${one.name}`,
      kind: command.dash[one.name],
      describe: settings.get(one.name)?.describe ?? '',
    }));
  }),
);
const texts = rows.flat();
const refusing = texts.filter(({ kind }) => kind === undefined);
const streams = texts.filter(({ kind }) => kind === 'input' || kind === 'output');

describe('a - of a command that takes no stream there', () => {
  it.each(refusing)('is refused before anything is done: $argument', async ({ name, line }) => {
    const { code, stdout, stderr } = await runHere(line('-'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^twinbank: (--)?${name}: expected a value, found -, which stands for a stream; none is taken here \\(see twinbank .*--help\\)\n$`,
      ),
    );
  });
});

describe('an empty text', () => {
  it.each(texts.filter(({ kind }) => kind !== 'text'))('is refused: $argument', async (row) => {
    const { code, stderr } = await runHere(row.line(''));
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^twinbank: (--)?${row.name}: expected .*an empty text`));
  });
});

describe('a - that stands for a stream', () => {
  it.each(streams)('is said in the help: $argument', ({ describe: text }) => {
    expect(text).toMatch(/(^|[ ,;])- (stands )?for .*standard (input|output)/);
  });

  it('is known wherever one file is read from its beginning to its end', () => {
    const known = streams.map(({ argument, kind }) => `${argument}: ${kind}`);
    expect(known).toEqual(
      expect.arrayContaining([
        'recipe show recipe: input',
        'recipe check recipe: input',
        'inspect image: input',
        'verify file: input',
        'update bundle: input',
        'state backup file: output',
        'state restore file: input',
        'flash image: input',
        'flash target: output',
        'keys show file: input',
        'report events: input',
      ]),
    );
  });

  it('is refused twice, as a stream can be read only once', async () => {
    const { code, stderr } = await runHere(['report', '-', 'run.ndjson', '-']);
    expect(code).toBe(2);
    expect(stderr).toContain('events, events: expected one - to read standard input, found 2');
  });
});

describe('the command line of every command', () => {
  it('declares each argument as text, number, switch or choice', async () => {
    for (const { name, row } of listCommands(commands)) {
      const { positionals, options } = declaredBy((await row.load()).command);
      for (const [argument, { type, choices }] of [...positionals, ...options]) {
        expect(`${name} ${argument}: ${type ?? choices}`).not.toContain('undefined');
      }
    }
  });
});
