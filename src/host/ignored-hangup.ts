import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether this process was started to outlive its terminal, as nohup(1) does: with SIGHUP ignored. Node gives every signal its default
 * action before our first line runs, so what was inherited is nowhere to be read. What can be: that the shell started us by
 * `nohup` (bash(1) and zsh put the program that they start into `_`), or that our parent ignores it, which children inherit.
 */
export function startedWithoutHangup(
  env: Environment,
  parentStatus: () => string = () => readFileSync(`/proc/${process.ppid}/status`, 'utf8'),
): boolean {
  if (basename(env._ ?? '') === 'nohup') return true;
  try {
    const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(parentStatus()) ?? [];
    // SIGHUP is number 1, the lowest bit (proc(5)).
    return (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    // Where /proc is hidden nothing is known of the parent: SIGHUP ends us, as it does by default.
    return false;
  }
}

/**
 * The same of this process. Programs that it runs have a session of their own then (`detached`): Node gives them the default action, too, and
 * the shell sends SIGHUP to all that is in ours.
 */
export const outlivesTerminal = startedWithoutHangup(process.env);
