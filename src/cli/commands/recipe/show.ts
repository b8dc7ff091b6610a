import { loadRecipe } from '../../../recipe/load.ts';
import { originData, recipeText, showRecipe } from '../../../recipe/show.ts';
import { defineCommand } from '../../command.ts';
import { recipeOptions } from '../../options.ts';

export const command = defineCommand({
  examples: [
    ['recipe show recipes/default.yaml --origin', 'Each value with the line that set it'],
    ['recipe show recipes/default.yaml --set bank.size=64MiB', 'What one other value leads to'],
  ],
  builder: (yargs) =>
    recipeOptions(yargs).option('origin', {
      type: 'boolean',
      describe: 'Say for each value which file and line set it',
    }),
  run: async ({ cwd }, { recipe: path, set, origin }) => {
    const { recipe, origins, files } = loadRecipe(path, { set, cwd });
    return {
      json: {
        recipe: recipeText(recipe),
        ...(origin ? { origins: originData(origins) } : {}),
        files,
      },
      text: showRecipe(recipe, origin ? origins : undefined),
    };
  },
});
