import type * as z from 'zod';
import { list, map, text } from './field.ts';

const relation = () =>
  text(
    'NAME or NAME OP VERSION such as twinbank >= 1.2',
    /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}( *(=|!=|<=?|>=?) *[0-9][A-Za-z0-9.+~:_-]{0,63})?$/,
  );
const provided = () =>
  text(
    'NAME or NAME = VERSION such as acme-cim = 2.1',
    /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}( *= *[0-9][A-Za-z0-9.+~:_-]{0,63})?$/,
  );
const relations = (what: string) =>
  list(relation(), 'a list such as ["twinbank >= 1.2"]').prefault([]).describe(what);

/** provider.yaml: one OEM. What lies in `files/` beside it becomes its layer. */
export const providerSchema = map({
  name: text('a name of up to 8 letters, digits and dashes such as acme', /^[a-z][a-z0-9-]{0,7}$/)
    .refine((name) => !['base', 'boot', 'bundle', 'vmkernel'].includes(name), {
      error: 'a name other than base, boot, bundle and vmkernel',
    })
    .describe('The origin in manifests and the layer in the bank: NAME.v00'),
  vendor: text('the name of a company', /^[^\p{C}]{1,64}$/u).describe('Who answers for it'),
  version: text(
    'a version in quotes such as "1.2.3"',
    /^[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+~][0-9A-Za-z.+~-]{1,32})?$/,
  ).describe('Version of what the OEM brings'),
  product: text('a product name such as twinbank', /^[a-z][a-z0-9-]{0,31}$/)
    .prefault('twinbank')
    .describe('The product that it is for'),
  provides: list(provided(), 'a list such as ["acme-cim = 2.1"]')
    .prefault([])
    .describe('Names that others can require, beside its own'),
  requires: relations('What has to be in the bank, such as twinbank >= 1.2'),
  conflicts: relations('What must not be in the bank'),
  replaces: relations('Modules whose files it may hide, and that an update with it takes away'),
});

export type Provider = z.output<typeof providerSchema>;
