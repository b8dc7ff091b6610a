/**
 * One receiver of messages, which may be slow, hang, or be away. Whatever it does, nothing waits for it: messages are kept in a
 * queue with a limit, and the oldest are dropped and counted when that is full.
 *
 *     connecting ── open ──> open ── it takes no more ──> blocked ── drained ──> open
 *         ^  │                │                              │
 *         │  └── an error, or no answer in time ─────────────┴── closed, or it reads nothing for too long
 *         │                       v
 *         └── 1, 2, 4 … 60 s ── waiting
 */
export type TargetState = 'connecting' | 'open' | 'blocked' | 'waiting' | 'stopped';

/** A connection to a receiver, or a socket that sends to it. */
export interface Link {
  /** False when it takes no more now; `onDrain` is called later. */
  send(message: Buffer): boolean;
  close(): void;
}

export interface LinkEvents {
  onOpen(): void;
  onDrain(): void;
  /** Once, and nothing after it. */
  onClosed(why: string): void;
}

export interface RemoteOptions {
  /** As the settings have it, for people. */
  readonly name: string;
  /** Begins to connect; its events come later than it returns. */
  connect(events: LinkEvents): Link;
  /** Hears when it is lost, and when it is back. */
  report(why: string): void;
  readonly limits?: Partial<typeof defaultLimits>;
}

export interface TargetStatus {
  readonly target: string;
  readonly state: TargetState;
  /** Messages handed to the network: neither UDP nor TCP says that they were read. */
  readonly sent: number;
  readonly dropped: number;
  readonly queued: number;
  readonly lastError: string | null;
}

export interface RemoteTarget {
  send(message: Buffer): void;
  status(): TargetStatus;
  stop(): void;
}

const defaultLimits = {
  messages: 4096,
  bytes: 1 << 20,
  connectTimeoutMs: 10_000,
  /** For a receiver that reads nothing. */
  stallTimeoutMs: 30_000,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
  /** A connection that lived so long was a good one. */
  settledMs: 10_000,
};

export function remoteTarget({ name, connect, report, limits }: RemoteOptions): RemoteTarget {
  const limit = { ...defaultLimits, ...limits };
  const queue: Buffer[] = [];
  let bytes = 0;
  let state: TargetState = 'connecting';
  let link: Link | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = limit.firstPauseMs;
  let openedAt = 0;
  let isLost = false;
  const count = { sent: 0, dropped: 0 };
  let lastError: string | null = null;

  const enter = (next: TargetState, timeoutMs?: number, onTimeout?: () => void): void => {
    clearTimeout(timer);
    state = next;
    if (timeoutMs !== undefined && onTimeout) timer = setTimeout(onTimeout, timeoutMs);
  };
  const begin = (): void => {
    const { connectTimeoutMs } = limit;
    const events = {
      onOpen: () => {
        if (link !== current || state !== 'connecting') return;
        openedAt = performance.now();
        enter('open');
        if (isLost) report(`${name}: messages are sent again`);
        isLost = false;
        pump();
      },
      onDrain: () => {
        if (link !== current || state !== 'blocked') return;
        enter('open');
        pump();
      },
      onClosed: (why: string) => {
        if (link === current) lose(why);
      },
    };
    enter('connecting', connectTimeoutMs, () =>
      lose(`no connection in ${connectTimeoutMs / 1000} s`),
    );
    const current = connect(events);
    link = current;
  };
  const lose = (why: string): void => {
    const settled = state !== 'connecting' && performance.now() - openedAt >= limit.settledMs;
    const { length } = queue;
    link?.close();
    link = undefined;
    lastError = why;
    if (!isLost) report(`${name}: ${why}; ${length} messages wait`);
    isLost = true;
    if (settled) pauseMs = limit.firstPauseMs;
    enter('waiting', pauseMs, begin);
    pauseMs = Math.min(pauseMs * 2, limit.longestPauseMs);
  };
  const pump = (): void => {
    while (state === 'open' && link) {
      const message = queue.shift();
      if (!message) return;
      bytes -= message.length;
      const goesOn = link.send(message);
      count.sent++;
      if (goesOn) continue;
      const { stallTimeoutMs } = limit;
      enter('blocked', stallTimeoutMs, () =>
        lose(`it has read nothing for ${stallTimeoutMs / 1000} s`),
      );
    }
  };
  begin();
  return {
    send: (message) => {
      if (state === 'stopped') return;
      queue.push(message);
      bytes += message.length;
      while (queue.length > limit.messages || bytes > limit.bytes) {
        bytes -= queue.shift()?.length ?? 0;
        count.dropped++;
      }
      pump();
    },
    status: () => ({ target: name, state, ...count, queued: queue.length, lastError }),
    stop: () => {
      link?.close();
      link = undefined;
      enter('stopped');
    },
  };
}
