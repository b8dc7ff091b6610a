import { readdirSync } from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { assertOutputFolder } from '../disk/output-folder.ts';
import { usageError } from './failure.ts';

/** Of a folder's name what an OEM provider can be called. */
export function providerNameOf(folder: string): string {
  return folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '')
    .replace(/^[^a-z]+/, '')
    .slice(0, 8);
}

/** Throws a usage error unless the value of an option has the form that its schema asks for. */
export function assertWord(
  option: string,
  parsed: { success: boolean; error?: { issues: { message: string }[] } | undefined },
  found: string,
): void {
  if (parsed.success) return;
  const expected = parsed.error?.issues[0]?.message ?? 'another';
  throw usageError(`${option}: expected ${expected}, found ${JSON.stringify(found)}`);
}

/** Throws an error of this code (refused) where the folder has anything but the `ignored` names, and as `assertOutputFolder` does. */
export function assertEmpty(
  folder: string,
  dir: string,
  { code, ignored = [] }: { readonly code: string; readonly ignored?: readonly string[] },
): void {
  assertOutputFolder(folder, dir);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => !ignored.includes(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (names.length === 0) return;
  const found = names.slice(0, 3).join(', ');
  const message = `${dir}: expected a new or empty folder, found ${found}${names.length > 3 ? ', ...' : ''} in it; name another one`;
  throw new TwinbankError('refused', code, message, { data: { dir } });
}
