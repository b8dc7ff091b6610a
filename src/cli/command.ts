import type { Readable, Writable } from 'node:stream';
import type { createColors } from 'picocolors';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { TwinbankError } from '../diagnostics/error.ts';
import type { Report } from '../diagnostics/progress.ts';

export type Colors = ReturnType<typeof createColors>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Standard input; a terminal can hand over each key as it is pressed. */
export type Input = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

/** Standard output; a terminal has a size, which may change. */
export type Screen = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** All that a command may know of the process it runs in. */
export interface Context {
  /** Progress, notes and warnings; they go to standard error. */
  readonly report: Report;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP; a command cleans up and throws. */
  readonly signal: AbortSignal;
  /** Only for results that are bytes or do not end at once; all others are returned. */
  readonly stdout: Screen;
  /** Only for what an option says is there; nobody waits for it otherwise. */
  readonly stdin: Input;
  /** Asks a person for one line that is not shown; undefined where there is no terminal to ask on. */
  ask(question: string): Promise<string | undefined>;
  /** The same for a line that is shown. */
  askOpenly(question: string): Promise<string | undefined>;
  readonly cwd: string;
  readonly env: Environment;
  readonly json: boolean;
  /** Standard error shows progress in place; elsewhere, as in a log, each event is a line. */
  readonly live: boolean;
  /** Colours and width of standard output, for the text of a result. */
  readonly colors: Colors;
  readonly columns: number;
}

/** What a command found out; `run.ts` prints one of the two forms. */
export interface Result {
  /** Members of the JSON document, which gets its `schemaVersion` from `output.ts`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The same for people; a missing line end is added. */
  readonly text: string;
  /** The command did its work, and what it found is bad: shown after the result, sets the exit code. */
  readonly failure?: TwinbankError | undefined;
  /** `diff` found differences. */
  readonly differs?: true | undefined;
}

/** Nothing is returned by a command that wrote its result to `context.stdout` itself. */
export type Run<Options> = (
  context: Context,
  options: ArgumentsCamelCase<Options>,
) => Promise<Result | undefined>;

/**
 * What a `-` is to an argument: a stream, or a text like any other, which may then be empty, too. Where nothing is said, both are
 * refused before the command runs.
 */
export type Dash = 'input' | 'output' | 'text';

/**
 * What an option says something with: where that is not there it would be ignored, and what it was `expected` with is returned, as
 * `a recipe as source`.
 */
export type Need<Options> = (options: Options, cwd: string) => string | undefined;

/** A command as its file defines it; `Options` follows from what the builder declares. */
export interface Definition<Options> {
  /** Command line without `twinbank`, and what it does. */
  readonly examples?: readonly (readonly [line: string, meaning: string])[];
  builder(yargs: Argv): Argv<Options>;
  /** By the names of arguments and options. */
  readonly dash?: Readonly<Partial<Record<NoInfer<keyof Options & string>, Dash>>>;
  /** By the names of options; asked of those alone that were typed. */
  readonly needs?: Readonly<
    Partial<Record<NoInfer<keyof Options & string>, Need<NoInfer<ArgumentsCamelCase<Options>>>>>
  >;
  /** With --json it writes several documents, a line each; its result and its failure are the last of them. */
  readonly jsonLines?: true;
  readonly run: Run<Options>;
}

/** A command as the parser sees it: its options are its own business. */
export interface Command {
  readonly examples: readonly (readonly [string, string])[];
  readonly dash: Readonly<Record<string, Dash>>;
  readonly needs: Readonly<Record<string, Need<Record<string, unknown>>>>;
  readonly jsonLines: boolean;
  declare(yargs: Argv): void;
  run(context: Context, options: unknown): Promise<Result | undefined>;
}

export function defineCommand<Options>(definition: Definition<Options>): Command {
  return {
    examples: definition.examples ?? [],
    dash: (definition.dash ?? {}) as Readonly<Record<string, Dash>>,
    // As with `run`: of this definition's own options.
    needs: (definition.needs ?? {}) as unknown as Command['needs'],
    jsonLines: definition.jsonLines === true,
    declare: (yargs) => {
      definition.builder(yargs);
    },
    // The parser hands over what this definition's own builder declared.
    run: (context, options) => definition.run(context, options as ArgumentsCamelCase<Options>),
  };
}

/** A row of the registry: light, so that help and other commands do not load the implementation. */
export type CommandRow = LeafRow | GroupRow;

export interface LeafRow {
  /** yargs' notation: `show <recipe>`, `bank <image> [action]`, `build <recipe..>`. */
  readonly usage: string;
  readonly describe: string;
  /** The page of docs/ that says more, for docs/cli.md. */
  readonly page?: string;
  load(): Promise<{ command: Command }>;
}

export interface GroupRow {
  readonly usage: string;
  readonly describe: string;
  readonly commands: readonly LeafRow[];
}
