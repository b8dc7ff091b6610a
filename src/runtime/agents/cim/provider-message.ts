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
import type { Operation } from './provider-operations.ts';

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

export interface ToProvider {
  readonly id: number;
  readonly operation: Operation;
}

/** The manager holds its values against the class. */
const instance: Form<CimInstance> = record((value) => value as CimValue);
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
