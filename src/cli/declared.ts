import type { Argv, Options, PositionalOptions } from 'yargs';
import type { Command, CommandRow, LeafRow } from './command.ts';

/** A command of the registry with the group's name before its own. */
export interface ListedCommand {
  /** `recipe show`. */
  readonly name: string;
  /** `recipe show <recipe>`. */
  readonly usage: string;
  readonly row: LeafRow;
}

export type Described = Options & PositionalOptions;

/** What a command's builder declares, in its order. */
export interface Declared {
  readonly positionals: readonly (readonly [name: string, settings: Described])[];
  readonly options: readonly (readonly [name: string, settings: Described])[];
}

export function listCommands(rows: readonly CommandRow[]): readonly ListedCommand[] {
  const list = (row: LeafRow, group: string): ListedCommand => {
    const usage = `${group}${row.usage}`;
    return { name: usage.replace(/ [<[].*/, ''), usage, row };
  };
  return rows.flatMap((row) =>
    'commands' in row ? row.commands.map((leaf) => list(leaf, `${row.usage} `)) : [list(row, '')],
  );
}

/** What a command declares, without a parser. Throws for a call that this does not know. */
export function declaredBy(command: Command): Declared {
  const positionals: [string, Described][] = [];
  const options: [string, Described][] = [];
  const recorder = {
    positional: (name: string, settings: Described) => {
      positionals.push([name, settings]);
      return recorder;
    },
    option: (name: string, settings: Described) => {
      options.push([name, settings]);
      return recorder;
    },
  };
  command.declare(recorder as unknown as Argv);
  return { positionals, options };
}
