/** What the core has to tell while it works; only src/cli turns these into text. */
export type ProgressEvent =
  /** A numbered step of a pipeline begins. */
  | { type: 'step'; step: number; of: number; title: string }
  /** A task has moved on; `total` is missing where it is not known. Units are the task's own. */
  | { type: 'progress'; task: string; done: number; total?: number; unit: 'bytes' | 'files' }
  /** A task is over; `cached` says that nothing had to be done. */
  | { type: 'done'; task: string; seconds?: number; cached?: boolean }
  | { type: 'note'; text: string }
  | { type: 'warning'; text: string }
  /** What was asked for by an option of its own, where standard output has something else: shown with --quiet, too. */
  | { type: 'result'; text: string };

export type Report = (event: ProgressEvent) => void;

/** For callers that do not watch. */
export const silent: Report = () => {};
