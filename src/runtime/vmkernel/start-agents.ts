import { lineSplitter } from '../../protocol/line-splitter.ts';
import { agentPrograms, cimUser } from '../agents/registry.ts';
import { type Running, supervise } from '../system/supervisor.ts';
import { prepareCim } from './cim-service.ts';
import { effectiveSettings } from './oem/oem-facts.ts';

export interface AgentsOptions {
  /** By the names that a recipe uses; those that are no programs are passed over. */
  readonly names: readonly string[];
  /** Every agent is a program that ends at once. */
  readonly dead: boolean;
  /** Files that signed manifests of the bank list; undefined where nothing is proven. */
  readonly files: readonly string[] | undefined;
  /** Hears what goes wrong, a line each. */
  tell(line: string): void;
}

/** Starts the agents and keeps them running. */
export function startAgents({ names, dead, files, tell }: AgentsOptions): Running[] {
  if (names.includes('cim')) {
    for (const why of prepareCim({ files, user: cimUser })) tell(`CIM: ${why}`);
  }
  return names.flatMap((name) => {
    const program = agentPrograms[name];
    if (!program) return [];
    // The fault is a program that cannot run; what comes of it is the supervisor's work.
    const path = dead ? '/bin/false' : program.path;
    const args = () => program.args(effectiveSettings());
    const { user } = program;
    const told = (why: string): void => tell(`agent ${name}: ${why}`);
    const onLine = lineSplitter(told);
    return [
      supervise(
        { name, path, args, ...(user && { user }) },
        { onEnd: told, ...(user && { onOutput: (chunk) => onLine(chunk.toString()) }) },
      ),
    ];
  });
}
