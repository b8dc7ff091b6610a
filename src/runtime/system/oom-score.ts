import { writeFileSync } from 'node:fs';

/**
 * Keeps this process from being ended when the machine has no memory left (proc(5), oom_score_adj). What it starts from now on would be
 * kept, too, and has to be made {@link killable}. PID 1 the kernel never ends.
 */
export function keepFromOutOfMemory(self: string): void {
  writeFileSync(`${self}/oom_score_adj`, '-1000');
}

/** Makes a process that was just started one that can be ended for its memory, as any other. */
export function killable({ pid }: { readonly pid?: number | undefined }, proc = '/proc'): void {
  if (pid === undefined) return;
  try {
    writeFileSync(`${proc}/${pid}/oom_score_adj`, '0');
  } catch {
    // It has ended.
  }
}

/** The same for a shell that becomes a program: before anything of the program has run. */
export const killableWord = 'echo 0 >/proc/self/oom_score_adj';
