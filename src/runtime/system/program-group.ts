import { readFileSync, writeFileSync } from 'node:fs';
import { numbersOf } from './group-usage.ts';
import { textOf } from './sys-files.ts';

/** The control group of one program: how it is ended as a whole, and which of its limits has ended it. */
export interface ProgramGroup {
  /** Asks the program to end by SIGTERM; `pid` is the process that was started for it. */
  terminate(pid: number): void;
  /** Ends every process of the group. */
  kill(): void;
  /** Called before the program is started: what it returns says which limit has ended the program since then, if one has. */
  watchLimits(): () => string | undefined;
}

/** Processes as the kernel tells of them: `inner` is the number in the innermost name space. */
export interface GroupProcess {
  readonly pid: number;
  readonly parent: number;
  readonly inner: number;
}

/**
 * Whom to ask to end: the program itself. In a world it is the child of bwrap's process 1, which would end its whole world by SIGKILL;
 * without one, or while a world is being made, it is what was started.
 */
export function programsOf(processes: readonly GroupProcess[], started: number): number[] {
  const first = processes.find(({ pid, inner }) => inner === 1 && pid !== 1);
  const inside = processes.filter(({ parent }) => parent === first?.pid).map(({ pid }) => pid);
  return inside.length > 0 ? inside : [started];
}

/** The group whose folder `folder` names at the time; without control groups only what was started can be ended. */
export function programGroup(folder: string, proc = '/proc'): ProgramGroup {
  const events = (): number => numbersOf(textOf(`${folder}/memory.events`)).oom_kill ?? 0;
  return {
    terminate: (started) => {
      const processes = textOf(`${folder}/cgroup.procs`).split('\n').filter(Boolean);
      const known = processes.flatMap((pid) => readProcess(`${proc}/${pid}/status`) ?? []);
      for (const pid of programsOf(known, started)) signal(pid);
    },
    kill: () => {
      try {
        writeFileSync(`${folder}/cgroup.kill`, '1');
      } catch {
        // No control groups: the process that was started is ended by its number.
      }
    },
    watchLimits: () => {
      const before = events();
      return () => {
        if (events() <= before) return undefined;
        const limit = Number(textOf(`${folder}/memory.max`));
        return limit > 0
          ? `it ran out of memory: it may have ${limit >> 20} MiB`
          : 'the host ran out of memory';
      };
    },
  };
}

/** proc(5): `NSpid` has the number in each name space, the innermost last. Undefined for one that has gone. */
function readProcess(path: string): GroupProcess | undefined {
  try {
    const status = readFileSync(path, 'utf8');
    const value = (name: string): number =>
      Number(new RegExp(`^${name}:.*?(\\d+)$`, 'm').exec(status)?.[1]);
    return { pid: value('Pid'), parent: value('PPid'), inner: value('NSpid') };
  } catch {
    return undefined;
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has just ended.
  }
}
