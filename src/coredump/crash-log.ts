import { lineTexts } from '../protocol/console-event.ts';

/** What a kernel's log says of the panic that ended it. */
export interface CrashLog {
  /** What it panicked about; '' where the log does not say. */
  readonly reason: string;
  /** What went wrong before, such as `BUG: kernel NULL pointer dereference`; '' for nothing. */
  readonly cause: string;
  /** Release of the kernel. */
  readonly kernel: string;
  /** Processor, process, whether it is tainted: the kernel's own line. */
  readonly context: string;
  /** The machine's maker and model, and its firmware. */
  readonly hardware: string;
  /** The calls that led to it, the last one first, as the kernel writes them: `panic+0x101/0x2e3`. A `?` means that it is not sure. */
  readonly stack: readonly string[];
  /** Loaded modules, without their marks. */
  readonly modules: readonly string[];
}

const [panicText = ''] = lineTexts.panic.split('|');

/** The line with which a kernel ends. */
export function isPanicLine(line: string): boolean {
  return line.includes(panicText);
}

/** Reads the log of a kernel that panicked, as `makedumpfile --dump-dmesg` writes it: `[   12.345678] TEXT`, a line each. */
export function parseCrashLog(log: string): CrashLog {
  const lines = log.split('\n').map(withoutTime);
  const after = (text: string, from = 0): string => {
    const line = lines.slice(from).find((one) => one.includes(text));
    return line === undefined ? '' : line.slice(line.indexOf(text) + text.length).trim();
  };
  const panicAt = lines.findIndex(isPanicLine);
  const cause = lines.slice(0, Math.max(panicAt, 0)).findLast(isCause) ?? '';
  // An oops has told its stack before it became a panic; the panic's own is then of the panic alone.
  const begun = cause === '' ? panicAt : lines.lastIndexOf(cause, panicAt);
  const from = Math.max(begun, 0);
  const context = lines.slice(from).find((line) => /^CPU: \d+ PID: /.test(line)) ?? '';
  return {
    reason: after(panicText, Math.max(panicAt, 0)).replace(/^: /, ''),
    cause,
    kernel: /^Linux version (\S+)/m.exec(lines.join('\n'))?.[1] ?? '',
    context,
    hardware: after('Hardware name: ', from),
    stack: readStack(lines, from),
    modules: readModules(lines, from),
  };
}

function withoutTime(line: string): string {
  return line.replace(/^\[ *\d+\.\d+\] /, '');
}

function isCause(line: string): boolean {
  // Of the watchdogs' lines most say only that there is one.
  const lockup = /^(NMI )?watchdog: (BUG: |Watchdog detected )/;
  return lockup.test(line) || /^(BUG: |Oops: |general protection fault|kernel BUG at )/.test(line);
}

/** From `Call Trace:` to its end; a trace of several stacks (interrupts) has marks such as `<TASK>` between them. */
function readStack(lines: readonly string[], from: number): string[] {
  const start = lines.findIndex((line, at) => at >= from && line.startsWith('Call Trace:'));
  if (start < 0) return [];
  const stack: string[] = [];
  for (const line of lines.slice(start + 1)) {
    const text = line.trim();
    if (/^<\/?[A-Z#]+>$/.test(text)) continue;
    if (!/^(\? )?[\w.]+\+0x[0-9a-f]+\/0x[0-9a-f]+( \[\w+\])?$/.test(text)) break;
    stack.push(text);
  }
  return stack;
}

function readModules(lines: readonly string[], from: number): string[] {
  const at = (start: number): number =>
    lines.findIndex((line, number) => number >= start && line.startsWith('Modules linked in:'));
  const found = at(from) >= 0 ? at(from) : at(0);
  const words = (lines[found] ?? '').replace('Modules linked in:', '').split(' ');
  return words
    .filter((word) => /^[\w-]+(\([A-Z]+\))?$/.test(word))
    .map((word) => word.replace(/\(.*/, ''));
}
