import { setTimeout as pause } from 'node:timers/promises';
import type { RestartReport } from '../../../hostcore/settings-service.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import type { SettingName } from '../../../state/setting-rows.ts';
import { type Agent, type AgentHost, type AgentSettings, socketOf } from '../../agents/agent.ts';
import { openHandover } from '../../system/handover.ts';
import { lineLimit } from '../../system/line-limit.ts';
import type { Program } from '../../system/start-program.ts';
import { type Running, type Supervision, supervise } from '../../system/supervisor.ts';
import { makeAgentFolder } from './agent-folder.ts';
import {
  type AgentListeners,
  agentListeners,
  type ListenerReport,
  type ListenersPort,
} from './agent-listeners.ts';
import { inWorld, type WorldOptions } from './agent-world.ts';
import { type ConnectionBroker, connectionBroker } from './connection-broker.ts';
import { lastWords } from './last-words.ts';
import { openDescriptor } from './open-descriptor.ts';
import { pendingRestarts } from './pending-restarts.ts';
import { methodsOf, serveWorld } from './world-connection.ts';
import { keepDump } from './world-dumps.ts';

export interface AgentsOptions {
  /** In the order in which they are started ({@link agentsInOrder}). */
  readonly rows: readonly Agent[];
  /** Every agent is a program that ends at once. */
  readonly dead: boolean;
  settings(): AgentSettings;
  /** What an agent's row prepares by; `onGrant` hears each path that the agent's user is given. */
  host(agent: Agent, report: (why: string) => void, onGrant: (path: string) => void): AgentHost;
  /** Hears what goes wrong, a line each. */
  report(line: string): void;
  /** Default: {@link supervise}. */
  readonly start?: typeof supervise;
  readonly makeGroup?: WorldOptions['makeGroup'];
  /** Default: {@link makeAgentFolder}. */
  readonly makeFolder?: typeof makeAgentFolder;
  /** Who changes a setting is kept waiting so long for agents that are started anew; default 10 s. */
  readonly restartTimeoutMs?: number;
  /** Of {@link agentListeners}. */
  readonly listenersPort?: Pick<ListenersPort, 'writeFile' | 'open' | 'after'>;
  /** Default: {@link keepDump}. */
  readonly keepDump?: typeof keepDump;
}

/** The agents that vmkd keeps running. */
export interface RunningAgents {
  readonly list: readonly Running[];
  /** What an agent has asked for of connections to others. */
  readonly connections: ConnectionBroker['counts'];
  listeners(): readonly ListenerReport[];
  /**
   * Tells agents of settings that have changed, and starts those anew that read one at their start only. Returns when these run, or after a
   * while: what is still under way then is told.
   */
  applySettings(names: readonly SettingName[], waitMs?: number): Promise<RestartReport>;
  /** The network says something else: starts those anew that would have other arguments by it, or were idle. */
  applyLearnt(): void;
  /** Vmkd's methods are there: each agent may ask for those that its row lists. */
  offer(methods: Readonly<Record<string, Method>>): void;
  /** Ends them for good, each before those that it depends on, the others side by side. */
  stop(): Promise<void>;
}

interface StartedAgent {
  readonly agent: Agent;
  readonly running: Running;
  /** Its own arguments at its last start, as JSON; '' before it. */
  startedBy(): string;
  readonly listeners: AgentListeners;
}

/** An agent that neither runs nor fails keeps those that depend on it waiting for so long. */
const dependencyTimeoutMs = 30_000;
/** The pauses between so many ends are two minutes and a half together: within the time of a trial. */
const giveUp = { ends: 10, withinMs: 600_000 };

/**
 * Prepares and starts the agents, and keeps them running: one that depends on others when each of these runs, or has failed, as one that
 * is ill keeps nobody else down.
 */
export function startAgents(options: AgentsOptions): RunningAgents {
  const { rows, dead, settings, host, report, start = supervise, makeGroup } = options;
  const { makeFolder = makeAgentFolder, listenersPort, restartTimeoutMs = 10_000 } = options;
  const { keepDump: keep = keepDump } = options;
  const restarts = pendingRestarts();
  const broker = connectionBroker(rows, { report: lineLimit(report) });
  let offered: Readonly<Record<string, Method>> = {};
  const started: StartedAgent[] = [];
  for (const agent of rows) {
    const { name, program, user, prepare, forwards, writes, vmkd } = agent;
    const onTrouble = (why: string): void => report(`agent ${name}: ${why}`);
    const granted: string[] = [];
    try {
      if (writes && user) makeFolder(writes, user);
      prepare?.(host(agent, onTrouble, (path) => void granted.push(path)));
    } catch (error) {
      onTrouble((error as Error).message);
    }
    const words = lastWords(lineLimit(onTrouble));
    const onEnd = (why: string): void => {
      onTrouble(why);
      try {
        keep({ name, why, lines: words.take() });
      } catch (error) {
        onTrouble((error as Error).message);
      }
    };
    // The fault is a program that cannot run; what comes of it is the supervisor's work.
    const world = inWorld(agent, dead ? '/bin/false' : program.path, {
      granted,
      hasChannel: broker.hasChannel(name),
      ...(makeGroup && { makeGroup }),
    });
    const listeners = agentListeners(agent, {
      ...{ ...listenersPort, report, settings: () => settings().listeners ?? {} },
    });
    let startedBy = '';
    const args = (): readonly string[] => {
      listeners.begin();
      const own = program.args(settings());
      startedBy = JSON.stringify(own);
      return world.args(own);
    };
    const socket = forwards ? { socket: socketOf(name) } : {};
    const opens = [
      ...(agent.opens ?? []).map((what) => () => openDescriptor(what)),
      ...listeners.opens,
    ];
    const handover: Program['handover'] = (child, onBreach) =>
      broker.attach(name, openHandover(child, onBreach));
    const own = { ...listeners.methods, ...broker.methods(name) };
    const asks = vmkd !== undefined || Object.keys(own).length > 0;
    const methods = () => ({ ...methodsOf(agent, offered), ...own });
    const before = started.filter((one) => agent.dependsOn?.includes(one.agent.name));
    const running = start(
      {
        name,
        path: world.path,
        args,
        group: world.group,
        opens,
        ...socket,
        ...(asks && { connection: (end, onBreach) => serveWorld(end, methods(), onBreach) }),
        ...(broker.hasChannel(name) && { handover }),
      },
      {
        onEnd,
        giveUp,
        ...(agent.idle && { wanted: () => agent.idle?.when(settings()) === false }),
        ...(user && { onOutput: (chunk) => words.add(chunk.toString()) }),
        ...(before.length > 0 && { after: dependencies(before.map(({ running }) => running)) }),
      },
    );
    started.push({ agent, running, listeners, startedBy: () => startedBy });
  }
  return {
    list: started.map(({ running }) => running),
    connections: broker.counts,
    listeners: () =>
      started.flatMap(({ running, listeners }) =>
        listeners.list(running.report().state === 'running'),
      ),
    offer: (methods) => {
      offered = methods;
      for (const { name, vmkd = [] } of rows) {
        const unknown = vmkd.filter((method) => !Object.hasOwn(methods, method));
        if (unknown.length > 0) report(`agent ${name}: vmkd has no method ${unknown.join(', ')}`);
      }
    },
    applySettings: async (names, waitMs = restartTimeoutMs) => {
      const failed: string[] = [];
      const concerned: string[] = [];
      for (const { agent, running, listeners } of started) {
        const isOpen = names.includes('listeners') && agent.listens !== undefined;
        if (isOpen) failed.push(...attempt(agent.name, listeners.tell));
        const reads = names.some((name) => agent.restartOn?.includes(name));
        if (reads || (isOpen && listeners.isStale())) restarts.begin(running);
        // A new certificate may have come of the change.
        if (reads || isOpen || agent.restartOn?.includes('tls')) concerned.push(agent.name);
      }
      const report = await restarts.settled(concerned, Math.min(waitMs, restartTimeoutMs));
      return { ...report, failed: [...failed, ...report.failed] };
    },
    applyLearnt: () => {
      const now = settings();
      for (const { agent, running, startedBy } of started) {
        if (!agent.restartOn?.includes('learnt')) continue;
        const isIdle = running.report().state === 'idle';
        const isRight = isIdle
          ? agent.idle?.when(now)
          : startedBy() === JSON.stringify(agent.program.args(now));
        if (!isRight) restarts.begin(running);
      }
    },
    stop: async () => {
      // Side by side, as the time for all of them is short: one that does not listen takes five seconds of it.
      const stops = new Map<string, Promise<void>>();
      for (const { agent, running } of started.toReversed()) {
        const after = started.filter((one) => one.agent.dependsOn?.includes(agent.name));
        const gone = Promise.all(after.map((one) => stops.get(one.agent.name)));
        stops.set(
          agent.name,
          gone.then(() => running.stop()),
        );
      }
      await Promise.all(stops.values());
    },
  };
}

/** Why it could not be done: one sentence or none. */
function attempt(name: string, work: () => void): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return [`agent ${name}: ${(error as Error).message}`];
  }
}

function dependencies(before: readonly Running[]): NonNullable<Supervision['after']> {
  const timeout = pause(dependencyTimeoutMs, undefined, { ref: false });
  return {
    names: before.map(({ name }) => name),
    ready: Promise.race([Promise.all(before.map(({ settled }) => settled)), timeout]),
  };
}
