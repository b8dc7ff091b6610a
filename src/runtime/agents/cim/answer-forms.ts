import {
  anything,
  type Form,
  list,
  nullable,
  number,
  object,
  record,
  text,
} from '../../../protocol/form.ts';
import { classForm } from './description-form.ts';
import type { IndicationPage } from './indication-log.ts';
import type { Enumeration, NamedInstance } from './object-manager.ts';
import type { CimInstance, CimValue } from './provider.ts';

type CimScalar = Exclude<CimValue, null | readonly unknown[]>;

/** Texts, numbers, truth values and lists of them: whatever JSON has but an object, which no property is. */
const value: Form<CimValue> = (found, place) => {
  if (Array.isArray(found)) return list(scalar)(found, place);
  return nullable(scalar)(found, place);
};
const scalar: Form<CimScalar> = (found, place) =>
  typeof found === 'boolean' || typeof found === 'number' ? found : text(found, place);
const properties: Form<CimInstance> = record(value);

/** What the agent's methods answer (methods.ts), as the command `cim` reads it: another user's process has said it. */
export const classesForm = object({
  classes: list(object({ name: text, provider: nullable(text), description: text })),
  problems: list(text),
});
export const classAnswerForm: Form<
  ReturnType<typeof classForm> & {
    readonly superclasses: readonly string[];
    readonly provider: string | null;
  }
> = (found, place) => ({
  ...classForm(found, place),
  ...object({ superclasses: list(text), provider: nullable(text) })(found, place),
});
export const instanceForm: Form<NamedInstance> = object({
  path: text,
  className: text,
  properties,
});
export const enumerationForm: Form<Enumeration> = object({
  instances: list(instanceForm),
  problems: list(object({ provider: text, className: text, message: text })),
});
/** An indication is no object, and has no path. */
export const indicationsForm: Form<
  Omit<IndicationPage, 'indications'> & {
    readonly indications: readonly Omit<NamedInstance, 'path'>[];
  }
> = object({
  indications: list(object({ className: text, properties })),
  next: number,
  lost: number,
});
export const resultForm = object({ returnValue: value }, { out: properties });

/** For `--json`, which hands an answer on. */
export const objectForm = record(anything);
