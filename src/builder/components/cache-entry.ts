import { createHmac } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Cache, ignoreMissing, writeWhole } from './cache.ts';
import { noteUse } from './cache-use.ts';
import { errorCode } from './io-error.ts';

/*
 * Small documents of the cache that say which object something is, or what somebody has answered. The name of an object says what
 * is in it, but nothing in a cache could say whether such a document is true: whoever may write the folder can write a hash, too. So
 * each has a MAC by a key that lies elsewhere (cache-key.ts), and so has its name: a user finds those alone that this user has
 * written. A document as it was at another time under the same name is no lie, as the name stands for all that it depends on.
 */

/** A folder of the cache that has them. */
type EntryPart = 'derived' | 'resolutions' | 'bundles';

const entryForm = z.strictObject({ mac: z.string(), text: z.string() });

/** Where the entry of a key lies; `key` is any text that names all that it depends on. */
export function entryPath(cache: Cache, part: EntryPart, key: string): string {
  return join(cache.directory, part, `${mac(cache, `name of ${part}/${key}`)}.json`);
}

/** An entry as this user has written it, or undefined; with a warning, where it was changed since. */
export async function readEntry(
  cache: Cache,
  part: EntryPart,
  key: string,
): Promise<string | undefined> {
  const path = entryPath(cache, part, key);
  const written = readIfThere(path);
  if (written === undefined) return undefined;
  const entry = parseEntry(written);
  if (entry?.mac !== mac(cache, contentOf(part, key, entry?.text ?? ''))) {
    const text = `${path}: damaged in the cache, or changed by somebody else; it is made again`;
    cache.report({ type: 'warning', text });
    return undefined;
  }
  await noteUse(path);
  return entry.text;
}

/**
 * Synchronous: a build reads a hundred of them, and by way of Node's thread pool each takes four turns of it. What is no plain file
 * holds nothing, and is not waited for: a pipe in a cache that others may write to would have no other end.
 */
function readIfThere(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENXIO') return '';
    return ignoreMissing(error);
  }
  try {
    return fstatSync(file).isFile() ? readFileSync(file, 'utf8') : '';
  } finally {
    closeSync(file);
  }
}

export async function writeEntry(
  cache: Cache,
  part: EntryPart,
  key: string,
  text: string,
): Promise<void> {
  const entry = { mac: mac(cache, contentOf(part, key, text)), text };
  await writeWhole(entryPath(cache, part, key), JSON.stringify(entry));
}

function contentOf(part: EntryPart, key: string, text: string): string {
  return `${part}/${key}\n${text}`;
}

/** HMAC-SHA-256 (RFC 2104), 64 hexadecimal digits. */
function mac(cache: Cache, text: string): string {
  return createHmac('sha256', cache.key).update(text).digest('hex');
}

function parseEntry(text: string): z.infer<typeof entryForm> | undefined {
  try {
    return entryForm.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
