import type { CommandRow } from '../../command.ts';
import { type Described, declaredBy, listCommands } from '../../declared.ts';
import { globalOptions } from '../../parse.ts';

/** What can be typed as a value: one of these words, or a file. */
export interface CompletedValue {
  readonly choices: readonly string[];
}

export interface CompletedOption {
  /** Without dashes. */
  readonly name: string;
  readonly describe: string;
  /** Undefined for a switch. */
  readonly value: CompletedValue | undefined;
}

export interface CompletedCommand {
  /** `recipe show` */
  readonly name: string;
  readonly describe: string;
  readonly options: readonly CompletedOption[];
  /** By their places; the last one is meant for all that follow, too. */
  readonly positionals: readonly CompletedValue[];
}

export interface CompletionTable {
  /** The first words, with what they do: commands and groups. */
  readonly words: readonly (readonly [word: string, describe: string])[];
  readonly commands: readonly CompletedCommand[];
}

/** All that a shell can complete: the rows of the registry, and what their builders declare, as the help has it. */
export async function completionTable(rows: readonly CommandRow[]): Promise<CompletionTable> {
  const commands = await Promise.all(
    listCommands(rows).map(async ({ name, row }): Promise<CompletedCommand> => {
      const { positionals, options } = declaredBy((await row.load()).command);
      const all = [...options, ...Object.entries(globalOptions), ['help', help] as const];
      return {
        name,
        describe: row.describe,
        options: all.map(([option, settings]) => completedOption(option, settings)),
        positionals: positionals.map(([, settings]) => ({ choices: choicesOf(settings) })),
      };
    }),
  );
  const words = rows.map(({ usage, describe }) => [usage.split(' ')[0] ?? '', describe] as const);
  return { words, commands };
}

const help: Described = { type: 'boolean', describe: 'Show help' };

function completedOption(name: string, settings: Described): CompletedOption {
  const { type, array, describe = '' } = settings;
  const choices = choicesOf(settings);
  const isSwitch = type === 'boolean' && array !== true && choices.length === 0;
  const [first = ''] = String(describe).split('\n');
  return { name, describe: first, value: isSwitch ? undefined : { choices } };
}

function choicesOf({ choices }: Described): string[] {
  return [choices ?? []].flat().map(String);
}
