import type { Form } from '../../protocol/form.ts';
import type { SettingName, Settings } from '../../state/setting-rows.ts';
import type { FilterRow } from '../system/seccomp/agent-filter.ts';

/**
 * What an agent is: a program of the bank that vmkd keeps running. Its folder has its name; the row is data and small
 * functions of what is passed in, and imports nothing of Node, so that vmkd and the builder read the same rows
 * (docs/agents.md).
 */
export interface Agent extends FilterRow {
  /** As recipes name it. Its user, its programs in `usr/lib/twinbank` and its folder in `/run/twinbank` are called so. */
  readonly name: string;
  /** For people: the full name of its user. */
  readonly description: string;
  /** What a system without it lacks, said of a recipe whose own list has dropped it. */
  readonly lost?: string;
  /** Whom it runs as (docs/vmkd.md#users), in a world of its own (docs/worlds.md); root, without a world, where there is none. */
  readonly user?: AgentUser;
  /** Bytes of memory that its world's processes may take together, files in `/tmp` included. Default 128 MiB. */
  readonly memoryMax?: number;
  /** Threads of all its world's processes. Default 64. */
  readonly pidsMax?: number;
  /** Descriptors that each of its world's processes may have. Default 1024. */
  readonly descriptorsMax?: number;
  /** Processor time in relation to other agents', where several want it: 1 to 10,000. Default 100. */
  readonly cpuWeight?: number;
  /** Its world's only user has the number 0 in there, without any right of root's: some programs of others ask for that. */
  readonly asRoot?: true;
  /** Folders and files of the system that its world has beside the system's programs, to read. */
  readonly sees?: readonly string[];
  /** What vmkd opens for it at each start, as descriptors from 4 on, in this order; 3 is its own socket. */
  readonly opens?: readonly AgentDescriptor[];
  /** Where others reach it over the network. vmkd opens these after `opens`, and hands them over (`listenerGate`). */
  readonly listens?: readonly AgentListener[];
  /** The one folder of the system that it may write. */
  readonly writes?: AgentFolder;
  /** What is bundled of its folder: a source file by the name of the program, which is the agent's or begins with it and `-`. */
  readonly entries?: Readonly<Record<string, string>>;
  readonly program: AgentProgram;
  /** Agents that are started before it, and ended after it, where the recipe has them. */
  readonly dependsOn?: readonly string[];
  /** A change of these settings, or of what the network says, starts it anew: it reads them at its start only. */
  readonly restartOn?: readonly (SettingName | 'learnt')[];
  /** Where it has nothing to do by these settings it is not started, and its methods answer what stands here. Default: it is. */
  readonly idle?: {
    when(settings: AgentSettings): boolean;
    readonly answers: Readonly<Record<string, unknown>>;
  };
  /** What vmkd, which has the rights, does for it before it is started. */
  prepare?(host: AgentHost): void;
  /** Methods of vmkd, those that it forwards for other agents included, that it may ask for by its connection (`connectToVmkd`), and no others. */
  readonly vmkd?: readonly string[];
  /** Agents to which it may have connections by `agentConnections`, and no others: bytes that vmkd does not see (docs/worlds.md). */
  readonly talksTo?: readonly string[];
  /** Methods that it serves on {@link socketOf} its name, and that vmkd has, too, as `NAME.METHOD`: the form of what each answers. */
  readonly forwards?: Readonly<Record<string, Form<unknown>>>;
  /** How it says that it cannot do its work though it runs, and the check of health that this counts for. */
  readonly health?: {
    readonly check: 'time' | 'log';
    /** One of those that it forwards, without parameters. */
    readonly method: string;
    /** Of what that answers, one sentence; undefined where all is well. */
    problem(answer: unknown): string | undefined;
  };
  /** Its files in a support bundle. */
  readonly support?: readonly SupportEntry[];
  /** What OEMs can require of a bank that has it: `NAME` or `NAME = VERSION`. */
  readonly provides?: readonly string[];
  /** What the base itself tells of the hardware, if this agent is there (docs/cim.md). */
  readonly providers?: readonly BaseProvider[];
}

/** A group of the same number goes with it. */
export interface AgentUser {
  readonly uid: number;
  readonly gid: number;
}

/** A Unix socket at which every user may connect, by its path; or a file of the kernel's to read from, without waiting. */
export type AgentDescriptor = { readonly listen: string } | { readonly read: string };

/** A TCP port at all addresses of the host, which settings can close or limit to some peers (docs/network.md). */
export interface AgentListener {
  /** As settings name it: lower-case letters, digits and `-`, once among all agents. */
  readonly name: string;
  readonly port: number;
}

/** A folder in memory, of at most so many bytes, that belongs to the agent's user. It outlives the agent, and goes with the power. */
export interface AgentFolder {
  readonly path: string;
  readonly bytes: number;
}

/** What an agent is started by: the settings of that moment, and what the network says where nobody has set it. */
export type AgentSettings = Partial<Settings> & {
  /** Addresses of time servers, from DHCP (RFC 2132, option 42). */
  readonly learnt?: { readonly timeServers: readonly string[] };
};

export interface AgentProgram {
  readonly path: string;
  args(settings: AgentSettings): readonly string[];
}

/** A file of the support bundle: what a forwarded method answers, or what a program of the bank prints. */
export type SupportEntry = { readonly file: string } & (
  | { readonly method: string; readonly params?: Readonly<Record<string, unknown>> }
  | { readonly program: readonly [path: string, ...args: string[]] }
);

/** A provider of the base, and the classes that no OEM can claim. */
export interface BaseProvider {
  readonly name: string;
  /** Source file in the agent's folder. */
  readonly entry: string;
  readonly classes: readonly string[];
}

/**
 * The system as it is before an agent starts, with root's rights. Nothing here throws: what cannot be done is told on
 * the console, and the rest is done.
 */
export interface AgentHost {
  /** Files that signed manifests of the bank list, without a leading slash. */
  readonly files: readonly string[];
  /** Makes the agent's folder, empty: root's, and no other user but the agent's may look into it. Returns its path. */
  makeFolder(): string;
  /** Puts a file into it, for the agent to read. */
  writeFile(name: string, text: string): void;
  /** Copies a file that only root may read into it, and returns the copy's path; no copy is made of what cannot be read. */
  copyFile(path: string, name: string): string;
  /** Undefined where it cannot be read. */
  readText(path: string): string | undefined;
  /** Gives the agent's user the attributes or devices of a pattern: `*` stands for any characters of one name. */
  grant(pattern: string): void;
  /** One sentence for the console. */
  report(why: string): void;
}

/** The folder of an agent in the running system: root's, for what is handed over to the agent. Its own files are in its `/tmp`. */
export function folderOf(name: string): string {
  return `/run/twinbank/${name}`;
}

/** The filter of an agent's world, which the builder compiles from its row (docs/worlds.md). */
export function filterOf(name: string): string {
  return `/usr/lib/twinbank/${name}.seccomp`;
}

/** Where an agent that forwards methods is asked: a socket that vmkd opens and hands over (`serveHandedSocket`). */
export function socketOf(name: string): string {
  return `${folderOf(name)}/${name}.sock`;
}

/** The file in which an agent finds those of its listeners that are open, and who may connect; its row has a folder for it (`prepare`). */
export function listenersFileOf(name: string): string {
  return `${folderOf(name)}/listeners.json`;
}

/** The program of an agent that is the entry of the same name: Node, with a bounded heap; `own` are its own arguments, if it has any. */
export function nodeProgram(
  name: string,
  { heapMiB }: { heapMiB: number },
  own: AgentProgram['args'] = () => [],
): AgentProgram {
  const args = [`--max-old-space-size=${heapMiB}`, `/usr/lib/twinbank/${name}.mjs`];
  return { path: '/usr/bin/node', args: (settings) => [...args, ...own(settings)] };
}
