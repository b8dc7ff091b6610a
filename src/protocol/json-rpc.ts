import type { Duplex } from 'node:stream';
import { mostLevels, parseLine } from './json-lines.ts';
import { lineSplitter } from './line-splitter.ts';
import { internalCode, RpcError } from './rpc-error.ts';

/** Who asked, as far as it is known. */
export interface Caller {
  /** Aborted once its connection has ended: nobody hears the answer any more. */
  readonly gone: AbortSignal;
}

/** A method of vmkd's protocol; what it throws becomes the answer's error, an RpcError with its code. */
export type Method = (params: Record<string, unknown>, caller?: Caller) => unknown;

/**
 * Answers one line of vmkd's protocol: JSON-RPC 2.0, one request and one answer a line, UTF-8, without
 * batches. Never throws. Returns undefined for a notification (a request without id), which gets no
 * answer, not even to say that it failed.
 */
export async function answerLine(
  methods: Readonly<Record<string, Method>>,
  line: string,
  caller?: Caller,
): Promise<string | undefined> {
  const read = readRequest(line);
  if ('refusal' in read) return read.refusal;
  const answer = await answerRequest(methods, read.request, caller);
  return read.request.id === undefined ? undefined : answer;
}

/** The request of a line, or the answer to one that holds none. */
export function readRequest(
  line: string,
): { readonly request: Request } | { readonly refusal: string } {
  const request = parseLine(line);
  if (request === undefined) {
    const expected = `expected one JSON object a line, at most ${mostLevels} levels deep`;
    return { refusal: failure(null, -32700, `${expected}, found something else`) };
  }
  if (!isRequest(request)) {
    const expected = 'expected an object with jsonrpc, id, method and params';
    return { refusal: failure(null, -32600, expected) };
  }
  return { request };
}

/** The answer that says that a call has failed; `code` is stable and for programs. */
export function failedAnswer(id: RequestId, message: string, code: string): string {
  return failure(id, -32000, message, { code });
}

async function answerRequest(
  methods: Readonly<Record<string, Method>>,
  { id = null, method: name, params = {} }: Request,
  caller: Caller | undefined,
): Promise<string> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) {
    const known = Object.keys(methods).join(', ');
    const found = JSON.stringify(name.slice(0, 64));
    return failure(id, -32601, `expected one of the methods ${known}, found ${found}`);
  }
  try {
    const result = (await method(params, caller)) ?? null;
    return JSON.stringify({ jsonrpc: '2.0', id, result });
  } catch (error) {
    const code = error instanceof RpcError ? error.code : internalCode;
    return failedAnswer(id, error instanceof Error ? error.message : String(error), code);
  }
}

export type RequestId = string | number | null;

export interface Request {
  /** Left out: nobody waits for an answer. */
  id?: RequestId;
  method: string;
  params?: Record<string, unknown>;
}

function isRequest(value: unknown): value is Request {
  if (typeof value !== 'object' || value === null) return false;
  const { id, method, params } = value as Record<string, unknown>;
  return (
    typeof method === 'string' &&
    (id === undefined || id === null || typeof id === 'string' || typeof id === 'number') &&
    (params === undefined ||
      (typeof params === 'object' && params !== null && !Array.isArray(params)))
  );
}

function failure(id: RequestId, code: number, message: string, data?: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data && { data }) } });
}

/** So many requests of one connection are worked on at once; more are read when some of these are answered. */
export const mostPending = 64;

/**
 * Answers what comes over a socket until it ends. A peer that does not read its answers, or has asked much that is not answered yet, is
 * not read from.
 */
export function serveSocket(socket: Duplex, methods: Readonly<Record<string, Method>>): void {
  const gone = new AbortController();
  const queue = requestQueue(methods, gone.signal, (answer) => {
    if (answer && socket.writable) socket.write(`${answer}\n`);
    readOrWait();
  });
  const readOrWait = (): void => {
    if (queue.full() || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => gone.abort());
  const onLine = lineSplitter(queue.add);
  socket.on('drain', readOrWait);
  socket.on('data', (chunk: string) => {
    onLine(chunk);
    readOrWait();
  });
}

/** Requests of one connection: of what one read has brought {@link mostPending} are worked on, the others wait. */
export function requestQueue(
  methods: Readonly<Record<string, Method>>,
  gone: AbortSignal,
  onAnswer: (answer: string | undefined) => void,
): { add(line: string): void; full(): boolean } {
  const waiting: string[] = [];
  let pending = 0;
  const begin = async (line: string): Promise<void> => {
    pending++;
    const answer = await answerLine(methods, line, { gone });
    pending--;
    const next = gone.aborted ? undefined : waiting.shift();
    if (next !== undefined) void begin(next);
    onAnswer(answer);
  };
  return {
    add(line) {
      if (pending < mostPending) void begin(line);
      else waiting.push(line);
    },
    full: () => pending >= mostPending,
  };
}
