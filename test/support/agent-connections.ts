import { type Duplex, duplexPair } from 'node:stream';
import { RpcError } from '../../src/protocol/rpc-error.ts';
import type { AgentConnections } from '../../src/runtime/system/agent-connections.ts';

/**
 * Agents that talk to each other in one process: what `agentConnections` is in their worlds, for the HostPort of an agent's test. Of each
 * name the agents that its row has in `talksTo`.
 */
export function connectedAgents<Name extends string>(
  rows: Readonly<Record<Name, readonly string[]>>,
): Readonly<Record<Name, AgentConnections>> {
  const serving = new Map<string, (name: string, socket: Duplex) => void>();
  const of = (name: Name): AgentConnections => ({
    async connectTo(to) {
      if (!rows[name].includes(to)) {
        throw new RpcError('usage', `to: expected ${rows[name].join(', ')}, found "${to}"`);
      }
      const serve = serving.get(to);
      if (!serve) throw new RpcError(`${to}.no-agent`, `the agent ${to} does not run`);
      const [near, far] = duplexPair();
      serve(name, far);
      return near;
    },
    onConnection: (serve) => void serving.set(name, serve),
  });
  const names = Object.keys(rows) as Name[];
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<
    Name,
    AgentConnections
  >;
}
