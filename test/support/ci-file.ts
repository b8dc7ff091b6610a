import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../docs/ci');

export interface GithubStep {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
}

interface GithubJob {
  readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
  readonly env?: Readonly<Record<string, string | number>>;
  readonly steps: readonly GithubStep[];
}

interface GithubWorkflow {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<'scenarios' | 'report', GithubJob>>;
}

interface GitlabJob {
  readonly script: readonly string[];
}

export function githubWorkflow(): GithubWorkflow {
  return parse(readFileSync(join(folder, 'github-actions.yml'), 'utf8'));
}

export function gitlabJobs(): Readonly<Record<'scenarios' | 'report', GitlabJob>> {
  return parse(readFileSync(join(folder, 'gitlab-ci.yml'), 'utf8'));
}

/** Runs every `run:` of the workflow in its order, as the runner does: `bash -e`, without a terminal. Returns what was run. */
export function runGithubWorkflow(cwd: string, env: Readonly<Record<string, string>>): string[] {
  const workflow = githubWorkflow();
  const commands: string[] = [];
  for (const job of [workflow.jobs.scenarios, workflow.jobs.report]) {
    const shards = job.strategy?.matrix.shard ?? [0];
    for (const shard of shards) {
      const fill = (text: string | number): string =>
        String(text)
          .replace(/\$\{\{ matrix\.shard \}\}/, String(shard))
          .replace(/\$\{\{ strategy\.job-total \}\}/, String(shards.length));
      const own = Object.entries({ ...workflow.env, ...job.env });
      const variables = Object.fromEntries(own.map(([name, value]) => [name, fill(value)]));
      for (const step of job.steps) {
        if (step.run === undefined || (step.if === 'matrix.shard == 1' && shard !== 1)) continue;
        commands.push(step.run);
        execFileSync('bash', ['-e', '-c', step.run], {
          cwd,
          env: { ...process.env, ...variables, ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
          maxBuffer: 2 ** 26,
        });
      }
    }
  }
  return commands;
}
