import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects whose files take long, before those with many short ones, which fill the end on every core. */
const longestFirst = [
  'matrix-qemu',
  'boot',
  'exhaustive',
  'smoke',
  'matrix',
  'fuzz',
  'oracle',
  'unit',
];

/** The long files first, so that none of them begins when the others are done. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification): number => longestFirst.indexOf(project.name);
    // A stable sort: within a project those that took longest the last time, or the largest, come first.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
