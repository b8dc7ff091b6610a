import { setTimeout as pause } from 'node:timers/promises';
import type { Appliers } from '../../../hostcore/settings-service.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { lineSplitter } from '../../../protocol/line-splitter.ts';
import { type SettingName, type Settings, settingNames } from '../../../state/setting-rows.ts';
import { type Agent, type AgentHost, type AgentSettings, socketOf } from '../../agents/agent.ts';
import { lineLimit } from '../../system/line-limit.ts';
import { type Running, type Supervision, supervise } from '../../system/supervisor.ts';
import { makeAgentFolder } from './agent-folder.ts';
import { inWorld, type WorldOptions } from './agent-world.ts';
import { openDescriptor } from './open-descriptor.ts';
import { methodsOf, serveWorld } from './world-connection.ts';

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
}

/** The agents that vmkd keeps running. */
export interface RunningAgents {
  readonly list: readonly Running[];
  /** Starts those anew that read a setting at their start only. */
  applySetting(name: SettingName): void;
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
  const { makeFolder = makeAgentFolder } = options;
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
    const onLine = lineSplitter(lineLimit(onTrouble));
    // The fault is a program that cannot run; what comes of it is the supervisor's work.
    const world = inWorld(agent, dead ? '/bin/false' : program.path, {
      granted,
      ...(makeGroup && { makeGroup }),
    });
    let startedBy = '';
    const args = (): readonly string[] => {
      const own = program.args(settings());
      startedBy = JSON.stringify(own);
      return world.args(own);
    };
    const socket = forwards ? { socket: socketOf(name) } : {};
    const opens = (agent.opens ?? []).map((what) => () => openDescriptor(what));
    const before = started.filter((one) => agent.dependsOn?.includes(one.agent.name));
    const running = start(
      {
        name,
        path: world.path,
        args,
        group: world.group,
        opens,
        ...socket,
        ...(vmkd && {
          connection: (end, onBreach) => serveWorld(end, methodsOf(agent, offered), onBreach),
        }),
      },
      {
        onEnd: onTrouble,
        giveUp,
        ...(agent.idle && { wanted: () => agent.idle?.when(settings()) === false }),
        ...(user && { onOutput: (chunk) => onLine(chunk.toString()) }),
        ...(before.length > 0 && { after: dependencies(before.map(({ running }) => running)) }),
      },
    );
    started.push({ agent, running, startedBy: () => startedBy });
  }
  return {
    list: started.map(({ running }) => running),
    offer: (methods) => {
      offered = methods;
      for (const { name, vmkd = [] } of rows) {
        const unknown = vmkd.filter((method) => !Object.hasOwn(methods, method));
        if (unknown.length > 0) report(`agent ${name}: vmkd has no method ${unknown.join(', ')}`);
      }
    },
    applySetting: (name) => {
      for (const { agent, running } of started) {
        if (agent.restartOn?.includes(name)) void running.restart();
      }
    },
    applyLearnt: () => {
      const now = settings();
      for (const { agent, running, startedBy } of started) {
        if (!agent.restartOn?.includes('learnt')) continue;
        const isIdle = running.report().state === 'idle';
        const isRight = isIdle
          ? agent.idle?.when(now)
          : startedBy() === JSON.stringify(agent.program.args(now));
        if (!isRight) void running.restart();
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

function dependencies(before: readonly Running[]): NonNullable<Supervision['after']> {
  const timeout = pause(dependencyTimeoutMs, undefined, { ref: false });
  return {
    names: before.map(({ name }) => name),
    ready: Promise.race([Promise.all(before.map(({ settled }) => settled)), timeout]),
  };
}

/** Appliers of settings after which those agents are started anew that read the setting at their start only. */
export function withRestarts(
  appliers: Appliers,
  agents: Pick<RunningAgents, 'applySetting'>,
): Appliers {
  const apply = async <Name extends SettingName>(name: Name, value: Settings[Name]) => {
    const applier: Appliers[Name] = appliers[name];
    try {
      return await applier?.(value);
    } finally {
      agents.applySetting(name);
    }
  };
  return Object.fromEntries(
    settingNames.map((name) => [name, (value: Settings[typeof name]) => apply(name, value)]),
  );
}
