import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of some minutes, before all others: a machine, or many, for each of their tests. */
const longFiles = [
  'boot/scenarios',
  'boot/update',
  'qemu/uefi',
  'qemu/bios',
  'boot/machines',
  'boot/disks',
  'boot/state',
  'boot/oem',
];

/** Projects whose files take long, before those with many short ones, which fill the end on every core. */
const longProjects = ['boot', 'exhaustive', 'smoke', 'matrix', 'fuzz', 'oracle', 'unit'];

/** The long files first, so that none of them begins when the others are done. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // A stable sort: within a project those that took longest the last time, or the largest, come first.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ project, moduleId }: TestSpecification): number {
  const index = longFiles.findIndex((file) => moduleId.endsWith(`${file}.test.ts`));
  return index < 0 ? longFiles.length + longProjects.indexOf(project.name) : index;
}
