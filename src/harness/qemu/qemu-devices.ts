import { TwinbankError } from '../../diagnostics/error.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';

/** Presses keys together, by QEMU's names (QKeyCode) joined with `-`. Throws `harness.refused` for no key. */
export async function pressKey(qmp: RpcClient, name: string): Promise<void> {
  const keys = name.split('-').map((data) => ({ type: 'qcode', data }));
  await qmp.call('send-key', { keys });
}

/**
 * Forwards a port of the machine to one of the host's loopback: `host`, or with 0 one that the kernel picks, so that nobody can
 * take it in between; returns that. Throws `harness.forward`.
 */
export async function forwardPort(
  qmp: RpcClient,
  port: number,
  protocol: 'tcp' | 'udp',
  host = 0,
): Promise<number> {
  const command = (line: string) =>
    qmp.call('human-monitor-command', { 'command-line': line }) as Promise<string>;
  const complaint = await command(`hostfwd_add net ${protocol}:127.0.0.1:${host}-:${port}`);
  if (host !== 0 && complaint.trim() === '') return host;
  const list = await command('info usernet');
  const row = new RegExp(
    `${protocol.toUpperCase()}\\[HOST_FORWARD\\]\\s+\\d+\\s+127\\.0\\.0\\.1\\s+(\\d+)\\s+\\S+\\s+${port}\\s`,
  );
  const found = row.exec(list)?.[1];
  if (complaint.trim() === '' && found !== undefined) return Number(found);
  const message = `expected ${protocol} port ${port} to be forwarded, found ${complaint.trim() || 'it is not'}`;
  throw new TwinbankError('boot', 'harness.forward', message);
}
