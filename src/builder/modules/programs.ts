import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentContext, Resolved } from '../components/component.ts';
import { mergedUsrPath } from '../components/deb-archive.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { isFoundByAll } from '../components/library-search.ts';
import { type MemberFile, readMembers } from '../components/members.ts';
import type { PlannedScript } from '../components/program-roots.ts';
import { type ModulesBelow, type UsedModule, usedModules } from './below.ts';
import { stripPrograms } from './strip.ts';
import { addStubs, checkStubNames } from './stubs.ts';
import { withoutUnwindTables } from './unwind-tables.ts';

/** Programs of one component, and which key of the recipe names them. */
export interface ProgramRoot {
  readonly component: Resolved;
  readonly paths: readonly string[];
  readonly place: string;
}

/** What is left out of programs and their libraries. */
export interface LeftOut {
  /** Libraries, by the names that programs link. */
  readonly stubs: readonly string[];
  /** Tables that only exceptions of C++ need. */
  readonly unwindTables: boolean;
  /** The module, for messages: `modules.vmm`. */
  readonly key: string;
}

/** Programs with the libraries they need, known before anything is unpacked. */
export interface PlannedPrograms {
  /** Packages of the libraries, also of those that are left out. */
  readonly packages: readonly Resolved[];
  /** Libraries that are brought and that every program finds, by the names that programs ask for. */
  readonly sonames: readonly string[];
  /** Libraries that modules below bring. */
  readonly uses: readonly UsedModule[];
  /** The programs at their paths, and the libraries where the loader looks for them, all stripped. */
  read(scratch: string): Promise<FileTree>;
}

/** Roots of files of components, those of one component together. */
export function programRoots(members: readonly MemberFile[], place: string): ProgramRoot[] {
  const roots = new Map<string, { component: Resolved; paths: string[]; place: string }>();
  for (const { component, member } of members) {
    if (member === undefined) continue;
    const root = roots.get(component.id) ?? { component, paths: [], place };
    root.paths.push(member);
    roots.set(component.id, root);
  }
  return [...roots.values()];
}

/**
 * Plans programs with just the libraries they need and that no module below brings; of those that are left out there
 * will be stubs. The one place of that rule: for the VMM, tools, OEMs and the store. Throws `modules.no-member`,
 * `modules.stub`, `modules.unwinds`, `modules.no-interpreter`, and as `planLibraries` does.
 */
export async function planPrograms(
  roots: readonly ProgramRoot[],
  below: ModulesBelow,
  context: ComponentContext,
  leftOut: LeftOut = { stubs: [], unwindTables: false, key: '' },
): Promise<PlannedPrograms> {
  const alreadyThere = new Set(below.libraries.keys());
  const plan = await planLibraries(roots, alreadyThere, context, leftOut.stubs);
  refuseUnrunnable(roots, plan.scripts, below);
  const place = `${leftOut.key}.stubs`;
  checkStubNames(place, leftOut.stubs, plan, alreadyThere);
  return {
    packages: plan.packages,
    sonames: plan.libraries.flatMap(({ soname, path }) => (isFoundByAll(path) ? [soname] : [])),
    uses: usedModules(plan.below, below),
    read: async (scratch) => {
      const programs = await Promise.all(
        roots.map(({ component, paths, place: key }) =>
          readMembers(component, paths, key, context),
        ),
      );
      const libraries = await readLibraries(plan, context);
      const tree = await stripPrograms(mergeTrees(...programs, libraries), scratch);
      const replaced = await readLibraries({ ...plan, libraries: plan.stubs }, context);
      const whole = await addStubs(place, tree, replaced, alreadyThere, scratch);
      return leftOut.unwindTables
        ? withoutUnwindTables(`${leftOut.key}.unwindTables`, whole)
        : whole;
    },
  };
}

/** A script that nothing can run is of no use; its interpreter is a program of the same roots, or of a module below. */
function refuseUnrunnable(
  roots: readonly ProgramRoot[],
  scripts: readonly PlannedScript[],
  below: ModulesBelow,
): void {
  const programs = new Set([
    ...below.programs,
    ...roots.flatMap(({ paths }) => paths.map(mergedUsrPath)),
  ]);
  for (const { from, path, interpreter } of scripts) {
    if (programs.has(mergedUsrPath(interpreter))) continue;
    const place = roots.find(
      ({ component, paths }) => component.id === from && paths.includes(path),
    )?.place;
    throw new TwinbankError(
      'recipe',
      'modules.no-interpreter',
      `${place}: expected the program that runs the script ${path} of ${from} to be here or in a module below, found no ${mergedUsrPath(interpreter)}; list it, too, or leave the script out`,
      { data: { script: path, interpreter } },
    );
  }
}
