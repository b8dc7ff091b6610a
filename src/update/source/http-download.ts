import type { IncomingMessage } from 'node:http';
import { TwinbankError } from '../../diagnostics/error.ts';
import { publicName } from './http-address.ts';
import {
  downloadError,
  type Identity,
  judgeFirst,
  judgeResumed,
  resumeHeaders,
} from './http-reply.ts';
import { type Connection, readReply, request } from './http-request.ts';
import type { RetryPolicy } from './http-retry.ts';

/** A reply, and how many bytes of it were had before. */
interface Reply {
  readonly message: IncomingMessage;
  readonly skip: number;
}

/** One file that comes from a web server over as many connections as it takes. */
export class HttpDownload {
  readonly name: string;
  readonly #address: URL;
  readonly #connection: Connection;
  readonly #retryPolicy: RetryPolicy;
  /** Of the content, since the first reply. */
  #identity: Identity | undefined;
  /** Bytes that were given out. */
  #offset = 0;

  constructor(address: URL, connection: Connection, retryPolicy: RetryPolicy) {
    this.name = publicName(address);
    this.#address = address;
    this.#connection = connection;
    this.#retryPolicy = retryPolicy;
  }

  /** Bytes in all, where the server has said so. */
  get size(): number | undefined {
    return this.#identity?.size;
  }

  /** A reply with what follows the bytes that were given out. Throws as `request` and the judges do. */
  async connect(): Promise<Reply> {
    for (;;) {
      try {
        return await this.#connectOnce();
      } catch (error) {
        await this.#retryPolicy.afterFailure(error);
      }
    }
  }

  /** Everything, from the first reply on. Throws as `connect` does. */
  async *content(first: Reply): AsyncGenerator<Uint8Array> {
    for (let reply = first; ; reply = await this.connect()) {
      try {
        yield* this.#contentOf(reply);
        return;
      } catch (error) {
        await this.#retryPolicy.afterFailure(error);
      }
    }
  }

  async #connectOnce(): Promise<Reply> {
    const known = this.#identity;
    const headers = known ? resumeHeaders(known, this.#offset) : {};
    this.#connection.pace.connect();
    const message = await request(this.#address, headers, this.#connection);
    try {
      const head = { status: message.statusCode ?? 0, headers: message.headers };
      if (known) return { message, skip: judgeResumed(this.name, known, this.#offset, head) };
      this.#identity = judgeFirst(this.name, head);
      return { message, skip: 0 };
    } catch (error) {
      message.destroy();
      throw error;
    }
  }

  async *#contentOf({ message, skip }: Reply): AsyncGenerator<Uint8Array> {
    const chunks = message[Symbol.asyncIterator]();
    const next = () => readReply(this.name, message, chunks, this.#connection);
    let old = skip;
    for (let chunk = await next(); chunk; chunk = await next()) {
      const fresh = chunk.subarray(old);
      old -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      this.#count(fresh.length);
      yield fresh;
    }
    const all = this.size ?? this.#offset;
    if (old === 0 && this.#offset === all) return;
    const found = `the end after ${this.#offset - old}`;
    throw downloadError(this.name, `expected ${all} bytes, found ${found}`);
  }

  #count(bytes: number): void {
    this.#offset += bytes;
    this.#retryPolicy.progress(bytes);
    if (this.size === undefined || this.#offset <= this.size) return;
    const message = `${this.name}: expected ${this.size} bytes, found more`;
    throw new TwinbankError('io', 'update.http-protocol', message);
  }
}
