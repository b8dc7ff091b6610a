import { type Form, list, number, object, oneOf, text } from '../../../protocol/form.ts';
import type { WorkerMessage } from './update-message.ts';

const progress = object(
  { type: oneOf('step', 'progress', 'done', 'note', 'warning') },
  { step: number, of: number, title: text, task: text, done: number, total: number, text },
);
const journal = object(
  { event: oneOf('update', 'rollback'), bank: number },
  { step: oneOf('begun', 'complete', 'failed'), from: text, to: text, why: text },
);
const result = object(
  { bank: number },
  {
    outcome: text,
    from: text,
    to: text,
    oems: list(object({ origin: text, action: text, version: text, why: text })),
    keyIds: list(text),
  },
);

/** What each message of the worker has beside its type. */
const members = {
  progress: object({ event: progress }),
  journal: object({ event: journal }),
  'next-chunk': object({}),
  'free-banks': object({}),
  'take-banks': object({}),
  done: object({ result }),
  failed: object({ code: text, message: text }),
} satisfies Record<WorkerMessage['type'], Form<unknown>>;
const typeForm = object({ type: oneOf(...(Object.keys(members) as WorkerMessage['type'][])) });

/**
 * The form of what the update's thread says, which has read a bundle of anybody's. Throws `json.form`. Members that it does not look at
 * are kept: they are for callers, and our own code has made them.
 */
export const workerMessageForm: Form<WorkerMessage> = (message, place) => {
  const { type } = typeForm(message, place);
  members[type](message, `${place} (${type})`);
  return message as WorkerMessage;
};
