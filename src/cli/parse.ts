import yargs, { type Argv, type Options } from 'yargs';
import { checkValues } from './check-values.ts';
import type { Command, CommandRow, GroupRow, LeafRow } from './command.ts';
import { endOfOptions, markArgs, unmarkOptions, unmarkText } from './literal-args.ts';
import {
  type ParsedSoFar,
  refuseDashed,
  refuseIgnored,
  refuseRepeated,
  usageMistake,
} from './usage-mistake.ts';
import { readNumbers } from './whole-number.ts';

/** A command to run with its options, or text (help) that was asked for instead. */
export type Parsed =
  | { command: Command; options: Record<string, unknown> }
  | { text: string; wanted: boolean };

/**
 * Reads a command line (without node and script). Throws `cli.usage` with one sentence, and a
 * suggestion where a command was mistyped; loads just the command that was named.
 */
export async function parseCommandLine(
  argv: readonly string[],
  commands: readonly CommandRow[],
  { columns, cwd }: { readonly columns: number; readonly cwd: string },
): Promise<Parsed> {
  let chosen: Parsed | undefined;
  // How far the command line was understood, for a mistake that follows.
  let reached: ParsedSoFar = {
    path: 'twinbank',
    synopsis: 'twinbank COMMAND',
    options: ['json', 'quiet', 'help', 'version'],
    lists: [],
    texts: [],
    numbers: [],
  };

  const declareLeaf = (parser: Argv, row: LeafRow, prefix: string): void => {
    let command: Command | undefined;
    parser.command(
      row.usage,
      row.describe,
      async (sub) => {
        const path = `${prefix} ${row.usage.split(' ')[0]}`;
        command = (await row.load()).command;
        for (const [line, meaning] of command.examples) {
          sub.example(exampleLine(line, '$0'), meaning);
        }
        command.declare(sub);
        reached = { path, synopsis: `${prefix} ${row.usage}`, ...declared(sub) };
        // As they are typed: what yargs makes a number of is more than people mean by one.
        sub.string(reached.numbers);
        return sub;
      },
      (options) => {
        if (!command) return;
        chosen = { command, options };
        // Past yargs, which would lay out the help of the command now, in case that it fails: 30 ms of each start.
        throw new Understood();
      },
    );
  };

  const declareGroup = (parser: Argv, group: GroupRow): void => {
    parser.command(group.usage, group.describe, (sub) => {
      const path = `twinbank ${group.usage}`;
      reached = { ...reached, path, synopsis: `${path} COMMAND` };
      for (const row of group.commands) declareLeaf(sub, row, path);
      return sub.demandCommand(1, `expected one of: ${names(group.commands)}`);
    });
  };

  const mistake = (message: string): Error => usageMistake(unmarkText(message), argv, reached);
  const parser = base(columns).fail((message, error) => {
    // What a command's own file throws while it loads is no mistake in the command line.
    throw error && error.name !== 'YError' ? error : mistake(message);
  });
  for (const row of commands) {
    if ('commands' in row) declareGroup(parser, row);
    else declareLeaf(parser, row, 'twinbank');
  }

  // No command at all: the help is the answer, but the command line was not complete.
  if (argv.length === 0) return { text: `${await parser.getHelp()}\n`, wanted: false };
  let help = '';
  const keepHelp = (_error: unknown, _options: unknown, text: string): void => {
    help = text;
  };
  await parser.parseAsync(markArgs(argv), {}, keepHelp).catch((error: unknown) => {
    if (error instanceof Understood) return;
    // Below a command whose file was loaded, yargs throws some mistakes past `fail`.
    throw error instanceof Error && error.name === 'YError' ? mistake(error.message) : error;
  });
  if (help) return { text: `${help}\n`, wanted: true };
  if (!chosen || !('command' in chosen)) throw mistake('expected a command');
  const { command } = chosen;
  const typed = unmarkOptions(chosen.options);
  const named = positionals(reached.synopsis);
  refuseDashed(argv, reached, named);
  refuseRepeated(typed, argv, reached);
  const options = readNumbers(typed, { ...reached, positionals: named });
  checkValues(options, {
    ...reached,
    positionals: named,
    dash: command.dash,
  });
  refuseIgnored(argv, reached, (name) => command.needs[name]?.(options, cwd));
  return { command, options };
}

/** Ends the reading of a command line that was understood. */
class Understood extends Error {}

/** `image`, `target` of `twinbank flash <image> <target>`. */
function positionals(synopsis: string): string[] {
  return [...synopsis.matchAll(/[<[]([\w-]+)/g)].map(([, name = '']) => name);
}

/** An example as it is typed; `$0` in it stands for the program, where something comes before that. */
export function exampleLine(line: string, program: string): string {
  return line.includes('$0') ? line.replace('$0', () => program) : `${program} ${line}`;
}

/** What every command knows, besides `--help`. */
export const globalOptions = {
  json: { type: 'boolean', describe: 'One JSON document on standard output', global: true },
  quiet: {
    alias: 'q',
    type: 'boolean',
    describe: 'Only warnings and errors on standard error',
    global: true,
  },
} as const satisfies Record<string, Options>;

function base(columns: number): Argv {
  return (
    yargs()
      .scriptName('twinbank')
      .usage('$0 COMMAND\n\nBuild, boot, flash and verify dual-bank embedded hypervisor images.')
      .parserConfiguration({
        'dot-notation': false,
        'parse-numbers': false,
        'parse-positional-numbers': false,
        // `--set a=1 recipe.yaml`: an option that repeats takes one value each time.
        'greedy-arrays': false,
        'boolean-negation': false,
      })
      // One language, so that scripts and reports from users read alike everywhere.
      .locale('en')
      .wrap(columns)
      .strict()
      .recommendCommands()
      .demandCommand(1, 'expected a command')
      .options(globalOptions)
      .help()
      .alias('help', 'h')
      // `main.ts` answers this before the parser is loaded; here it is for the help only.
      .version(false)
      .option('version', { type: 'boolean', describe: 'Print the version', global: false })
      .option(endOfOptions, { type: 'boolean', hidden: true, global: true })
      .exitProcess(false)
  );
}

function names(rows: readonly LeafRow[]): string {
  return rows.map((row) => row.usage.split(' ')[0]).join(', ');
}

function declared(parser: Argv): Pick<ParsedSoFar, 'options' | 'lists' | 'texts' | 'numbers'> {
  // Not in @types/yargs, though yargs documents it.
  const { getOptions } = parser as unknown as {
    getOptions(): Record<'array' | 'string' | 'number', string[]> & { key: object };
  };
  const { array, string, number, key } = getOptions.call(parser);
  const options = Object.keys(key).filter((name) => name !== endOfOptions);
  return { options, lists: array, texts: [...string], numbers: number };
}
