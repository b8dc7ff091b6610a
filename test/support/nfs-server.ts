import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The distribution's nfs-ganesha on this machine's loopback, which a guest of QEMU reaches at 10.0.2.2. It keeps its files in memory. */
export interface NfsServer {
  readonly port: number;
  /** The folder that it exports. */
  readonly path: string;
  start(): Promise<void>;
  /** It stops answering, and its connections stay. */
  hang(): void;
  goOn(): void;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** To be started; needs to be root, as the server does. */
export async function nfsServer(): Promise<NfsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'nfs-'));
  const port = await freePort();
  const path = '/store';
  const file = join(folder, 'ganesha.conf');
  writeFileSync(file, configuration(folder, port, path));
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    path,
    async start() {
      const args = ['-F', '-L', join(folder, 'log'), '-f', file, '-p', join(folder, 'pid')];
      child = spawn('ganesha.nfsd', args, { stdio: 'ignore' });
      while (!(await answers(port))) {
        if (child.exitCode !== null) throw new Error(`ganesha.nfsd ended: ${child.exitCode}`);
        await pause(100);
      }
    },
    hang: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
    stop,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Version 4 alone, which needs no rpcbind; without a time of grace, as nobody has anything to reclaim. */
function configuration(folder: string, port: number, path: string): string {
  return `NFS_CORE_PARAM {
  Protocols = 4;
  NFS_Port = ${port};
  Bind_addr = 127.0.0.1;
  Enable_NLM = false;
  Enable_RQUOTA = false;
  Enable_UDP = false;
}
NFSV4 { Minor_Versions = 1; Graceless = true; Lease_Lifetime = 20; RecoveryRoot = "${folder}/recovery"; Only_Numeric_Owners = true; }
NFS_KRB5 { Active_krb5 = false; }
EXPORT_DEFAULTS { SecType = sys; Protocols = 4; Transports = TCP; Access_Type = RW; Squash = No_Root_Squash; }
EXPORT { Export_Id = 77; Path = ${path}; Pseudo = ${path}; FSAL { Name = MEM; } }
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
