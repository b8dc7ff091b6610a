import type { IncomingHttpHeaders } from 'node:http';
import { TwinbankError } from '../../diagnostics/error.ts';
import { quote } from '../../diagnostics/quote.ts';

/** The part of a reply that is judged before its content is read. */
export interface ReplyHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** What tells one content of an address from the next (RFC 9110 section 8.8). */
export interface Identity {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Bytes in all. */
  readonly size: number | undefined;
}

/** The request was right and came at the wrong time (RFC 9110 section 15.5.9, RFC 8470, RFC 6585). */
const busyStatuses = new Set([408, 425, 429]);

/** Failures that may pass: the network's, and those that a server calls its own. */
export const transientCode = 'update.download';

export function downloadError(
  name: string,
  reason: string,
  cause?: unknown,
  data: Record<string, unknown> = {},
): TwinbankError {
  return new TwinbankError('io', transientCode, `${name}: ${reason}`, { cause, data });
}

/**
 * What the first reply, to a request for everything, says of the content. Throws kind `io`: `update.download` for
 * a server in trouble (5xx) or that has too much to do (408, 425, 429), `update.http-status` for any status but 200, and `update.http-encoding`.
 */
export function judgeFirst(name: string, reply: ReplyHead): Identity {
  if (reply.status !== 200) throw statusError(name, reply);
  refuseEncoding(name, reply.headers);
  return identityOf(reply.headers, contentLength(reply.headers));
}

/** Headers that ask for what follows `offset`, as long as the content is still the same (RFC 9110 section 13.1.5). */
export function resumeHeaders(
  { etag, lastModified }: Identity,
  offset: number,
): Record<string, string> {
  if (offset === 0) return {};
  // A weak tag is none to resume by: two contents may share it.
  const validator = etag?.startsWith('"') ? etag : lastModified;
  const ifRange = validator === undefined ? undefined : { 'If-Range': validator };
  return { Range: `bytes=${offset}-`, ...ifRange };
}

/**
 * Judges the reply to {@link resumeHeaders}. Returns how many bytes of it were had before: a server without
 * ranges begins again. Throws kind `io`: as above, `update.source-changed` where the content is another or may be,
 * and `update.http-range` for a part that nobody asked for.
 */
export function judgeResumed(
  name: string,
  known: Identity,
  offset: number,
  reply: ReplyHead,
): number {
  const { status, headers } = reply;
  if (status === 416) throw changed(name, offset, 'fewer bytes');
  if (status !== 200 && status !== 206) throw statusError(name, reply);
  refuseEncoding(name, headers);
  if (status === 200) {
    const found = identityOf(headers, contentLength(headers));
    const same = JSON.stringify(found) === JSON.stringify(known);
    if (!same) throw changed(name, offset, 'another');
    if (offset > 0 && known.etag === undefined && known.size === undefined) {
      throw changed(name, offset, 'one without a size or an ETag, by which to know it again');
    }
    return offset;
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const [start, end] = [Number(range?.[1]), Number(range?.[2])];
  const length = contentLength(headers) ?? end - start + 1;
  if (!range || start !== offset || end - start + 1 !== length) {
    const message = `${name}: expected what follows byte ${offset}, found Content-Range ${quote(headers['content-range'] ?? '')}`;
    throw new TwinbankError('io', 'update.http-range', message);
  }
  const found = identityOf(headers, range[3] === '*' ? undefined : Number(range[3]));
  for (const key of ['etag', 'lastModified', 'size'] as const) {
    // A part need not repeat all of it.
    const differs =
      found[key] !== known[key] && found[key] !== undefined && known[key] !== undefined;
    if (differs) throw changed(name, offset, 'another');
  }
  return 0;
}

function identityOf(headers: IncomingHttpHeaders, size: number | undefined): Identity {
  return { etag: headers.etag, lastModified: headers['last-modified'], size };
}

/** Undefined where there is none; the parser has refused what is no number. */
function contentLength(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

/** What was hashed and signed are the bytes themselves, and a range of packed bytes is none of them. */
function refuseEncoding(name: string, headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  const message = `${name}: expected the file as it is, found Content-Encoding ${quote(encoding)}`;
  throw new TwinbankError('io', 'update.http-encoding', message);
}

function statusError(name: string, { status, headers }: ReplyHead): TwinbankError {
  const message = `${name}: expected the file, found HTTP status ${status}`;
  if (status < 500 && !busyStatuses.has(status)) {
    return new TwinbankError('io', 'update.http-status', message, { data: { status } });
  }
  const retryAfterMs = retryAfter(headers);
  return new TwinbankError('io', transientCode, message, { data: { status, retryAfterMs } });
}

/** Milliseconds that a server asks to wait (RFC 9110 section 10.2.3); a time of day counts from its own `Date`. */
function retryAfter(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const wait = Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

function changed(name: string, offset: number, found: string): TwinbankError {
  const message = `${name}: expected to read on after byte ${offset} of the same file, found ${found}; begin anew`;
  return new TwinbankError('io', 'update.source-changed', message, { data: { offset } });
}
