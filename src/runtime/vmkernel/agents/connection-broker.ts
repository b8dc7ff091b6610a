import { fstatSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import type { Agent } from '../../agents/agent.ts';
import { connectMethod } from '../../system/agent-connections.ts';
import type { Handover } from '../../system/handover.ts';
import { socketPair } from '../../system/socket-pair.ts';

export interface BrokerLimits {
  /** Connections from one agent to one other that are open at a time. */
  readonly open: number;
  /** That one agent asks for in a second. */
  readonly perSecond: number;
}

/** A connection costs vmkd 0.9 ms of a build machine's processor (measured). */
export const brokerLimits: BrokerLimits = { open: 128, perSecond: 50 };

export interface BrokerOptions {
  /** Hears of what an agent asked for and its row has not. */
  report(line: string): void;
  readonly limits?: BrokerLimits;
  /** Default: {@link socketPair}. */
  readonly pair?: () => Promise<[Socket, Socket]>;
  /** Inodes of the host's Unix sockets that are open. Default: what proc(5) says in `net/unix`. */
  readonly openSockets?: () => ReadonlySet<number>;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** What an agent has asked for since vmkd was started. */
export interface ConnectionCounts {
  made: number;
  /** For an agent that its row has not, or beyond the limits. */
  refused: number;
}

/** Connects worlds with each other, as their rows say. */
export interface ConnectionBroker {
  /** Whether the agent talks, or somebody talks to it: then it has a channel. */
  hasChannel(name: string): boolean;
  /** By this the agent that runs now gets its connections, until that is over. */
  attach(name: string, handover: Handover): void;
  /** Of the agent's own connection to vmkd. */
  methods(name: string): Readonly<Record<string, Method>>;
  counts(name: string): ConnectionCounts;
}

type TalkRow = Pick<Agent, 'name' | 'talksTo'>;

/**
 * Hands two agents the ends of a pair of sockets where the row of the one has the other. Who asks is known by the connection on which it
 * asks, and who answers is whoever runs at the time: a new one is another end. vmkd keeps neither end, so that it sees nothing of what
 * is said, and an end closes when its agent closes it or ends.
 */
export function connectionBroker(
  rows: readonly TalkRow[],
  options: BrokerOptions,
): ConnectionBroker {
  const { report, limits = brokerLimits, pair = socketPair } = options;
  const { openSockets = readOpenSockets, now = () => performance.now() } = options;
  const talked = new Set(rows.flatMap(({ talksTo = [] }) => talksTo));
  const running = new Map<string, Handover>();
  const allCounts = new Map<string, ConnectionCounts>();
  const counts = (name: string): ConnectionCounts => {
    const known = allCounts.get(name) ?? { made: 0, refused: 0 };
    allCounts.set(name, known);
    return known;
  };

  function connectorOf({ name, talksTo = [] }: TalkRow): Method {
    const mine = counts(name);
    /** By whom it talks to: those that are open, as far as it is known, by the inode of the other's end; 0 and less are being made. */
    const open = new Map(talksTo.map((to) => [to, new Set<number>()] as const));
    let second = { begun: now(), count: 0 };
    let making = 0;
    const refuse = (code: string, why: string): never => {
      mine.refused++;
      throw new RpcError(code, why);
    };
    return async ({ to, id }) => {
      const pairs = typeof to === 'string' ? open.get(to) : undefined;
      if (typeof to !== 'string' || !pairs) {
        report(`agent ${name}: asked for a connection that its row does not have`);
        const found = JSON.stringify(to)?.slice(0, 64);
        return refuse('usage', `to: expected ${talksTo.join(', ')}, found ${found}`);
      }
      if (!Number.isSafeInteger(id)) return refuse('usage', 'id: expected a whole number');
      if (now() - second.begun >= 1000) second = { begun: now(), count: 0 };
      if (++second.count > limits.perSecond) {
        return refuse('worlds.too-many', `expected at most ${limits.perSecond} in a second`);
      }
      if (pairs.size >= limits.open) forgetClosed(pairs, openSockets());
      if (pairs.size >= limits.open) {
        return refuse('worlds.too-many', `${to}: ${limits.open} connections are open already`);
      }
      const [own, target] = [running.get(name), running.get(to)];
      if (!own || !target) throw new RpcError(`${to}.no-agent`, `the agent ${to} does not run`);
      const place = -making++;
      pairs.add(place);
      try {
        const [near, far] = await pair();
        try {
          pairs.add(inodeOf(far));
          await target.give({ from: name }, far);
        } catch (error) {
          near.destroy();
          far.destroy();
          throw new RpcError(`${to}.no-agent`, `the agent ${to}: ${(error as Error).message}`);
        }
        await own.give({ id }, near);
      } finally {
        pairs.delete(place);
      }
      mine.made++;
      return {};
    };
  }

  // They outlive an agent that is started anew.
  const connectors = new Map(
    rows.flatMap((row) => (row.talksTo ? [[row.name, connectorOf(row)] as const] : [])),
  );
  return {
    hasChannel: (name) => talked.has(name) || connectors.has(name),
    attach(name, handover) {
      running.set(name, handover);
      void handover.over.then(() => {
        if (running.get(name) === handover) running.delete(name);
      });
    },
    methods(name) {
      const connector = connectors.get(name);
      return connector ? { [connectMethod]: connector } : {};
    },
    counts,
  };
}

function forgetClosed(inodes: Set<number>, open: ReadonlySet<number>): void {
  for (const inode of inodes) if (inode > 0 && !open.has(inode)) inodes.delete(inode);
}

function inodeOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } | null };
  return fstatSync(handle?.fd ?? -1).ino;
}

/** proc(5): a line for each Unix socket of this network name space; those that were made here stay in it wherever they are handed to. */
function readOpenSockets(): ReadonlySet<number> {
  const [, ...lines] = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return new Set(lines.map((line) => Number(line.trim().split(/\s+/)[6])));
}
