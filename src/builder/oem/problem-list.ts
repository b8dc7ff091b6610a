import type { Diagnostic } from '../../recipe/diagnostic.ts';
import { diagnosticsOf } from './provider-place.ts';

/** What is wrong with a provider, collected from steps of which several may fail. */
export interface ProblemList {
  readonly problems: Diagnostic[];
  /** The step's result; undefined where it failed, and then `problems` has why. */
  collect<T>(step: () => Promise<T>): Promise<T | undefined>;
}

/** `shown` is how messages call the provider's provider.yaml. */
export function problemList(shown: string): ProblemList {
  const problems: Diagnostic[] = [];
  return {
    problems,
    async collect(step) {
      try {
        return await step();
      } catch (error) {
        problems.push(...diagnosticsOf(error, shown));
        return undefined;
      }
    },
  };
}
