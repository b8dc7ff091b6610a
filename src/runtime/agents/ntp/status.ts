import { flag, list, nullable, number, object, text } from '../../../protocol/form.ts';

/** What `ntp.status` answers: the members of {@link Tracking}, those that are numbers null where no server is followed. */
export const statusForm = object({
  servers: list(text),
  synchronised: flag,
  source: nullable(text),
  stratum: nullable(number),
  offset: nullable(number),
  drift: nullable(number),
  rootDelay: nullable(number),
  rootDispersion: nullable(number),
  /** Why chronyd did not say; null where it did, or there is nobody to follow. */
  problem: nullable(text),
});
export type NtpStatus = ReturnType<typeof statusForm>;
