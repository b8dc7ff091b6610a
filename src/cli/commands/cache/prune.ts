import { existsSync } from 'node:fs';
import { type Pruned, pruneCache } from '../../../builder/components/prune-cache.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { cacheDirectory } from '../../../host/own-folders.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { sizeOption } from '../../options.ts';

const defaultAge = '30d';
const hoursMs = { h: 3_600_000, d: 24 * 3_600_000 } as const;

export const command = defineCommand({
  examples: [
    ['cache prune', 'Remove what was not used for 30 days'],
    ['cache prune --max-size 2GiB', 'Remove what was not used for longest, until 2 GiB are left'],
    ['cache prune --older-than 7d --dry-run', 'Say how much a week would free'],
  ],
  builder: (yargs) =>
    yargs
      .option('older-than', {
        type: 'string',
        requiresArg: true,
        describe: `Remove what was not used for so long, such as 12h or 30d; ${defaultAge} where no --max-size is given`,
      })
      .option('max-size', {
        type: 'string',
        requiresArg: true,
        describe: 'Leave no more than this, such as 2GiB; what was used last stays',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Say what would be removed, and remove nothing',
      }),
  run: async ({ env, signal }, { olderThan, maxSize, dryRun }) => {
    const directory = cacheDirectory(env);
    const age = olderThan ?? (maxSize === undefined ? defaultAge : undefined);
    const limits = {
      olderThanMs: age === undefined ? undefined : ageOption(age),
      maxBytes: maxSize === undefined ? undefined : sizeOption('max-size', maxSize),
      dryRun,
      signal,
    };
    if (!existsSync(directory)) {
      const nothing = { files: 0, bytes: 0 };
      const pruned = { removed: nothing, left: nothing, inUse: nothing, runs: 0 };
      return { json: { directory, dryRun, ...pruned }, text: `${directory}: not there yet` };
    }
    const pruned = await pruneCache(directory, limits);
    return { json: { directory, dryRun, ...pruned }, text: textOf(directory, dryRun, pruned) };
  },
});

function textOf(directory: string, dryRun: boolean, { removed, left, inUse, runs }: Pruned) {
  const amount = ({ files, bytes }: { files: number; bytes: number }): string =>
    `${files} ${files === 1 ? 'file' : 'files'}, ${humanSize(bytes)}`;
  const lines = [
    `${directory}: ${dryRun ? 'would remove' : 'removed'} ${amount(removed)}; left: ${amount(left)}`,
  ];
  if (inUse.files > 0) {
    const who = runs === 1 ? 'a run that may be under way' : `${runs} runs that may be under way`;
    lines.push(`kept for ${who}: ${amount(inUse)}`);
  }
  return lines.join('\n');
}

function ageOption(text: string): number {
  const [, count, unit] = /^(0|[1-9][0-9]{0,4})(h|d)$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * hoursMs[unit as keyof typeof hoursMs];
  throw usageError(
    `--older-than: expected hours or days such as 12h or 30d, found ${JSON.stringify(text)}`,
  );
}
