import { loadRecipe } from '../../../recipe/load.ts';
import { defineCommand } from '../../command.ts';
import { recipeOptions } from '../../options.ts';

export const command = defineCommand({
  examples: [['recipe check recipes/default.yaml', 'All problems at once, each with its line']],
  builder: (yargs) => recipeOptions(yargs),
  run: async ({ cwd }, { recipe: path, set }) => {
    const { files } = loadRecipe(path, { set, cwd });
    return { json: { valid: true, files }, text: `${path}: valid` };
  },
});
