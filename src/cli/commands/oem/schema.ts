import { providerJsonSchema, providerJsonSchemaText } from '../../../recipe/provider-schema.ts';
import { schemaCommand } from '../../schema-command.ts';

export const command = schemaCommand(
  'oem schema --out oem-providers/provider.schema.json',
  providerJsonSchema,
  providerJsonSchemaText,
);
