import { flag, list, nullable, number, object, oneOf, text } from '../../../protocol/form.ts';
import { logNames } from './log-files.ts';

/** What the agent's methods answer (methods.ts), as vmkd and the command `logread` read it. */
export const statusForm = object({
  files: list(
    object({ file: oneOf(...logNames), bytes: number, first: number, next: number, lost: number }),
  ),
  targets: list(
    object({
      target: text,
      state: oneOf('connecting', 'open', 'blocked', 'waiting', 'stopped'),
      sent: number,
      dropped: number,
      queued: number,
      lastError: nullable(text),
    }),
  ),
});

export const readForm = object({
  file: oneOf(...logNames),
  text,
  from: number,
  next: number,
  end: flag,
});

export const answerForms = { status: statusForm, read: readForm };

/** Which targets get nothing; undefined where all get what is said. */
export function targetProblem(answer: unknown): string | undefined {
  const lost = statusForm(answer, 'status').targets.filter(({ state }) => state !== 'open');
  if (lost.length === 0) return undefined;
  const each = lost.map(({ target, lastError }) => `${target} (${lastError ?? 'no answer yet'})`);
  return `log: not sent to ${each.join(', ')}`;
}
