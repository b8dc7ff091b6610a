import type { Argv } from 'yargs';
import type { TwinbankError } from '../../diagnostics/error.ts';
import type { Context } from '../command.ts';
import { usageError } from '../failure.ts';
import { parseDescriptor, readDescriptor, secretText } from './read-descriptor.ts';

const variable = 'TWINBANK_PASSWORD';
const option = '--password-fd';
/** No more is read by PAM (PAM_MAX_RESP_SIZE). */
const maxBytes = 512;

/** `--password-fd N`, for every command that starts a host. */
export function hostPasswordOption<Options>(yargs: Argv<Options>) {
  return yargs.option('password-fd', {
    type: 'string',
    requiresArg: true,
    describe: `Descriptor whose first line is root's password; without it ${variable}, or it stays as it is`,
  });
}

/** Root's password: of the descriptor, else of TWINBANK_PASSWORD; undefined where neither is there. Throws `cli.usage`. */
export async function givenHostPassword(
  context: Context,
  fd: string | undefined,
): Promise<string | undefined> {
  if (fd === undefined) {
    const value = context.env[variable];
    return value === undefined ? undefined : checked(Buffer.from(value), variable);
  }
  const number = parseDescriptor(fd, option);
  const line = await readDescriptor(context, number, {
    name: option,
    limit: maxBytes,
    line: true,
    notOpen: `npx passes no descriptors on; set ${variable}, or start twinbank without npx`,
  });
  return checked(line, option);
}

function checked(bytes: Uint8Array, name: string): string {
  const refuse = (expected: string, found: string): TwinbankError =>
    usageError(`${name}: expected ${expected}, found ${found}`);
  if (bytes.length === 0) throw refuse('a password', 'an empty line');
  if (bytes.length > maxBytes) {
    throw refuse(`at most ${maxBytes} bytes`, `${bytes.length}`);
  }
  const text = secretText(bytes, name, 'a password');
  // Nobody can type them, and C ends a text at the first NUL.
  if (/\p{Cc}/u.test(text)) throw refuse('a password in one line', 'control characters');
  return text;
}
