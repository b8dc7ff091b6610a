import { TwinbankError } from './error.ts';

/**
 * An error with the file's name before its sentence, and a hint behind it: the formats know bytes only.
 * What is not about the content of a file (kind `corrupt`), and what begins with the name already, is returned as it is.
 */
export function inFile(path: string, error: unknown, hint = ''): unknown {
  if (!(error instanceof TwinbankError) || error.kind !== 'corrupt') return error;
  if (hint === '' && error.message.startsWith(`${path}: `)) return error;
  const { kind, code, data, message } = error;
  return new TwinbankError(kind, code, `${path}: ${message}${hint}`, { data, cause: error });
}
