import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { list, number, object, parseJson, record, text } from '../../protocol/form.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { isAllowed } from '../../state/listener-settings.ts';
import { later } from './later.ts';

/** The method by which an agent tells vmkd whom it has refused; every agent whose row `listens` has it. */
export const refusedMethod = 'listeners.refused';

/** What vmkd writes for an agent: those of its listeners that are open. */
export const openListenersForm = record(object({ fd: number }, { allowed: list(text) }));

export interface GateOptions {
  /** The file that vmkd has written (`listenersFileOf`). */
  readonly file: string;
  readonly vmkd: Pick<RpcClient, 'call'>;
  /** Hears why a listener cannot be used. */
  failed(error: Error): void;
  readonly after?: (ms: number, act: () => void) => () => void;
}

/** Where an agent's peers come in. */
export interface ListenerGate {
  /**
   * Serves one of the row's listeners, if it is open: `onConnection` gets those who may connect. Of an HTTP server that is
   * `(socket) => void server.emit('connection', socket)`. Undefined where it is closed.
   */
  serve(name: string, onConnection: (socket: Socket) => void): Server | undefined;
}

/** However many are refused, vmkd hears of it so often at most. */
const reportIntervalMs = 1000;

interface Refusals {
  count: number;
  last: string;
}

/**
 * Accepts for the listeners that vmkd has handed over, and sends away whoever may not connect now: the file is read at each accept, so that
 * a change holds for the next connection, and no connection that is there is cut. What cannot be read lets nobody in.
 */
export function listenerGate({ file, vmkd, failed, after = later }: GateOptions): ListenerGate {
  const read = () => parseJson(readFileSync(file, 'utf8'), openListenersForm, file);
  const refused = new Map<string, Refusals>();
  let isDue = false;
  const report = (): void => {
    isDue = false;
    const told = [...refused].map(([name, one]) => ({ name, ...one }));
    refused.clear();
    // A vmkd that does not answer ends this world soon.
    void vmkd.call(refusedMethod, { refused: told }).catch(() => {});
  };
  const refuse = (name: string, socket: Socket, peer: string): void => {
    socket.resetAndDestroy();
    const one = refused.get(name) ?? { count: 0, last: '' };
    refused.set(name, { count: one.count + 1, last: peer });
    if (isDue) return;
    isDue = true;
    after(reportIntervalMs, report);
  };
  const mayEnter = (name: string, peer: string): boolean => {
    try {
      const rule = read()[name];
      return rule !== undefined && isAllowed(peer, rule.allowed);
    } catch (error) {
      failed(error as Error);
      return false;
    }
  };
  return {
    serve(name, onConnection) {
      const rule = read()[name];
      if (!rule) return undefined;
      const server = createServer((socket) => {
        // What a peer breaks off before somebody serves it harms nobody.
        socket.on('error', () => {});
        const peer = socket.remoteAddress;
        if (peer === undefined) socket.destroy();
        else if (mayEnter(name, peer)) onConnection(socket);
        else refuse(name, socket, peer);
      });
      server.on('error', failed);
      server.listen({ fd: rule.fd });
      return server;
    },
  };
}
