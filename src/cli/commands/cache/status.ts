import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheParts } from '../../../builder/components/cache-parts.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { allocatedBytes } from '../../../disk/allocated-bytes.ts';
import { cacheDirectory } from '../../../host/own-folders.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../text/table.ts';

export const command = defineCommand({
  examples: [
    ['cache status', 'Where it is, and how large'],
    ['cache status --json', 'The same in bytes, for programs'],
  ],
  builder: (yargs) => yargs,
  run: async ({ env, colors }) => {
    const directory = cacheDirectory(env);
    const bytes = allocatedBytes(directory);
    const rows = cacheParts.map(({ name, what }) => {
      return { name, what, bytes: allocatedBytes(join(directory, name)) };
    });
    const cells = rows.map((row) => [row.name, humanSize(row.bytes), row.what]);
    const total = existsSync(directory)
      ? `${directory}: ${humanSize(bytes)} on the disk`
      : `${directory}: not there yet`;
    return {
      json: { directory, bytes, parts: rows.map(({ what: _, ...row }) => row) },
      text: `${table([['part', 'size', 'what it has'], ...cells])}\n${colors.bold(total)}`,
    };
  },
});
