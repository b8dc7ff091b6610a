import { TwinbankError } from '../../diagnostics/error.ts';
import type { MemberRef } from '../../recipe/component-ref.ts';
import type { ComponentContext, Resolved } from './component.ts';
import type { FileTree } from './file-tree.ts';
import { readComponent, resolveComponents } from './sources.ts';

/** A file of a component; without `member` it is the one file of a `file:` component. */
export interface MemberFile {
  readonly component: Resolved;
  readonly member?: string;
}

/** What references to files stand for today, in order. Throws as `resolveComponents` does. */
export async function resolveMembers(
  refs: readonly MemberRef[],
  context: ComponentContext,
): Promise<MemberFile[]> {
  const found = await resolveComponents(
    refs.map(({ component }) => component),
    context,
  );
  return refs.map((ref, index) => {
    const component = found[index];
    if (!component) throw new TwinbankError('internal', 'components.lost', JSON.stringify(ref));
    return 'member' in ref ? { component, member: ref.member } : { component };
  });
}

/** What a module's bytes depend on of such files: a part of its key in the cache. */
export function memberInputs(files: readonly MemberFile[]): string[][] {
  return files.map(({ component, member }) => [component.sha256, member ?? '']);
}

/** One file at its path; of a component that is named without a member all that it has. Throws as {@link readMembers} does. */
export function readMember(
  { component, member }: MemberFile,
  place: string,
  context: ComponentContext,
): Promise<FileTree> {
  return readMembers(component, member === undefined ? undefined : [member], place, context);
}

/**
 * The named files of a component, or all of it; `place` is the key that names them, for errors. Throws
 * `modules.no-member` (kind `recipe`), and as `readComponent` does.
 */
export async function readMembers(
  component: Resolved,
  members: readonly string[] | undefined,
  place: string,
  context: ComponentContext,
): Promise<FileTree> {
  const isWanted = (path: string): boolean => members === undefined || members.includes(path);
  const tree = await readComponent(component, isWanted, context);
  for (const member of members ?? []) {
    const type = tree.get(member)?.type;
    if (type !== 'file') throw noMember(place, component, member, type);
  }
  return tree;
}

/**
 * The named files of a component, and all that is in the named folders, at their paths. Throws as {@link readMembers}
 * does.
 */
export async function readFolders(
  component: Resolved,
  names: readonly string[],
  place: string,
  context: ComponentContext,
): Promise<FileTree> {
  const holds = (name: string, path: string): boolean =>
    path === name || path.startsWith(`${name}/`);
  const isWanted = (path: string): boolean => names.some((name) => holds(name, path));
  const tree = await readComponent(component, isWanted, context);
  for (const name of names) {
    const found = [...tree].some(([path, { type }]) => type !== 'directory' && holds(name, path));
    if (!found) throw noMember(place, component, name, tree.get(name)?.type);
  }
  return tree;
}

function noMember(
  place: string,
  component: Resolved,
  member: string,
  found: string | undefined,
): TwinbankError {
  return new TwinbankError(
    'recipe',
    'modules.no-member',
    `${place}: expected the file ${member} in ${component.id} ${component.version}, found ${found ?? 'none'}`,
    { data: { member, component: component.id } },
  );
}
