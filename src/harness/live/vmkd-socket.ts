import { chmod } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { socketFolder } from '../../host/temporary-folder.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { rpcMultiplexer } from '../../protocol/rpc-multiplexer.ts';
import { machineClient } from '../machine/machine-client.ts';
import type { QemuMachine } from '../qemu/qemu.ts';

/** A Unix socket at which many clients at once speak to vmkd of a machine. */
export interface VmkdSocket {
  readonly path: string;
  /** One of them, for ourselves. */
  readonly client: RpcClient;
  close(): Promise<void>;
}

/** Connections at once; further ones are closed. */
const mostClients = 256;

/** Serves vmkd's port of a machine, for this user alone. The machine's own client of vmkd is not used beside it. */
export async function openVmkdSocket(machine: QemuMachine): Promise<VmkdSocket> {
  const folder = socketFolder('run');
  const multiplexer = rpcMultiplexer(machine.vmkdPort);
  machine.onEvent((name, { id, open }) => {
    // Nobody answers what the one before was asked. QEMU tells of the port once a second at most, so a reset has its own word.
    if (name === 'RESET') multiplexer.suspend('the host was reset');
    if (name !== 'VSERPORT_CHANGE' || id !== 'vmkd') return;
    if (open === true) multiplexer.resume();
    else multiplexer.suspend('vmkd has ended, and is started again');
  });
  // Whoever asks and ends his side, as `nc` does, still gets the answer.
  const server = createServer({ allowHalfOpen: true }, multiplexer.serve);
  server.maxConnections = mostClients;
  const path = join(folder.path, 'vmkd.sock');
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    await chmod(path, 0o600);
  } catch (error) {
    server.close();
    await folder.remove();
    throw error;
  }
  const own = connect(path);
  return {
    path,
    client: machineClient(own, 'vmkd'),
    async close() {
      own.destroy();
      server.close();
      await folder.remove();
    },
  };
}
