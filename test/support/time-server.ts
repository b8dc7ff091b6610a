import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface TimeServer {
  /** UDP port of this machine's loopback. */
  readonly port: number;
  stop(): Promise<void>;
}

/** The distribution's chronyd as a server of this machine's time, at a port that anybody may open. It leaves the clock alone. */
export async function timeServer(): Promise<TimeServer> {
  const folder = mkdtempSync(join(tmpdir(), 'time-server-'));
  const port = await freePort();
  const configuration = join(folder, 'chrony.conf');
  writeFileSync(
    configuration,
    `local stratum 3
allow
port ${port}
bindaddress 127.0.0.1
cmdport 0
bindcmdaddress /
pidfile ${join(folder, 'pid')}
`,
  );
  const args = ['-d', '-x', '-U', '-u', userInfo().username, '-f', configuration];
  const child: ChildProcess = spawn('chronyd', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  return {
    port,
    async stop() {
      if (child.exitCode === null) {
        child.kill();
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
