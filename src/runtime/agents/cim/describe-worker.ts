import { writeSync } from 'node:fs';
import type { CimClass, CimProvider } from './provider.ts';
import { providerProblems, schemasOf } from './provider-description.ts';
import { failureOf } from './provider-operations.ts';

/** A provider's bundle, loaded: what it says of its classes, and what is wrong with them. */
export interface ProviderSchemas {
  readonly problems: readonly string[];
  readonly classes: readonly CimClass[];
  readonly monitors: boolean;
}

/** What stands before this program when it is started on the build host. */
interface DescribeInput {
  /** The bundle's text. */
  readonly bundle: string;
  readonly isBase: boolean;
}

/** Where the answer goes, as JSON; standard output is the bundle's to fill. */
const answerFd = 3;

async function describe({ bundle, isBase }: DescribeInput): Promise<ProviderSchemas> {
  const url = `data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}`;
  const { provider } = (await import(url)) as { provider?: CimProvider };
  if (!provider) {
    return {
      problems: ['expected an export named provider, found none'],
      classes: [],
      monitors: false,
    };
  }
  const problems = providerProblems(provider, isBase);
  const classes = problems.length === 0 ? schemasOf(provider) : [];
  return { problems, classes, monitors: provider.monitor !== undefined };
}

/** Runs on the build host, in a process that the builder ends. */
async function answer(): Promise<ProviderSchemas> {
  try {
    return await describe(
      (globalThis as unknown as { describeInput: DescribeInput }).describeInput,
    );
  } catch (error) {
    const problems = [`expected to load, found: ${failureOf(error).message}`];
    return { problems, classes: [], monitors: false };
  }
}

writeSync(answerFd, JSON.stringify(await answer()));
process.exit(0);
