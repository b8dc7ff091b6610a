import type { ComponentContext, Resolved } from '../components/component.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { readMembers } from '../components/members.ts';
import { stripPrograms } from './strip.ts';

/** Programs of one component, and which key of the recipe names them. */
export interface ProgramRoot {
  readonly component: Resolved;
  readonly paths: readonly string[];
  readonly place: string;
}

/** Programs with the libraries they need, known before anything is unpacked. */
export interface PlannedPrograms {
  /** Packages of the libraries. */
  readonly packages: readonly Resolved[];
  /** Libraries that are brought, by the names that programs ask for. */
  readonly sonames: readonly string[];
  /** The programs at their paths, and the libraries where the loader looks for them, all stripped. */
  read(scratch: string): Promise<FileTree>;
}

/**
 * Plans programs with just the libraries they need and `alreadyThere` does not name. Throws `modules.no-member`, and as
 * `planLibraries` does.
 */
export async function planPrograms(
  roots: readonly ProgramRoot[],
  alreadyThere: ReadonlySet<string>,
  context: ComponentContext,
): Promise<PlannedPrograms> {
  const plan = await planLibraries(
    roots.map(({ component, paths }) => ({ component, paths })),
    alreadyThere,
    context,
  );
  return {
    packages: plan.packages,
    sonames: plan.libraries.map(({ soname }) => soname),
    read: async (scratch) => {
      const programs = await Promise.all(
        roots.map(({ component, paths, place }) => readMembers(component, paths, place, context)),
      );
      const libraries = await readLibraries(plan, context);
      return stripPrograms(mergeTrees(...programs, libraries), scratch);
    },
  };
}
