import type { Writable } from 'node:stream';
import type { TwinbankError } from '../diagnostics/error.ts';
import { refusedAt } from '../diagnostics/system-error.ts';
import type { Colors, Result } from './command.ts';
import { plain } from './text/plain-text.ts';

/** The version of the JSON documents; members may be added to one, a change of meaning raises it. */
const schemaVersion = 1;

/** A document of many lines, the only thing on standard output, or one of several that have a line each. */
export type JsonForm = 'document' | 'line';

/** One JSON document, as `--json` prints it. */
export function jsonText(members: Readonly<Record<string, unknown>>, form: JsonForm): string {
  const indent = form === 'document' ? 2 : 0;
  return `${JSON.stringify({ schemaVersion, ...members }, jsonValue, indent)}\n`;
}

/** Offsets and sizes may be bigints, which JSON does not have. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** The document of a failure; programs decide by `code`, and find the details in `data`. */
export function jsonError({ code, message, data }: TwinbankError): Record<string, unknown> {
  return { error: { code, message, ...(Object.keys(data).length > 0 ? { data } : {}) } };
}

/** A result in the form that was asked for; a failure that came with it is part of the document. */
export function resultText(result: Result, json: JsonForm | false): string {
  if (json) {
    return jsonText({ ...result.json, ...(result.failure ? jsonError(result.failure) : {}) }, json);
  }
  return result.text === '' || result.text.endsWith('\n') ? result.text : `${result.text}\n`;
}

/** A message names what was found, which may be anybody's: no line of it does anything to a terminal. */
function plainLines(message: string): string {
  return message
    .split(/(\t|\r?\n)/)
    .map((part, at) => (at % 2 === 0 ? plain(part) : part))
    .join('');
}

/**
 * An error for people. A message that begins with a place (`recipe.yaml:3:5 ...`) stays first on its
 * line, so that editors and CI systems find it.
 */
export function errorText(error: TwinbankError, colors: Colors, debug: boolean): string {
  const heading = error.kind === 'recipe' ? '' : `${colors.red('twinbank:')} `;
  const lines = [`${heading}${plainLines(error.message)}`];
  if (debug) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      lines.push(colors.dim(plainLines(cause.stack ?? cause.message)));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Writes all of a text. A reader that has gone (`| head`) wants no more: that is no error. */
export function write(stream: Writable, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE')
        reject(refusedAt('standard output', 'write', error) ?? error);
      else resolve();
    });
  });
}
