import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  /** A second call does nothing. */
  remove(): Promise<void>;
}

/** A folder of our own that goes with this process, unless that is killed, if nobody removes it before. */
export function temporaryFolder(prefix: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const atExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', atExit);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      process.removeListener('exit', atExit);
    },
  };
}
