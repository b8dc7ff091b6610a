import type { ComponentContext, Resolved } from '../components/component.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { readMembers } from '../components/members.ts';
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
  /** Libraries that are brought, by the names that programs ask for. */
  readonly sonames: readonly string[];
  /** The programs at their paths, and the libraries where the loader looks for them, all stripped. */
  read(scratch: string): Promise<FileTree>;
}

/**
 * Plans programs with just the libraries they need and `alreadyThere` does not name; of those that are left out there
 * will be stubs. Throws `modules.no-member`, `modules.stub`, `modules.unwinds`, and as `planLibraries` does.
 */
export async function planPrograms(
  roots: readonly ProgramRoot[],
  alreadyThere: ReadonlySet<string>,
  context: ComponentContext,
  leftOut: LeftOut = { stubs: [], unwindTables: false, key: '' },
): Promise<PlannedPrograms> {
  const plan = await planLibraries(
    roots.map(({ component, paths }) => ({ component, paths })),
    alreadyThere,
    context,
    leftOut.stubs,
  );
  const place = `${leftOut.key}.stubs`;
  checkStubNames(place, leftOut.stubs, plan, alreadyThere);
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
      const whole = await addStubs(place, tree, replaced, alreadyThere, scratch);
      return leftOut.unwindTables
        ? withoutUnwindTables(`${leftOut.key}.unwindTables`, whole)
        : whole;
    },
  };
}
