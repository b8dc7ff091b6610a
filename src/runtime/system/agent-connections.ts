import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RpcClient } from '../../protocol/rpc-client.ts';

/** The method by which an agent asks vmkd for a connection to another; every agent whose row has `talksTo` has it. */
export const connectMethod = 'worlds.connect';

/** How an agent talks to others, as a part of its HostPort: a row's `talksTo` says to whom. */
export interface AgentConnections {
  /**
   * A new connection to another agent, as it runs now: bytes in both directions, which end with either side. Throws an RpcError: `usage` for one that
   * is not in the row, `NAME.no-agent` for one that does not run, `worlds.too-many` beyond the limits (docs/worlds.md).
   */
  connectTo(name: string, timeoutMs?: number): Promise<Duplex>;
  /** Serves those that connect: `name` is the agent that talks, for certain. To be called once, at the start. */
  onConnection(serve: (name: string, socket: Duplex) => void): void;
}

/** The side of a world of Node's channel: `process`. */
export interface HandedChannel {
  on(event: 'message', listener: (message: unknown, socket: unknown) => void): unknown;
  readonly channel?: { ref(): void; unref(): void } | undefined;
}

/** Talks by what vmkd hands over. Throws an Error where vmkd has handed over no channel, as no row lets this agent talk or be talked to. */
export function agentConnections(
  vmkd: Pick<RpcClient, 'call'>,
  world: HandedChannel = process,
): AgentConnections {
  const { channel } = world;
  if (!channel) throw new Error('expected a channel of vmkd, found none: no row has it in talksTo');
  const waiting = new Map<number, (socket: Socket) => void>();
  /** Those that came before somebody serves them. */
  let early: [string, Socket][] | undefined = [];
  let serve = (name: string, socket: Socket): void => void early?.push([name, socket]);
  let nextId = 1;
  world.on('message', (message, handed) => {
    // Vmkd is trusted; Node gives none where the other side was quicker to close it.
    const socket = handed as Socket | undefined;
    const { from, id } = message as { readonly from?: string; readonly id?: number };
    // Whoever does not listen to errors is not ended by them: `close` follows.
    socket?.on('error', () => {});
    const taken = id === undefined ? undefined : waiting.get(id);
    if (!socket) return;
    if (from !== undefined) serve(from, socket);
    else if (taken) taken(socket);
    else socket.destroy();
  });
  // Who only asks is kept alive by something else.
  channel.unref();
  return {
    async connectTo(to, timeoutMs = 30_000) {
      const id = nextId++;
      let arrived: Socket | undefined;
      waiting.set(id, (socket) => {
        arrived = socket;
      });
      try {
        // It is answered after the socket was taken.
        await vmkd.call(connectMethod, { to, id }, timeoutMs);
      } catch (error) {
        arrived?.destroy();
        throw error;
      } finally {
        waiting.delete(id);
      }
      if (!arrived) throw new Error(`${to}: the connection was closed before it was there`);
      return arrived;
    },
    onConnection(served) {
      channel.ref();
      serve = served;
      for (const [name, socket] of early ?? []) served(name, socket);
      early = undefined;
    },
  };
}
