import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { runTool } from './run-tool.ts';

/**
 * Why git would commit the file at an absolute path, whose folder is there, as a clause; undefined: it lies in no work tree, or is
 * ignored there. Where git cannot be asked, the clause says so: then nobody knows that it is ignored.
 */
export async function commitHazard(path: string): Promise<string | undefined> {
  const tree = workTree(realpathSync(dirname(path)));
  if (tree === undefined) return undefined;
  try {
    await runTool('git', ['-C', dirname(path), 'check-ignore', '-q', '--', basename(path)]);
    return undefined;
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
    // 1: no rule ignores it; anything else is git's own trouble.
    if (error.data?.exitCode === 1)
      return `it lies in the git work tree ${tree}, which does not ignore it`;
    return `it lies in the git work tree ${tree}, and git could not be asked whether that ignores it`;
  }
}

/** A linked work tree has a file in place of the folder. */
function workTree(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return undefined;
  }
}
