import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** The descriptor by which a world gets connected sockets while it runs: after its filter, which is descriptor 9. */
export const handoverDescriptor = 10;

/** The way by which one running world gets connected sockets. */
export interface Handover {
  /**
   * Gives the world a connected socket of ours that nothing was read from, with a message. Our copy is closed, whatever happens. Resolves when the world
   * has it; throws an Error where it has ended, or has no room.
   */
  give(message: Readonly<Record<string, unknown>>, socket: Socket): Promise<void>;
  /** Resolves when nothing can be given any more. */
  readonly over: Promise<void>;
}

export interface HandoverLimits {
  /** So many sockets wait to be taken. */
  readonly waiting: number;
  /** A socket has to be taken in so long, or the world is ended. */
  readonly stallMs: number;
}

export const handoverLimits: HandoverLimits = { waiting: 32, stallMs: 10_000 };

/** What Node's channel says of a socket that it has taken, or could not take for lack of a descriptor. */
const taken = '{"cmd":"NODE_HANDLE_ACK"}\n';
const notTaken = '{"cmd":"NODE_HANDLE_NACK"}\n';
/** The first in so many bytes as the second has: Node looks up elsewhere how many were read. */
const takenInstead = '{"cmd":"NODE_HANDLE_ACK"} \n';

interface Waiting {
  readonly message: Readonly<Record<string, unknown>>;
  readonly socket: Socket;
  resolve(): void;
  reject(error: Error): void;
}

/** The channel's own handle (uv_pipe_t); it reads from the moment of the start, and has no public name. */
interface ChannelHandle {
  onread(bytes?: ArrayBuffer): void;
  /** A descriptor that came with what is being read. */
  pendingHandle?: { close(): void } | null;
}

/**
 * Guards the `ipc` channel of a program that was started just now. Node's reader of it has no limit: a message without an end filled
 * its reader's memory by 500 MB in a second until an exception ended it, and descriptors that came with bytes took all of its reader's in five
 * (measured). So Node's reader hears nothing of what the world sends. The only thing that a world may say is whether it has taken the one
 * socket that it was given last; anything else, the first byte of it, ends the world by `onBreach`. Throws an Error where the engine has
 * no such channel, as nothing would guard it then.
 */
export function openHandover(
  child: ChildProcess,
  onBreach: (why: string) => void,
  limits: HandoverLimits = handoverLimits,
): Handover {
  const channel = channelOf(child);
  const read = channel.onread;
  const queue: Waiting[] = [];
  /** What was given, and not taken yet. */
  let current: Waiting | undefined;
  /** Its handle, which Node has from the moment of the sending, and does not close where the world has ended. */
  let sent: { close(): void } | null | undefined;
  let heard = '';
  let stall: NodeJS.Timeout | undefined;
  let isOver = false;
  let ended: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });

  const settle = (problem?: string): void => {
    const { resolve, reject } = current ?? {};
    clearTimeout(stall);
    current = undefined;
    sent = undefined;
    heard = '';
    if (problem === undefined) resolve?.();
    else reject?.(new Error(problem));
  };
  /** Node closes its side and forgets it, as where the world has ended. */
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    read.call(channel);
    sent?.close();
    settle('it has ended');
    for (const { socket, reject } of queue.splice(0)) {
      socket.destroy();
      reject(new Error('it has ended'));
    }
    ended();
  };
  const breach = (why: string): void => {
    end();
    onBreach(why);
  };
  const next = (): void => {
    if (current || isOver) return;
    current = queue.shift();
    if (!current) return;
    const { message, socket } = current;
    if (socket.destroyed) {
      // Node would send the message alone, for which nobody says that he has taken it.
      settle('it was closed before it was there');
      next();
      return;
    }
    stall = setTimeout(breach, limits.stallMs, 'it did not take a connection from vmkd');
    sent = (socket as Socket & { _handle?: { close(): void } | null })._handle;
    child.send(message, socket, (error) => {
      if (error) end();
    });
  };
  channel.onread = (bytes) => {
    const { pendingHandle } = channel;
    channel.pendingHandle = null;
    pendingHandle?.close();
    if (isOver) return;
    if (!bytes) return end();
    const before = heard.length;
    const more = Buffer.from(bytes, 0, Math.min(bytes.byteLength, notTaken.length + 1));
    heard += more.toString('latin1');
    const answer = [taken, notTaken].find((one) => one.startsWith(heard));
    if (!current || pendingHandle || answer === undefined) {
      return breach('it sent vmkd something where it only gets connections');
    }
    // Node would give one that was not taken again and again; for Node it is done.
    const told = (answer === taken ? taken : takenInstead).slice(before, heard.length);
    read.call(channel, Uint8Array.from(Buffer.from(told)).buffer);
    if (heard !== answer) return;
    const problem = answer === taken ? undefined : 'it has no descriptor left';
    settle(problem);
    next();
  };
  child.once('exit', end);
  return {
    over,
    give(message, socket) {
      if (isOver || queue.length >= limits.waiting) {
        socket.destroy();
        const why = isOver ? 'it has ended' : `${limits.waiting} connections wait for it already`;
        return Promise.reject(new Error(why));
      }
      return new Promise((resolve, reject) => {
        queue.push({ message, socket, resolve, reject });
        next();
      });
    },
  };
}

function channelOf(child: ChildProcess): ChannelHandle {
  const symbol = Object.getOwnPropertySymbols(child).find(
    ({ description }) => description === 'kChannelHandle',
  );
  const handle = symbol && (child as unknown as Record<symbol, ChannelHandle | null>)[symbol];
  if (typeof handle?.onread !== 'function') {
    throw new Error('expected a channel that can be guarded, found none in this engine');
  }
  return handle;
}
