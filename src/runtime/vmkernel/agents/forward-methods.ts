import type { Form } from '../../../protocol/form.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { type Agent, socketOf } from '../../agents/agent.ts';
import { callSocket } from '../../system/call-socket.ts';

/** Characters of what an agent answers; as values they may take thirty times that in vmkd's memory. */
const answerLimit = 2 << 20;

export interface ForwardOptions {
  readonly socket?: typeof socketOf;
  readonly connectTimeoutMs?: number;
  /** The agent is not started, as it has nothing to do: its row has the answers. */
  isIdle?(name: string): boolean;
}

/**
 * The methods of agents through vmkd: the same, as `NAME.METHOD`. An answer goes on as it is where it has the form that the row says.
 * Errors have the agent's code, `NAME.bad-answer` where it has another form, or `NAME.no-agent` where there is none.
 */
export function forwardMethods(
  agents: readonly Agent[],
  { socket = socketOf, connectTimeoutMs = 15_000, isIdle = () => false }: ForwardOptions = {},
): Record<string, Method> {
  const rows = agents.flatMap(({ name, forwards = {}, idle }) => {
    const peer = {
      name: `the agent ${name}`,
      socket: socket(name),
      notThereCode: `${name}.no-agent`,
      connectTimeoutMs,
      limit: answerLimit,
    };
    return Object.entries(forwards).map(([method, form]): [string, Method] => [
      `${name}.${method}`,
      async (params) => {
        if (idle && isIdle(name)) return idle.answers[method];
        const answer = await callSocket(peer, method, params);
        assertForm(answer, form, `${name}.${method}`, `${name}.bad-answer`);
        return answer;
      },
    ]);
  });
  return Object.fromEntries(rows);
}

function assertForm(answer: unknown, form: Form<unknown>, place: string, code: string): void {
  try {
    form(answer, place);
  } catch (error) {
    throw new RpcError(code, (error as Error).message);
  }
}
