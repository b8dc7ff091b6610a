import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import {
  developmentKey,
  isDevelopmentKey,
  type PublicKey,
  type SigningKey,
} from '../../update/signing/key.ts';
import { keyKind, readPublicKey, readSigningKey } from '../../update/signing/key-file.ts';
import type { Context } from '../command.ts';
import { usageError } from '../failure.ts';
import { passphraseOf, passphraseOption } from './passphrase.ts';
import { parseDescriptor, readDescriptor, readSmallFile } from './read-descriptor.ts';

/** No key is longer; what is was meant to be something else, such as an image. */
const maxBytes = 65_536;

/** `--key KEY` and `--passphrase-fd N`, for every command that signs. */
export function signingKeyOption<Options>(yargs: Argv<Options>) {
  return passphraseOption(
    yargs.option('key', {
      type: 'string',
      requiresArg: true,
      describe:
        'Private key to sign with: a file, or fd:N for a descriptor; default: the development key, which everybody has',
    }),
  );
}

interface SigningOptions {
  readonly key: string | undefined;
  readonly passphraseFd: string | undefined;
}

/** What everybody who reads the result has to know. */
export const developmentWarning = {
  type: 'warning',
  text: 'signed with the development key, which everybody has: it proves nothing about who made it',
} as const;

/** Says that what a command made is signed with the development key; once it is made, as only then it is true. */
export function warnOfDevelopmentKey({ report }: Pick<Context, 'report'>, key: SigningKey): void {
  if (!isDevelopmentKey(key.public.id)) return;
  const text =
    'signed with the development key, which everybody has: for tests only; sign with --key KEY';
  report({ type: 'warning', text });
}

/** The key that the options name; without one the development key. */
export async function loadSigningKey(
  context: Context,
  { key, passphraseFd }: SigningOptions,
): Promise<SigningKey> {
  if (key === undefined && passphraseFd !== undefined) {
    throw usageError('--passphrase-fd: expected --key KEY beside it, found none');
  }
  return key === undefined ? developmentKey : readPrivateKey(context, key, passphraseFd);
}

async function readPrivateKey(
  context: Context,
  key: string,
  passphraseFd: string | undefined,
): Promise<SigningKey> {
  if (passphraseFd !== undefined && key === `fd:${passphraseFd}`) {
    throw usageError(`--passphrase-fd: expected another descriptor than --key ${key} has`);
  }
  const pem = await readKeyFile(context, key);
  // Nobody is asked for a passphrase that is not needed.
  const encrypted = keyKind(pem, key) === 'encrypted';
  const passphrase = encrypted ? await passphraseOf(context, passphraseFd, key) : undefined;
  return readSigningKey(pem, key, passphrase);
}

/** The bytes of a key: of a file, or `fd:N` for a descriptor. */
export async function readKeyFile(context: Context, key: string): Promise<Buffer> {
  if (key === '') throw usageError('key: expected a file or fd:N, found an empty text');
  const wanted = { name: key, limit: maxBytes };
  if (!key.startsWith('fd:')) return readSmallFile(context, resolve(context.cwd, key), wanted);
  return readDescriptor(context, parseDescriptor(key.slice('fd:'.length), key), wanted);
}

/** `--key PUB`, for every command that checks signatures. */
export function trustOption<Options>(
  yargs: Argv<Options>,
  describe = 'File of one more public key to trust for this call; may be repeated',
) {
  return yargs.option('key', {
    type: 'string',
    array: true,
    default: [] as string[],
    defaultDescription: 'nothing',
    requiresArg: true,
    describe,
  });
}

/** The keys of these files, each once, in their order. */
export async function loadTrustedKeys(
  context: Pick<Context, 'cwd' | 'stdin' | 'signal'>,
  paths: readonly string[],
): Promise<PublicKey[]> {
  const keys = new Map<string, PublicKey>();
  for (const path of paths) {
    const wanted = { name: path, limit: maxBytes };
    const pem = await readSmallFile(context, resolve(context.cwd, path), wanted);
    const key = readPublicKey(pem, path);
    keys.set(key.raw, key);
  }
  return [...keys.values()];
}
