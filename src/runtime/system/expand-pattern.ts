import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The paths below `root` that there are for a pattern: `*` stands for any characters of one name. */
export function expandPattern(pattern: string, root = '/'): string[] {
  let found = [root];
  for (const part of pattern
    .split('/')
    .filter((name) => name !== '' && name !== '.' && name !== '..')) {
    found = found.flatMap((folder) => namesOf(folder, part).map((name) => join(folder, name)));
  }
  return found;
}

function namesOf(folder: string, part: string): string[] {
  if (!part.includes('*')) return existsSync(join(folder, part)) ? [part] : [];
  const escaped = part.split('*').map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const whole = new RegExp(`^${escaped.join('.*')}$`);
  try {
    return readdirSync(folder)
      .filter((name) => whole.test(name))
      .sort();
  } catch {
    return [];
  }
}
