import { existsSync, mkdirSync } from 'node:fs';
import { groupRoot, worldGroup } from '../../system/cgroup.ts';
import { readGroupUsage } from '../../system/group-usage.ts';
import { createOwnFile } from '../../system/root-file.ts';

/** Where the dumps of worlds are, root's alone; in memory, so that they go with the power. */
export const dumpFolder = '/run/twinbank/dumps';
/** Of each world: the first ends tell most, and what ends again and again ends by the same. */
const mostDumps = 2;

export interface WorldEnd {
  readonly name: string;
  readonly why: string;
  /** What it said last. */
  readonly lines: readonly string[];
}

export interface DumpPlaces {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly folder?: string;
  readonly groups?: string;
}

/**
 * Keeps a small dump of a world that has ended though nobody wanted it to (docs/worlds.md#when-a-world-ends), unless there are two of it
 * already. Throws an Error where it cannot be written.
 */
export function keepDump({ name, why, lines }: WorldEnd, places: DumpPlaces = {}): void {
  const { now = Date.now, folder = dumpFolder, groups = groupRoot } = places;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const numbers = Array.from({ length: mostDumps }, (_, index) => index + 1);
  const free = numbers.find((number) => !existsSync(`${folder}/${name}-${number}.json`));
  if (free === undefined) return;
  const time = new Date(now()).toISOString();
  const dump = { name, time, why, usage: readGroupUsage(worldGroup(name, groups)), lines };
  const text = `${JSON.stringify(dump, null, 2)}\n`;
  createOwnFile(`${folder}/${name}-${free}.json`, text, { mode: 0o600 });
}
