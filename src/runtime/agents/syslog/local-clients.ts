import type { Socket } from 'node:net';
import { lineLimit } from '../../system/line-limit.ts';

/** Octets of a message; what is longer is cut. */
const messageLimit = 8192;
/** Of one connection in ten seconds: nobody else's messages are pushed out of the files by a program that has gone wild. */
const mostMessages = 1000;

/**
 * Cuts what a program sends on a stream into messages. syslog(3) ends each by a NUL (glibc, misc/syslog.c: "some syslogd's need it"),
 * others by a line feed. What is longer than `limit` octets is cut. Never keeps more than that.
 */
export function messageSplitter(
  onMessage: (text: string) => void,
  limit = messageLimit,
): { hear(chunk: Buffer): void; end(): void } {
  let pending = Buffer.alloc(0);
  const take = (bytes: Buffer): void => {
    const room = limit - pending.length;
    if (room > 0) pending = Buffer.concat([pending, bytes.subarray(0, room)]);
  };
  const end = (): void => {
    if (pending.length > 0) onMessage(pending.toString());
    pending = Buffer.alloc(0);
  };
  return {
    hear: (chunk) => {
      let start = 0;
      for (let at = 0; at < chunk.length; at++) {
        if (chunk[at] !== 0 && chunk[at] !== 0x0a) continue;
        take(chunk.subarray(start, at));
        end();
        start = at + 1;
      }
      take(chunk.subarray(start));
    },
    end,
  };
}

/** Reads the messages of one program, for as long as it is connected. It is always read from, so that it never waits. */
export function readClient(socket: Socket, onMessage: (text: string) => void): void {
  const { hear, end } = messageSplitter(lineLimit(onMessage, { most: mostMessages }));
  socket.on('data', hear);
  socket.on('close', end);
  // It has gone; what it said by then is there.
  socket.on('error', () => {});
}
