import type { Duplex } from 'node:stream';
import { onJsonLine } from './json-lines.ts';
import {
  failedAnswer,
  mostPending,
  type Request,
  type RequestId,
  readRequest,
} from './json-rpc.ts';
import { answerLimit, lineSplitter } from './line-splitter.ts';

/**
 * Many clients at one connection that answers JSON-RPC, such as a virtual machine's port of vmkd. Each request goes on with an
 * id of ours and its answer comes back with the client's. A client that goes away takes nothing of others with it, and one that
 * asks much or does not read its answers waits alone: each has a share of the requests that vmkd works on at once, and they
 * take turns.
 */
export interface RpcMultiplexer {
  /** Serves a client until its connection ends; one that ends its own side gets the answers that it still waits for. */
  serve(client: Duplex): void;
  /**
   * Whoever answers is gone: all that was asked is answered with an error, and what comes now waits until `resume`, so that nobody
   * else is asked what was answered with an error.
   */
  suspend(why: string): void;
  /** Somebody answers again. */
  resume(): void;
}

/** Of {@link mostPending}, which are worked on for all clients together. */
const mostOfClient = 16;
/** Bytes of answers that a client has not read; one that has more is cut off. */
const mostUnread = 32 << 20;
/** The code of an error that says that nobody answers any more. */
const goneCode = 'host.gone';

interface Client {
  readonly socket: Duplex;
  /** Requests that have not gone on yet. */
  readonly waiting: Request[];
  /** Those that have, and are not answered. */
  pending: number;
  /** It asks no more. */
  ended: boolean;
}

/** `port` belongs to the multiplexer from here on. */
export function rpcMultiplexer(port: Duplex): RpcMultiplexer {
  /** In the order of their turns. */
  const clients = new Set<Client>();
  const asked = new Map<number, { readonly client: Client; readonly id: RequestId | undefined }>();
  let nextId = 1;
  let suspended = false;
  let gone = false;

  const sendNext = (): void => {
    for (const client of [...clients]) {
      if (suspended || asked.size >= mostPending) return;
      const request = client.pending < mostOfClient ? client.waiting.shift() : undefined;
      if (!request) continue;
      const { id, method, params } = request;
      const ours = nextId++;
      asked.set(ours, { client, id });
      client.pending++;
      // What has had its turn is the last.
      clients.delete(client);
      clients.add(client);
      port.write(`${JSON.stringify({ jsonrpc: '2.0', id: ours, method, params })}\n`);
    }
  };
  const sendAll = (): void => {
    let before: number;
    do {
      before = asked.size;
      sendNext();
    } while (asked.size > before);
  };
  const settle = (ours: number, answerOf: (id: RequestId) => string): void => {
    const call = asked.get(ours);
    if (!call) return;
    asked.delete(ours);
    const { client, id } = call;
    client.pending--;
    if (id !== undefined) tell(client, answerOf(id));
    readOrWait(client);
  };
  const failAll = (why: string): void => {
    for (const ours of [...asked.keys()]) settle(ours, (id) => failedAnswer(id, why, goneCode));
    sendAll();
  };

  const dropHalfLine = onJsonLine(
    port,
    (message) => {
      if (typeof message.id !== 'number') return;
      settle(message.id, (id) => JSON.stringify({ ...message, id }));
      sendAll();
    },
    {
      limit: answerLimit,
      onTooLong: () => failAll(`an answer of more than ${answerLimit} characters`),
    },
  );
  port.on('error', () => port.destroy());
  port.once('close', () => {
    gone = true;
    for (const client of clients) {
      for (const { id } of client.waiting.splice(0))
        if (id !== undefined) tell(client, failedAnswer(id, hasEnded, goneCode));
    }
    failAll(hasEnded);
    for (const { socket } of clients) socket.end();
  });

  return {
    suspend(why) {
      suspended = true;
      failAll(why);
    },
    resume() {
      suspended = false;
      // Whatever the one before had begun to say.
      dropHalfLine();
      sendAll();
    },
    serve(socket) {
      if (gone) return void socket.destroy();
      const client: Client = { socket, waiting: [], pending: 0, ended: false };
      clients.add(client);
      const onLine = lineSplitter((line) => {
        const read = readRequest(line);
        if ('refusal' in read) tell(client, read.refusal);
        else client.waiting.push(read.request);
      });
      socket.setEncoding('utf8');
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        client.waiting.length = 0;
        clients.delete(client);
      });
      socket.on('drain', () => readOrWait(client));
      socket.on('end', () => {
        client.ended = true;
        readOrWait(client);
      });
      socket.on('data', (chunk: string) => {
        // Chunks that were read before it ended may still come.
        if (socket.destroyed || gone) return;
        onLine(chunk);
        sendAll();
        readOrWait(client);
      });
    },
  };
}

const hasEnded = 'the host has ended';

function tell({ socket }: Client, answer: string): void {
  if (!socket.writable) return;
  socket.write(`${answer}\n`);
  if (socket.writableLength > mostUnread) socket.destroy();
}

function readOrWait({ socket, waiting, pending, ended }: Client): void {
  const open = pending + waiting.length;
  if (ended && open === 0) socket.end();
  else if (open >= mostOfClient || socket.writableNeedDrain) socket.pause();
  else socket.resume();
}
