import { expect, it } from 'vitest';
import { githubWorkflow, gitlabJobs } from '../../support/ci-file.ts';

/** One command a line, without what only one of the two systems has. */
function plainCommands(scripts: readonly string[]): string[] {
  return scripts
    .flatMap((script) => script.replaceAll(/\\\n/g, ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => !/^(?:export SHARD=|cat |if \[ "\$SHARD" = 1 \]|fi$)|^$/.test(line))
    .map((line) => line.replace(' --annotations github', ''));
}

it.each(['scenarios', 'report'] as const)(
  'run the same commands on GitHub and on GitLab: %s',
  (job) => {
    const github = githubWorkflow().jobs[job].steps.flatMap(({ run }) => run ?? []);
    const commands = plainCommands(github);
    expect(plainCommands(gitlabJobs()[job].script)).toEqual(commands);
    expect(commands.length).toBeGreaterThanOrEqual(2);
  },
);
