import type { Duplex } from 'node:stream';
import { type Method, readRequest, requestQueue } from '../../../protocol/json-rpc.ts';
import { lineSplitter } from '../../../protocol/line-splitter.ts';

/** How much a world may ask vmkd for, and how long it may take for its side. */
export interface ConnectionLimits {
  readonly requestsPerSecond: number;
  /** Characters, whatever they are. */
  readonly charactersPerSecond: number;
  /** Characters of a request. */
  readonly request: number;
  /** A request that was begun has to be whole, and an answer has to be taken, in so long. */
  readonly stallMs: number;
}

/**
 * What an agent needs is a few requests a second, and a file in chunks of half a MiB. A request takes vmkd 0.02 ms of a build machine's
 * processor, and a MiB of text 23 ms (measured): a world that is just below all limits takes a tenth of one.
 */
export const connectionLimits: ConnectionLimits = {
  requestsPerSecond: 100,
  charactersPerSecond: 4 << 20,
  request: 1 << 20,
  stallMs: 10_000,
};

/**
 * Answers what a world asks on its one connection: `methods`, and no others. The connection is the identity, so nothing is asked about it.
 * A world that breaks a limit, or sends what is no request, is told of by `onBreach`, once, and is not read from any more: a flood ends
 * the world, never vmkd.
 */
export function serveWorld(
  socket: Duplex,
  methods: Readonly<Record<string, Method>>,
  onBreach: (why: string) => void,
  limits: ConnectionLimits = connectionLimits,
): void {
  const gone = new AbortController();
  let second = { begun: performance.now(), characters: 0, lines: 0 };
  let stall: { readonly what: string; readonly timer: NodeJS.Timeout } | undefined;
  const watchStall = (what: string | undefined): void => {
    if (stall?.what === what) return;
    clearTimeout(stall?.timer);
    stall =
      what === undefined ? undefined : { what, timer: setTimeout(breach, limits.stallMs, what) };
  };
  const breach = (why: string): void => {
    if (gone.signal.aborted) return;
    gone.abort();
    watchStall(undefined);
    socket.destroy();
    onBreach(why);
  };
  const queue = requestQueue(methods, gone.signal, (answer) => {
    if (answer !== undefined && socket.writable) socket.write(`${answer}\n`);
    readOrWait();
  });
  const readOrWait = (): void => {
    if (socket.writableNeedDrain) watchStall('it did not take its answers from vmkd');
    if (queue.full() || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  const onLine = (line: string): void => {
    if (gone.signal.aborted) return;
    if ('refusal' in readRequest(line)) breach('it sent vmkd what is no request');
    else queue.add(line);
  };
  const split = lineSplitter(onLine, limits.request, () =>
    breach(`it sent vmkd a request of more than ${limits.request} characters`),
  );
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    gone.abort();
    watchStall(undefined);
  });
  socket.on('drain', () => {
    watchStall(undefined);
    readOrWait();
  });
  socket.on('data', (chunk: string) => {
    const now = performance.now();
    if (now - second.begun >= 1000) second = { begun: now, characters: 0, lines: 0 };
    second.characters += chunk.length;
    // Blank lines are no requests, but cost as much time.
    second.lines += linesIn(chunk, limits.requestsPerSecond + 1);
    if (second.lines > limits.requestsPerSecond) {
      return breach(`it asked vmkd more than ${limits.requestsPerSecond} times in a second`);
    }
    if (second.characters > limits.charactersPerSecond) {
      return breach(`it sent vmkd more than ${limits.charactersPerSecond} characters in a second`);
    }
    split(chunk);
    if (gone.signal.aborted) return;
    if (!socket.writableNeedDrain) {
      watchStall(chunk.endsWith('\n') ? undefined : 'it sent vmkd half a request');
    }
    readOrWait();
  });
}

/** Line ends of a text, counted up to `most`. */
function linesIn(text: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0 && count < most; at = text.indexOf('\n', at + 1))
    count++;
  return count;
}

/** Those of vmkd's methods that a row lists. */
export function methodsOf(
  row: { readonly vmkd?: readonly string[] | undefined },
  methods: Readonly<Record<string, Method>>,
): Record<string, Method> {
  return Object.fromEntries(
    (row.vmkd ?? []).flatMap((name) => {
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      return method ? [[name, method]] : [];
    }),
  );
}
