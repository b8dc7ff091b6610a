import { isDevelopmentKey } from '../../../update/signing/key.ts';
import { keyKind, readPublicKey, readSigningKey } from '../../../update/signing/key-file.ts';
import { defineCommand } from '../../command.ts';
import { passphraseOf, passphraseOption } from '../../secrets/passphrase.ts';
import { readKeyFile } from '../../secrets/signing-key.ts';

export const command = defineCommand({
  examples: [
    ['keys show keys/twinbank.pub', 'Its key id, and the raw key as a manifest has it'],
    ['keys show keys/twinbank.key', 'The same of a private key; asks for its passphrase'],
  ],
  builder: (yargs) =>
    passphraseOption(
      yargs.positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'A public or private key, fd:N for a descriptor, or - for standard input',
      }),
    ),
  dash: { file: 'input' },
  run: async (context, { file, passphraseFd }) => {
    const pem = await readKeyFile(context, file === '-' ? 'fd:0' : file);
    const kind = keyKind(pem, file);
    const passphrase =
      kind === 'encrypted' ? await passphraseOf(context, passphraseFd, file) : undefined;
    const { id, raw } =
      kind === 'public' ? readPublicKey(pem, file) : readSigningKey(pem, file, passphrase).public;
    const development = isDevelopmentKey(id);
    const note = development ? '  (the development key, which everybody has)' : '';
    return {
      json: {
        file,
        kind: kind === 'public' ? 'public' : 'private',
        encrypted: kind === 'encrypted',
        keyId: id,
        raw,
        development,
      },
      text: `Key id:     ${id}${note}\nPublic key: ${raw}`,
    };
  },
});
