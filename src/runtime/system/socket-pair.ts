import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

let made = 0;

/**
 * Two Unix stream sockets that are connected to each other, and not read from: what is written to one before it is handed over waits in
 * the kernel for whoever gets the other. `folder` is our own; only our own user may connect to the name that is there for a moment
 * (unix(7): that takes the right to write to it, which the mask leaves the owner). Throws an Error where they cannot be had.
 */
export async function socketPair(folder = '/run/twinbank'): Promise<[Socket, Socket]> {
  const path = join(folder, `pair-${process.pid}-${made++}`);
  rmSync(path, { force: true });
  const server = createServer({ pauseOnConnect: true });
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  // Whoever waits for what comes first hears of it.
  accepted.catch(() => {});
  let far: Socket | undefined;
  try {
    server.listen(path);
    await once(server, 'listening');
    far = connect(path);
    // It would begin to read as soon as it is connected.
    far.pause();
    const [[near]] = await Promise.all([accepted, once(far, 'connect')]);
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    // Node would count it for its server, here and where it is handed to.
    Object.assign(near, { server: null });
    return [near, far];
  } catch (error) {
    far?.destroy();
    throw error;
  } finally {
    server.close();
  }
}
