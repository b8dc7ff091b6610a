import { Socket } from 'node:net';
import { type RpcClient, rpcClient } from '../../protocol/rpc-client.ts';
import { jsonRpc } from '../../protocol/rpc-dialect.ts';

/** The descriptor by which an agent whose row lists methods of vmkd has its connection to it: after all that its row can open. */
export const vmkdDescriptor = 8;

/**
 * What an agent asks vmkd by: the methods of its row, and no others. vmkd ends an agent that floods it (docs/worlds.md). The connection
 * is there as long as vmkd is, and the agent does not live longer.
 */
export function connectToVmkd(fd = vmkdDescriptor): RpcClient {
  const socket = new Socket({ fd, readable: true, writable: true });
  // What an agent waits for is its sockets; this one keeps nobody alive.
  socket.unref();
  return rpcClient(socket, { dialect: jsonRpc, gone: 'vmkd has gone' });
}
