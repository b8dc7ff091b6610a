import { list, object, text } from '../../../protocol/form.ts';

/** What vmkd tells the agent before it starts: a file in the agent's folder ({@link prepare}). */
export const setupFile = 'setup.json';

export const setupForm = object({
  /** NAME.json of each provider that a signed manifest of the bank lists; NAME.mjs lies beside it. */
  providers: list(text),
  smbiosTable: text,
});
export type CimSetup = ReturnType<typeof setupForm>;
