import { testProviders } from '../../../builder/oem/cim/test-provider.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { loadProvider } from '../../../recipe/provider.ts';
import { defineCommand } from '../../command.ts';
import { trustOemOption } from '../../options.ts';
import { plainLines } from '../../text/plain-text.ts';

export const command = defineCommand({
  examples: [['oem test oem-providers/acme', 'Run cim/*.test.ts of the folder']],
  builder: (yargs) =>
    trustOemOption(yargs).positional('dir', {
      type: 'string',
      demandOption: true,
      describe: 'Folder of the provider',
    }),
  run: async ({ cwd, signal }, { dir, trustOem }) => {
    const provider = loadProvider(dir, cwd);
    const { files, passed, output } = await testProviders(provider, { signal, trustOem });
    const text = files.length > 0 ? plainLines(output) : `${dir}: no cim/*.test.ts`;
    const message = `${dir}: expected its tests to pass, found some that fail`;
    return {
      json: { passed, files, output },
      text,
      ...(!passed && { failure: new TwinbankError('recipe', 'oem.tests', message) }),
    };
  },
});
