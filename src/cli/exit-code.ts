import type { ErrorKind, TwinbankError } from '../diagnostics/error.ts';

/** How a command ended: nothing set means that all went well. */
interface CommandOutcome {
  failure?: TwinbankError | undefined;
  /** `diff` found differences, which is an answer and no failure. */
  differs?: true | undefined;
}

// Scripts and CI systems rely on these numbers; a kind may be added, none may change.
const codes: Readonly<Record<ErrorKind, number>> = {
  internal: 1,
  usage: 2,
  recipe: 3,
  'tool-missing': 4,
  io: 5,
  corrupt: 6,
  boot: 7,
  refused: 8,
  interrupted: 130,
};

/** The exit code of the process; nothing else decides it. */
export function exitCode({ failure, differs }: CommandOutcome): number {
  if (!failure) return differs ? 9 : 0;
  // 128 + the signal's number, as a shell reports it.
  if (failure.kind === 'interrupted' && failure.data.signal === 'SIGTERM') return 143;
  return codes[failure.kind];
}
