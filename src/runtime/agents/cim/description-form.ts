import {
  type Form,
  flag,
  list,
  number,
  object,
  oneOf,
  record,
  text,
} from '../../../protocol/form.ts';
import type { CimClass, CimType } from './provider.ts';
import type { ProviderDescription } from './provider-description.ts';
import { programForm } from './provider-message.ts';

const types: readonly CimType[] = [
  'boolean',
  'string',
  'datetime',
  'reference',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'sint8',
  'sint16',
  'sint32',
  'sint64',
  'real32',
  'real64',
];
const type = oneOf(...types);
const yes: Form<true> = (value, place) => {
  // What is not so is left out.
  oneOf('true')(String(value), place);
  return true;
};

/** Of a property and of a parameter. */
const element = {
  array: yes,
  description: text,
  units: text,
  values: record(text),
  maxLen: number,
  required: yes,
};
const property = object({ type }, { ...element, key: yes });
const parameter = object({ type }, { ...element, direction: oneOf('in', 'out') });
const method = object(
  { description: text, parameters: record(parameter), returns: type },
  { values: record(text) },
);
/** A class as a provider describes it, and as the object manager tells it. */
export const classForm: Form<CimClass> = object(
  { name: text, description: text, properties: record(property) },
  { superclass: text, abstract: yes, methods: record(method) },
);

/** The form of NAME.json beside a provider's bundle. */
export const descriptionForm: Form<ProviderDescription> = object({
  schemaVersion: oneOf(1),
  origin: text,
  name: text,
  api: number,
  monitors: flag,
  classes: list(classForm),
  programs: record(programForm),
  writes: list(text),
  devices: list(text),
});

/** What of it vmkd grants. */
export const grantsForm = object({ writes: list(text), devices: list(text) });
