import {
  anything,
  type Form,
  list,
  number,
  object,
  oneOf,
  record,
  text,
} from '../../../protocol/form.ts';
import { type CimInstance, type CimStatus, type CimValue, cimStatus } from './provider.ts';

/** A program that a provider may run, and where its libraries are. */
export const programForm = object({ path: text, libraries: text });

/** What a provider's process is told at its start, in its first argument. */
export const setupForm = object({
  bundle: text,
  root: text,
  smbiosTable: text,
  systemName: text,
  programs: record(programForm),
  writes: list(text),
});
export type ProviderSetup = ReturnType<typeof setupForm>;

/** Both sides have each other as this descriptor of the provider's: a line of JSON for each message. */
export const channelDescriptor = 3;

/** Characters of the longest message, in both directions. */
export const messageLimit = 4 << 20;

/** The class's own reader holds its values against it. */
const instance: Form<CimInstance> = record((value) => value as CimValue);

/** What a provider's process is asked. */
export const toProviderForm = object({
  id: number,
  operation: object(
    { op: oneOf('enumerate', 'get', 'invoke'), className: text },
    { keys: instance, method: text, parameters: instance },
  ),
});
export type ToProvider = ReturnType<typeof toProviderForm>;

const status: Form<CimStatus> = oneOf(...(Object.keys(cimStatus) as CimStatus[]));

/** What a provider's process says: one of these. */
export const fromProviderForm = object(
  {},
  {
    ready: (value: unknown) => value === true,
    id: number,
    result: anything,
    error: object({ status, message: text }),
    indication: object({ className: text, instance }),
    monitorEnded: text,
    fatal: text,
  },
);
export type FromProvider = ReturnType<typeof fromProviderForm>;
