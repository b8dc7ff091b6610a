import { runCommand } from '../../system/command.ts';

/** Tells the kernel its name. Returns what went wrong, or undefined. */
export async function setHostName(name: string): Promise<string | undefined> {
  const { code, output } = await runCommand('/bin/hostname', [name]);
  return code === 0 ? undefined : `hostname: ${output}`;
}
