import { textOf } from './sys-files.ts';

/** What a control group takes and may take; null where the kernel does not tell. */
export interface GroupUsage {
  /** Bytes. */
  readonly memory: {
    readonly current: number | null;
    readonly peak: number | null;
    readonly max: number | null;
    readonly swap: number | null;
    /** What is not taken from it while it uses it. */
    readonly reserved: number | null;
    /** How often something of it was ended as there was no memory left. */
    readonly ended: number | null;
  };
  /** Processor seconds since the group was made. */
  readonly processorSeconds: number | null;
  /** Its share where several want the processor, 1 to 10,000. */
  readonly cpuWeight: number | null;
  /** Threads. */
  readonly processes: { readonly current: number | null; readonly max: number | null };
}

/** What the files of a group's folder say (kernel documentation, cgroup-v2). */
export function readGroupUsage(folder: string): GroupUsage {
  const value = (file: string): number | null => {
    const text = textOf(`${folder}/${file}`);
    // `max`: there is no limit.
    return /^\d+$/.test(text) ? Number(text) : null;
  };
  const microseconds = numbersOf(textOf(`${folder}/cpu.stat`)).usage_usec;
  return {
    memory: {
      current: value('memory.current'),
      peak: value('memory.peak'),
      max: value('memory.max'),
      swap: value('memory.swap.current'),
      reserved: value('memory.min'),
      ended: numbersOf(textOf(`${folder}/memory.events`)).oom_kill ?? null,
    },
    processorSeconds: microseconds === undefined ? null : microseconds / 1e6,
    cpuWeight: value('cpu.weight'),
    processes: { current: value('pids.current'), max: value('pids.max') },
  };
}

/** A file of lines `NAME NUMBER`. */
export function numbersOf(text: string): Readonly<Record<string, number | undefined>> {
  const lines = text.split('\n').map((line) => line.split(' '));
  return Object.fromEntries(lines.map(([name = '', number]) => [name, Number(number)]));
}
