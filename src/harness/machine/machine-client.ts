import type { Duplex } from 'node:stream';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type RpcClient, rpcClient } from '../../protocol/rpc-client.ts';
import { jsonRpc, qmp } from '../../protocol/rpc-dialect.ts';
import { noAnswerCode, RpcError } from '../../protocol/rpc-error.ts';

const peers = {
  qmp: { name: 'QEMU', dialect: qmp },
  vmkd: { name: 'vmkd', dialect: jsonRpc },
};

/**
 * A client for what belongs to a machine, over a connected socket. Calls throw kind `boot`: `harness.no-answer` when
 * none came in time or the machine went away, `harness.refused` with the other side's words and its code as data.
 * `onEvent` hears what answers nothing.
 */
export function machineClient(
  socket: Duplex,
  peer: keyof typeof peers,
  onEvent: (message: Readonly<Record<string, unknown>>) => void = () => {},
): RpcClient {
  const { name, dialect } = peers[peer];
  const client = rpcClient(socket, { dialect, onEvent, gone: 'the machine went away' });
  return {
    call: (method, params, timeoutMs) =>
      client.call(method, params, timeoutMs).catch((error: unknown) => {
        throw error instanceof RpcError ? machineError(name, error) : error;
      }),
  };
}

/** What a machine's refusal or silence is for whoever runs it: the one place where it gets a kind, and so an exit code. */
export function machineError(name: string, { code, message }: RpcError): TwinbankError {
  if (code === noAnswerCode) {
    const text = `${name}: expected an answer, found ${message}`;
    return new TwinbankError('boot', 'harness.no-answer', text);
  }
  return new TwinbankError('boot', 'harness.refused', `${name}: ${message}`, { data: { code } });
}
