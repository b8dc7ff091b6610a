import { defineCommand } from '../../command.ts';
import { readRecipeOptions } from '../../options.ts';
import { loadNamedRecipe } from '../../recipe-input.ts';

export const command = defineCommand({
  examples: [
    ['recipe check recipes/default.yaml', 'All problems at once, each with its line'],
    ['recipe check - < draft.yaml', 'Of a text that an editor holds'],
  ],
  builder: (yargs) => readRecipeOptions(yargs),
  dash: { recipe: 'input' },
  run: async (context, { recipe: path, set }) => {
    const { name, files } = await loadNamedRecipe(context, path, set);
    return { json: { valid: true, files }, text: `${name}: valid` };
  },
});
