import type { ErrorKind, TwinbankError } from '../diagnostics/error.ts';

/** How a command ended: nothing set means that all went well. */
interface CommandOutcome {
  failure?: TwinbankError | undefined;
  /** `diff` found differences, which is an answer and no failure. */
  differs?: true | undefined;
}

interface ExitCode {
  readonly code: number;
  /** For docs/cli.md, in Markdown. */
  readonly meaning: string;
}

/** Every way to end. Scripts and CI systems rely on these numbers; a row may be added, none may change. */
export const exitCodes = {
  done: { code: 0, meaning: 'done' },
  internal: { code: 1, meaning: 'internal error: a defect in twinbank' },
  usage: { code: 2, meaning: 'wrong command line' },
  recipe: { code: 3, meaning: 'invalid recipe or scenario, or it does not fit a bank' },
  'tool-missing': { code: 4, meaning: 'a host tool is missing' },
  io: { code: 5, meaning: 'input/output failed, or no space is left' },
  corrupt: { code: 6, meaning: 'a foreign, corrupt or wrongly signed file' },
  boot: { code: 7, meaning: 'a boot or scenario failed or timed out' },
  refused: { code: 8, meaning: 'refused by policy or for safety' },
  differs: { code: 9, meaning: '`diff` found differences' },
  // 128 + the signal's number, as a shell reports it.
  interrupted: { code: 130, meaning: 'interrupted (Ctrl-C)' },
  terminated: { code: 143, meaning: 'terminated (SIGTERM)' },
  'hung-up': { code: 129, meaning: 'the terminal or connection went away (SIGHUP)' },
} as const satisfies Readonly<
  Record<ErrorKind | 'done' | 'differs' | 'terminated' | 'hung-up', ExitCode>
>;

/** The exit code of the process; nothing else decides it. */
export function exitCode({ failure, differs }: CommandOutcome): number {
  if (!failure) return exitCodes[differs ? 'differs' : 'done'].code;
  if (failure.kind !== 'interrupted') return exitCodes[failure.kind].code;
  const { signal } = failure.data;
  if (signal === 'SIGHUP') return exitCodes['hung-up'].code;
  return exitCodes[signal === 'SIGTERM' ? 'terminated' : 'interrupted'].code;
}
