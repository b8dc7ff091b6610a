import { defineCommand } from '../../command.ts';
import { completionTable } from './completion-table.ts';
import { bashScript, fishScript, zshScript } from './shell-scripts.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
const shells = ['bash', 'zsh', 'fish'] as const;

export const command = defineCommand({
  examples: [
    ['completion bash >~/.local/share/bash-completion/completions/twinbank', 'For every new bash'],
    ['completion zsh >~/.zsh-twinbank', 'Then source ~/.zsh-twinbank in ~/.zshrc'],
    ['completion fish >~/.config/fish/completions/twinbank.fish', 'For every new fish'],
  ],
  builder: (yargs) =>
    yargs.positional('shell', {
      choices: shells,
      demandOption: true,
      describe: 'Whose script it is',
    }),
  run: async (_context, { shell }) => {
    // The registry names this file, too.
    const { commands } = await import('../../registry.ts');
    const script = scripts[shell](await completionTable(commands));
    return { json: { shell, script }, text: script.trimEnd() };
  },
});
