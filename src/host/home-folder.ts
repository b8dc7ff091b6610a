import { homedir } from 'node:os';
import { TwinbankError } from '../diagnostics/error.ts';

/**
 * The folder of this user: HOME, or what the system knows. Throws `home.none` (kind `io`), naming the variable to set
 * `instead`, where neither does, as in a container with a user that has no entry.
 */
export function homeFolder(
  env: Readonly<Record<string, string | undefined>>,
  instead: string,
  known: () => string = homedir,
): string {
  if (env.HOME) return env.HOME;
  try {
    return known();
  } catch (cause) {
    const message = `HOME: expected the folder of this user, found none; set ${instead} to a folder that can be written`;
    throw new TwinbankError('io', 'home.none', message, { cause });
  }
}
