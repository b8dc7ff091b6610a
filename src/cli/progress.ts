import type { ProgressEvent, Report } from '../diagnostics/progress.ts';
import { humanSize } from '../diagnostics/size.ts';
import type { Colors } from './command.ts';

interface ProgressOptions {
  write(text: string): void;
  /** On a terminal a live line shows rate and time left; elsewhere there is one line an event. */
  readonly live: boolean;
  readonly columns: number;
  readonly colors: Colors;
  /** Only warnings and results. */
  readonly quiet: boolean;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

interface Task {
  readonly name: string;
  /** Where the task was when it was first heard of: a resumed download does not begin at 0. */
  readonly from: { at: number; done: number };
  done: number;
  total: number | undefined;
  readonly unit: 'bytes' | 'files';
  /** When a plain line was last written. */
  lastReported: number;
}

// A live line is repainted at most this often; a log gets a sign of life at most this often.
const repaintMs = 100;
const plainLineMs = 10_000;

/** Turns the events of the core into lines for people. Call `stop` before anything else is written. */
export function createProgress(options: ProgressOptions): { report: Report; stop(): void } {
  const { colors, live } = options;
  const tasks = new Map<string, Task>();
  let painted = false;
  let paintedAt = Number.NEGATIVE_INFINITY;

  const clear = (): void => {
    if (painted) options.write('\r\u001b[K');
    painted = false;
  };

  const line = (text: string): void => {
    clear();
    options.write(`${text}\n`);
  };

  const paint = (now: number): void => {
    const [first] = tasks.values();
    if (!first || now - paintedAt < repaintMs) return;
    const others = tasks.size > 1 ? ` (and ${tasks.size - 1} more)` : '';
    clear();
    // A line that wraps could not be cleared again.
    options.write(`  ${taskText(first, now)}${others}`.slice(0, options.columns - 1));
    painted = true;
    paintedAt = now;
  };

  const advance = (event: ProgressEvent & { type: 'progress' }): void => {
    const now = options.now();
    const task = tasks.get(event.task) ?? begin(event, now);
    task.done = event.done;
    task.total = event.total;
    tasks.set(event.task, task);
    if (live) paint(now);
    else if (now - task.lastReported >= plainLineMs) {
      task.lastReported = now;
      line(`  ${taskText(task, now)}`);
    }
  };

  const report: Report = (event) => {
    if (event.type === 'warning') return line(`${colors.yellow('warning:')} ${event.text}`);
    if (event.type === 'result') return line(event.text);
    if (options.quiet) return;
    if (event.type === 'progress') return advance(event);
    if (event.type === 'step') {
      return line(colors.bold(`[${event.step}/${event.of}] ${event.title}`));
    }
    if (event.type === 'note') return line(`  ${event.text}`);
    tasks.delete(event.task);
    line(`  ${event.task}${colors.dim(doneText(event))}`);
  };

  return { report, stop: clear };
}

function begin(event: ProgressEvent & { type: 'progress' }, now: number): Task {
  const { task: name, done, total, unit } = event;
  return { name, from: { at: now, done }, done, total, unit, lastReported: now };
}

function doneText(event: ProgressEvent & { type: 'done' }): string {
  if (event.cached) return ': unchanged';
  return event.seconds === undefined ? ': done' : `: ${event.seconds.toFixed(1)} s`;
}

/** `fetch linux 34.0 MiB of 70.0 MiB, 12.1 MiB/s, 3 s left`; without a rate in the first second. */
function taskText(task: Task, now: number): string {
  const amount = (count: number): string =>
    task.unit === 'bytes' ? humanSize(count) : `${count} files`;
  const parts = [amount(task.done)];
  if (task.total !== undefined) parts[0] += ` of ${amount(task.total)}`;
  const seconds = (now - task.from.at) / 1000;
  const rate = (task.done - task.from.done) / seconds;
  if (seconds >= 1 && rate > 0) {
    if (task.unit === 'bytes') parts.push(`${humanSize(Math.round(rate))}/s`);
    if (task.total !== undefined) parts.push(`${timeLeft((task.total - task.done) / rate)} left`);
  }
  return `${task.name} ${parts.join(', ')}`;
}

function timeLeft(seconds: number): string {
  const whole = Math.ceil(Math.max(0, seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
