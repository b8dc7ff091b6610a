import { recipeJsonSchema, recipeJsonSchemaText } from '../../../recipe/json-schema.ts';
import { schemaCommand } from '../../schema-command.ts';

export const command = schemaCommand(
  'recipe schema --out recipes/recipe.schema.json',
  recipeJsonSchema,
  recipeJsonSchemaText,
);
