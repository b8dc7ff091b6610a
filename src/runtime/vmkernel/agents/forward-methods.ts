import type { Method } from '../../../protocol/json-rpc.ts';
import { type Agent, socketOf } from '../../agents/agent.ts';
import { callSocket } from '../../system/call-socket.ts';

/** The methods of agents through vmkd: the same, as `NAME.METHOD`. Errors have the agent's code, or `NAME.no-agent`. */
export function forwardMethods(
  agents: readonly Agent[],
  { socket = socketOf, connectTimeoutMs = 15_000 } = {},
): Record<string, Method> {
  const rows = agents.flatMap(({ name, forwards = [] }) => {
    const peer = {
      name: `the agent ${name}`,
      socket: socket(name),
      notThereCode: `${name}.no-agent`,
      connectTimeoutMs,
    };
    return forwards.map((method): [string, Method] => [
      `${name}.${method}`,
      (params) => callSocket(peer, method, params),
    ]);
  });
  return Object.fromEntries(rows);
}
