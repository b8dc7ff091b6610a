import { isIP } from 'node:net';
import { list, number, object, text } from '../../../protocol/form.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import type { ListenerSettings } from '../../../state/listener-settings.ts';
import { type Agent, type AgentListener, listenersFileOf } from '../../agents/agent.ts';
import { later } from '../../system/later.ts';
import { refusedMethod } from '../../system/listener-gate.ts';
import { replaceOwnFile } from '../../system/root-file.ts';
import { type Handed, openTcpListener } from '../../system/unix-socket.ts';

/** A listener as `network.listeners` tells of it (docs/network.md). */
export interface ListenerReport {
  readonly name: string;
  readonly agent: string;
  readonly port: number;
  readonly enabled: boolean;
  /** Null: everybody. */
  readonly allowed: readonly string[] | null;
  /** Somebody listens there: it is on, and its agent runs. */
  readonly open: boolean;
  /** Peers that were sent away since vmkd was started, and the last of them. */
  readonly refused: number;
  readonly lastRefused: string | null;
}

export interface ListenersPort {
  settings(): ListenerSettings;
  report(line: string): void;
  /** Puts the file of an agent in its place, at once; default: in its folder, for its group to read. Throws where that fails. */
  writeFile?(agent: Agent, content: string): void;
  readonly open?: (port: number) => Handed;
  readonly after?: typeof later;
}

/** The listeners of one agent. */
export interface AgentListeners {
  /** What is opened for a start, in the order of the row; undefined for what is off. */
  readonly opens: readonly (() => Handed | undefined)[];
  /** To be called before each start: what is opened for it follows the settings of this moment. Throws as `tell`. */
  begin(): void;
  /** Tells the agent what the settings are now. Throws where it cannot be told. */
  tell(): void;
  /** What is on is not what was on when the agent was started. */
  isStale(): boolean;
  /** Of the agent's own connection. */
  readonly methods: Readonly<Record<string, Method>>;
  list(isRunning: boolean): ListenerReport[];
}

/** Descriptors that an agent has before those that its row `opens`. */
const firstDescriptor = 4;
/** A port that strangers try all day has a line so often at most. */
const lineIntervalMs = 60_000;

const refusedForm = object({
  refused: list(object({ name: text, count: number, last: text })),
});

/** What is known of refused peers of one listener. */
interface Refused {
  count: number;
  last: string | null;
  /** Since the last line in the log. */
  untold: number;
  isQuiet: boolean;
}

export function agentListeners(agent: Agent, port: ListenersPort): AgentListeners {
  const { listens = [], opens = [] } = agent;
  const { settings, report, open = openTcpListener, after = later } = port;
  const { writeFile = writeListenersFile } = port;
  const ruleOf = ({ name }: AgentListener) => settings()[name] ?? { enabled: true };
  const isOn = (one: AgentListener): boolean => ruleOf(one).enabled;
  const refused = new Map<string, Refused>(
    listens.map(({ name }) => [name, { count: 0, last: null, untold: 0, isQuiet: false }]),
  );
  let opened: readonly boolean[] = [];

  function tellLog(name: string, one: Refused): void {
    const peers = one.untold === 1 ? 'a peer' : `${one.untold} peers`;
    report(`listener ${name}: refused ${peers} that its settings do not allow, last ${one.last}`);
    one.untold = 0;
    one.isQuiet = true;
    after(lineIntervalMs, () => {
      one.isQuiet = false;
      if (one.untold > 0) tellLog(name, one);
    });
  }

  /** An agent is believed as little as its peers. */
  function noteRefused(params: Record<string, unknown>): Record<string, never> {
    for (const { name, count, last } of refusedForm(params, refusedMethod).refused) {
      const one = refused.get(name);
      if (!one || !Number.isSafeInteger(count) || count < 1 || isIP(last) === 0) {
        throw new RpcError('usage', 'refused: expected own listeners, counts and addresses');
      }
      one.count += count;
      one.untold += count;
      one.last = last;
      if (!one.isQuiet) tellLog(name, one);
    }
    return {};
  }

  function tell(): void {
    const entries = listens.flatMap((one, index) => {
      const { enabled, allowed } = ruleOf(one);
      const fd = firstDescriptor + opens.length + index;
      return enabled ? [[one.name, { fd, ...(allowed && { allowed }) }] as const] : [];
    });
    writeFile(agent, JSON.stringify(Object.fromEntries(entries)));
  }

  return {
    opens: listens.map((one, index) => () => (opened[index] ? open(one.port) : undefined)),
    begin() {
      opened = listens.map(isOn);
      if (listens.length > 0) tell();
    },
    tell,
    isStale: () => listens.some((one, index) => isOn(one) !== opened[index]),
    methods: listens.length > 0 ? { [refusedMethod]: noteRefused } : {},
    list: (isRunning) =>
      listens.map((one, index) => {
        const { enabled, allowed = null } = ruleOf(one);
        const { count = 0, last = null } = refused.get(one.name) ?? {};
        return {
          name: one.name,
          agent: agent.name,
          port: one.port,
          enabled,
          allowed,
          ...{ open: isRunning && opened[index] === true, refused: count, lastRefused: last },
        };
      }),
  };
}

function writeListenersFile(agent: Agent, content: string): void {
  const owner = { uid: process.getuid?.() ?? 0, gid: agent.user?.gid ?? 0 };
  replaceOwnFile(listenersFileOf(agent.name), content, { mode: 0o440, owner });
}
