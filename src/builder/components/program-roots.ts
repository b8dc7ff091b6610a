import { basename } from 'node:path/posix';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentContext, Resolved } from './component.ts';
import type { FileTree } from './file-tree.ts';
import { readComponent } from './sources.ts';

/** Programs and libraries of a component whose needs are to be met; `paths` as `readComponent` has them. */
export interface LibraryRoots {
  readonly component: Resolved;
  readonly paths: readonly string[];
  /** The recipe's key that names them, for errors. */
  readonly place?: string | undefined;
}

/** A program that another one runs: it needs no libraries, and that one. */
export interface PlannedScript {
  /** Id of its package, and its path there. */
  readonly from: string;
  readonly path: string;
  /** The path of the program that runs it, without the leading slash: `bin/sh`. */
  readonly interpreter: string;
}

/** Mode bits by which a program runs with the rights of its owner or group (inode(7)). */
const setId = 0o6000;

/**
 * The bytes of one of the roots in its component's tree. Throws `recipe`: `components.no-member`, with the path of a
 * program of the same name elsewhere in the component, and `components.set-id` for one that would run with other rights
 * than those of whoever starts it.
 */
export async function programData(
  { component, place }: LibraryRoots,
  path: string,
  tree: FileTree,
  context: ComponentContext,
): Promise<Uint8Array> {
  const entry = tree.get(path);
  if (entry?.type !== 'file') {
    const isNear = (other: string): boolean => basename(other) === basename(path);
    const others = await readComponent(component, isNear, context);
    const near = [...others].find(([, { type }]) => type === 'file')?.[0];
    const found =
      entry?.type === 'symlink' ? `a link to ${entry.target}` : (entry?.type ?? 'nothing');
    throw new TwinbankError(
      'recipe',
      'components.no-member',
      `${named({ component, place })}: expected a program or library at ${path}, found ${found}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  refuseSetId({ component, place }, path, entry.mode);
  return entry.data;
}

/** Throws `components.set-id` (kind `recipe`) for a file that would run with other rights than those of whoever starts it. */
export function refuseSetId(
  { component, place }: Pick<LibraryRoots, 'component' | 'place'>,
  path: string,
  mode: number,
): void {
  if ((mode & setId) === 0) return;
  throw new TwinbankError(
    'recipe',
    'components.set-id',
    `${named({ component, place })}: expected ${path} to run with the rights of whoever starts it, found the mode ${mode.toString(8)}, which is setuid or setgid`,
  );
}

function named({ component, place }: Pick<LibraryRoots, 'component' | 'place'>): string {
  return `${place === undefined ? '' : `${place}: `}${component.id} ${component.version}`;
}

/** The kernel reads as much of a script's beginning (linux/binfmts.h, BINPRM_BUF_SIZE). */
const firstLineLimit = 256;

/**
 * The program that runs a script, as its first line names it (execve(2), "Interpreter scripts"), without the leading
 * slash: `bin/sh`; of `#!/usr/bin/env NAME` it is `usr/bin/NAME`. Undefined for what is no script.
 */
export function scriptInterpreter(data: Uint8Array): string | undefined {
  const beginning = Buffer.from(data.subarray(0, firstLineLimit)).toString('latin1');
  const [, program = '', argument] = /^#![ \t]*\/*(\S+)(?:[ \t]+(\S+))?/.exec(beginning) ?? [];
  if (program === '') return undefined;
  return program === 'usr/bin/env' && argument !== undefined ? `usr/bin/${argument}` : program;
}
