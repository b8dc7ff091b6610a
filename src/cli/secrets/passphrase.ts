import type { Argv } from 'yargs';
import type { Context } from '../command.ts';
import { usageError } from '../failure.ts';
import { parseDescriptor, readDescriptor, secretText } from './read-descriptor.ts';

const variable = 'TWINBANK_PASSPHRASE';
/** OpenSSL reads no more, in a key file that is read by Node as in one that is read by `openssl`. */
const maxBytes = 1024;

/** `--passphrase-fd N`, for every command that opens or makes a private key. */
export function passphraseOption<Options>(yargs: Argv<Options>) {
  return yargs.option('passphrase-fd', {
    type: 'string',
    requiresArg: true,
    describe: `Descriptor whose first line is the passphrase; without it ${variable}, or a question`,
  });
}

/**
 * The passphrase for a key that is made: of the descriptor, else of TWINBANK_PASSPHRASE, else asked for
 * twice. Undefined: TWINBANK_PASSPHRASE is there and empty, so none is wanted. Throws `cli.usage`.
 */
export async function newPassphrase(
  context: Context,
  fd: string | undefined,
  file: string,
): Promise<string | undefined> {
  const given = await givenPassphrase(context, fd);
  if (given !== undefined) return given === '' ? undefined : given;
  const first = checked(await asked(context, `Passphrase for ${file}: `), 'passphrase');
  if (first === '') {
    throw usageError(
      `passphrase: expected one, found an empty line; with ${variable} set to nothing the key is not encrypted`,
    );
  }
  if ((await asked(context, 'The same once more: ')) !== first) {
    throw usageError('passphrase: expected the same twice, found two that differ');
  }
  return first;
}

/** The passphrase of a key that is there: by the same ways, asked for once. Throws `cli.usage`. */
export async function passphraseOf(
  context: Context,
  fd: string | undefined,
  file: string,
): Promise<string> {
  const given = await givenPassphrase(context, fd);
  return given ?? checked(await asked(context, `Passphrase of ${file}: `), 'passphrase');
}

async function givenPassphrase(
  context: Context,
  fd: string | undefined,
): Promise<string | undefined> {
  if (fd === undefined) {
    const value = context.env[variable];
    return value === undefined ? undefined : checked(value, variable);
  }
  const name = '--passphrase-fd';
  const number = parseDescriptor(fd, name);
  const bytes = await readDescriptor(context, number, { name, limit: maxBytes, line: true });
  // Empty is what a broken pipeline gives, too; that must not make a key that lies there open.
  if (bytes.length === 0) throw usageError(`${name}: expected a passphrase, found an empty line`);
  return secretText(bytes, name, 'a passphrase');
}

async function asked(context: Context, question: string): Promise<string> {
  const answer = await context.ask(question);
  if (answer !== undefined) return answer;
  throw usageError(
    `passphrase: expected --passphrase-fd N, ${variable} or a terminal to ask on, found none of them`,
  );
}

function checked(passphrase: string, name: string): string {
  const length = Buffer.byteLength(passphrase);
  if (length <= maxBytes) return passphrase;
  throw usageError(`${name}: expected at most ${maxBytes} bytes, found ${length}`);
}
