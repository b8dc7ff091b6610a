import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { assertOutputFolder } from '../../../disk/output-folder.ts';
import { commitHazard } from '../../../host/git-ignore.ts';
import { generateKey } from '../../../update/signing/generate-key.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { assertNew, withNewFolders, writeNewFiles } from '../../new-files.ts';
import { newPassphrase, passphraseOption } from '../../secrets/passphrase.ts';

export const command = defineCommand({
  examples: [
    ['keys new keys', 'keys/twinbank.key and keys/twinbank.pub; asks for a passphrase'],
    ['keys new keys --name release-2 --passphrase-fd 3 3< passphrase', 'In a script'],
    ['TWINBANK_PASSPHRASE= $0 keys new keys', 'Not encrypted'],
  ],
  builder: (yargs) =>
    passphraseOption(
      yargs
        .positional('dir', {
          type: 'string',
          demandOption: true,
          describe: 'Folder for the two files; created if it is missing',
        })
        .option('name', {
          type: 'string',
          requiresArg: true,
          default: 'twinbank',
          describe: 'Name of the files: NAME.key is secret, NAME.pub is not',
        }),
    ),
  run: async (context, { dir, name, passphraseFd }) => {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
      const expected = '1 to 64 letters, digits, dots, underscores and hyphens';
      throw usageError(`--name: expected ${expected}, found ${JSON.stringify(name)}`);
    }
    const privateKey = join(dir, `${name}.key`);
    const publicKey = join(dir, `${name}.pub`);
    const at = (file: string): string => resolve(context.cwd, file);
    assertOutputFolder(at(dir), dir);
    // Before anybody thinks of a passphrase; what comes in between, the writing finds.
    for (const file of [privateKey, publicKey]) assertNew(at(file));
    const passphrase = await newPassphrase(context, passphraseFd, privateKey);
    if (passphrase === undefined) {
      const text = `${privateKey}: not encrypted, as TWINBANK_PASSPHRASE is empty: whoever can read it can sign`;
      context.report({ type: 'warning', text });
    }
    const pair = generateKey(randomBytes, passphrase);
    const files = [
      { path: at(privateKey), text: pair.privatePem, mode: 0o600 },
      { path: at(publicKey), text: pair.publicPem, mode: 0o644 },
    ];
    withNewFolders([at(dir)], 0o700, () => writeNewFiles(files));
    const hazard = await commitHazard(at(privateKey));
    if (hazard !== undefined) {
      const text = `${privateKey}: a commit would publish the private key: ${hazard}; add *.key to .gitignore`;
      context.report({ type: 'warning', text });
    }
    const encrypted = passphrase !== undefined;
    const how = encrypted ? 'encrypted with your passphrase' : 'not encrypted';
    return {
      json: { keyId: pair.public.id, privateKey, publicKey, encrypted },
      text: `${privateKey}: private key, ${how}; keep it secret\n${publicKey}: public key ${pair.public.id}`,
    };
  },
});
