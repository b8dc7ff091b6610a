import { readFileSync, realpathSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { packageRoot } from '../builder/package-root.ts';
import { temporaryName } from '../disk/temporary-image.ts';
import { htmlReport } from '../harness/report/html/page.ts';
import { pageCode } from '../harness/report/html/page-code.ts';
import { junitReport } from '../harness/report/junit.ts';
import type { KeptFile, RunRecord } from '../harness/report/record.ts';

interface ReportFiles {
  /** Paths against `cwd`; their folders are made. */
  readonly junit?: string | undefined;
  readonly html?: string | undefined;
}

/**
 * Writes the reports of a run that were asked for, each whole or not at all. The HTML links kept files relative to itself, JUnit
 * names them relative to `cwd`: CI systems run in the folder of the project.
 */
export async function writeReports(
  record: RunRecord,
  { junit, html }: ReportFiles,
  cwd: string,
): Promise<void> {
  if (junit !== undefined) {
    const attachment = (file: KeptFile) => {
      const path = keptPath(file);
      return path && relative(cwd, path);
    };
    await writeWhole(resolve(cwd, junit), junitReport(record, { attachment }));
  }
  if (html !== undefined) {
    const target = resolve(cwd, html);
    const link = (file: KeptFile) => {
      const path = keptPath(file);
      return path && relativeUrl(dirname(target), path);
    };
    const code = await pageCode(packageRoot());
    await writeWhole(target, htmlReport(record, { ...code, link, screenshot }));
  }
}

/** Nothing outside the folder of artefacts, whatever the events say: they may be somebody else's. */
function keptPath({ folder, path }: KeptFile): string | undefined {
  // No file is called that, and neither a path nor a URL can hold it.
  if (/[\p{Cs}\0]/u.test(path)) return undefined;
  const whole = resolve(folder, path);
  return isInside(resolve(folder), whole) ? whole : undefined;
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return !(inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside));
}

/** Undefined where the artefacts were not kept, or are elsewhere now. */
function screenshot(file: KeptFile): Uint8Array | undefined {
  const path = keptPath(file);
  if (!path) return undefined;
  try {
    // Nor by a symbolic link.
    const real = realpathSync(path);
    return isInside(realpathSync(file.folder), real) ? readFileSync(real) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

/** `./` keeps a colon in the first name from being a scheme. */
function relativeUrl(from: string, path: string): string {
  const names = relative(from, path).split(sep);
  return `./${names.map(encodeURIComponent).join('/')}`;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const partial = temporaryName(folder);
  try {
    const file = await open(partial, 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
