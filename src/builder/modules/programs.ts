import type { ComponentContext, Resolved } from '../components/component.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { readMembers } from '../components/members.ts';
import { stripPrograms } from './strip.ts';
import { addStubs, checkStubNames } from './stubs.ts';

/** Programs of one component, and which key of the recipe names them. */
export interface ProgramRoot {
  readonly component: Resolved;
  readonly paths: readonly string[];
  readonly place: string;
}

/** Libraries to leave out, by the names that programs link, and which key of the recipe names them. */
export interface LeftOut {
  readonly sonames: readonly string[];
  readonly place: string;
}

/** Programs with the libraries they need, known before anything is unpacked. */
export interface PlannedPrograms {
  /** Packages of the libraries, also of those that are left out. */
  readonly packages: readonly Resolved[];
  /** Libraries that are brought, by the names that programs ask for. */
  readonly sonames: readonly string[];
  /** The programs at their paths, and the libraries where the loader looks for them, all stripped. */
  read(scratch: string): Promise<FileTree>;
}

/**
 * Plans programs with just the libraries they need and `alreadyThere` does not name; of those that are left out there
 * will be stubs. Throws `modules.no-member`, `modules.stub`, and as `planLibraries` does.
 */
export async function planPrograms(
  roots: readonly ProgramRoot[],
  alreadyThere: ReadonlySet<string>,
  context: ComponentContext,
  leftOut: LeftOut = { sonames: [], place: '' },
): Promise<PlannedPrograms> {
  const plan = await planLibraries(
    roots.map(({ component, paths }) => ({ component, paths })),
    alreadyThere,
    context,
    leftOut.sonames,
  );
  const { place } = leftOut;
  checkStubNames(place, leftOut.sonames, plan, alreadyThere);
  return {
    packages: plan.packages,
    sonames: plan.libraries.map(({ soname }) => soname),
    read: async (scratch) => {
      const programs = await Promise.all(
        roots.map(({ component, paths, place: key }) =>
          readMembers(component, paths, key, context),
        ),
      );
      const libraries = await readLibraries(plan, context);
      const tree = await stripPrograms(mergeTrees(...programs, libraries), scratch);
      const replaced = await readLibraries({ ...plan, libraries: plan.stubs }, context);
      return addStubs(place, tree, replaced, alreadyThere, scratch);
    },
  };
}
