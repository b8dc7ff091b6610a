/** One line that a machine wrote, with the seconds since the machine was started. */
export interface ConsoleLine {
  readonly seconds: number;
  readonly text: string;
}

/** What a wait ended with: the line, or why there will be none. */
export type WaitEnd = { readonly line: ConsoleLine } | { readonly ended: 'timeout' | 'closed' };

/** A regular expression without state (no `g`, no `y`), or several of them behind one `test`. */
export interface LinePattern {
  test(text: string): boolean;
}

/** The lines of a machine's console, as they come, without terminal control sequences. */
export interface ConsoleLog {
  readonly lines: readonly ConsoleLine[];
  /** The next line, or one already there from `from` on, that matches; or the end of waiting for it. */
  waitFor(pattern: LinePattern, options: { timeoutMs: number; from?: number }): Promise<WaitEnd>;
  /** Each line that comes from now on. */
  onLine(listener: (line: ConsoleLine) => void): void;
  /** Those that are there already first: a machine may have said something before anybody could ask to hear it. */
  onEveryLine(listener: (line: ConsoleLine) => void): void;
  /** Bytes from the machine. */
  feed(chunk: Uint8Array): void;
  /** A line as it is, from whoever has lines and no bytes. */
  add(line: ConsoleLine): void;
  /** No more bytes will come. */
  close(): void;
}

// CSI and OSC sequences (ECMA-48 sections 5.4, 8.3.89), every other escape sequence (ECMA-35 section
// 13.2), and the controls but tab, those of eight bits included.
const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the console's control characters are the subject
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Without control sequences and trailing blanks. */
export function plainText(text: string): string {
  return text.replace(controls, '').trimEnd();
}

/** Characters; a longer line is cut, as a machine may write without end. */
const mostOfLine = 64 << 20;

/** `now` gives seconds since the machine was started. */
export function consoleLog(now: () => number): ConsoleLog {
  const lines: ConsoleLine[] = [];
  const listeners = new Set<(line: ConsoleLine) => void>();
  const closers = new Set<() => void>();
  const decoder = new TextDecoder();
  let pending = '';
  let closed = false;

  const add = (line: ConsoleLine): void => {
    lines.push(line);
    for (const listener of [...listeners]) listener(line);
  };
  const hear = (raw: string): void => add({ seconds: now(), text: plainText(raw) });

  return {
    lines,
    onLine: (listener) => void listeners.add(listener),
    onEveryLine(listener) {
      for (const line of [...lines]) listener(line);
      listeners.add(listener);
    },
    add,
    feed(chunk) {
      const [rest = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
      pending += rest;
      for (const part of more) {
        hear(pending);
        pending = part;
      }
      if (pending.length <= mostOfLine) return;
      hear(pending);
      pending = '';
    },
    close() {
      if (closed) return;
      closed = true;
      pending += decoder.decode();
      if (pending) hear(pending);
      pending = '';
      for (const closer of [...closers]) closer();
    },
    waitFor(pattern, { timeoutMs, from = 0 }) {
      return new Promise((resolve) => {
        const there = lines.slice(from).find(({ text }) => pattern.test(text));
        if (there) return resolve({ line: there });
        if (closed) return resolve({ ended: 'closed' });
        const finish = (end: WaitEnd): void => {
          clearTimeout(timer);
          listeners.delete(look);
          closers.delete(onClose);
          resolve(end);
        };
        const look = (line: ConsoleLine): void => {
          if (pattern.test(line.text)) finish({ line });
        };
        const onClose = (): void => finish({ ended: 'closed' });
        const timer = setTimeout(() => finish({ ended: 'timeout' }), timeoutMs);
        listeners.add(look);
        closers.add(onClose);
      });
    },
  };
}
