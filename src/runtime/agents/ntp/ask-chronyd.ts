import { createSocket } from 'node:dgram';
import { decodeTracking, encodeTrackingRequest, type Tracking } from './tracking.ts';

const timeoutMs = 3000;

/** Asks a chronyd of this host at a port. Rejects with one sentence where it does not answer in 3 s, or answers something else. */
export function askTracking(port: number): Promise<Tracking> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const sequence = Math.floor(Math.random() * 2 ** 32);
    const end = (answer: () => void): void => {
      clearTimeout(timer);
      socket.close();
      answer();
    };
    const fail = (why: string): void => end(() => reject(new Error(why)));
    const timer = setTimeout(fail, timeoutMs, `chronyd: no answer in ${timeoutMs / 1000} s`);
    socket.once('error', ({ message }) => fail(`chronyd: ${message}`));
    socket.once('message', (reply) => {
      try {
        const found = decodeTracking(reply, sequence);
        end(() => resolve(found));
      } catch (error) {
        fail((error as Error).message);
      }
    });
    // Connected, it hears nobody else.
    socket.connect(port, '127.0.0.1', () => socket.send(encodeTrackingRequest(sequence)));
  });
}
