import { flag, list, nullable, number, object, oneOf, text } from '../../../protocol/form.ts';

/** What `ntp.status` answers: the members of {@link Tracking}, those that are numbers null where no server is followed. */
export const statusForm = object({
  servers: list(text),
  /** Who named them; null where there are none. */
  from: nullable(oneOf('settings', 'dhcp')),
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

/** Of a clock that follows nobody. */
export const unknownClock = {
  synchronised: false,
  source: null,
  stratum: null,
  offset: null,
  drift: null,
  rootDelay: null,
  rootDispersion: null,
};

/** What is answered where there is no server to follow. */
export const idleStatus: NtpStatus = { servers: [], from: null, ...unknownClock, problem: null };

/** Why the clock is not to be trusted; undefined where it follows a server, or has none to follow. */
export function clockProblem(answer: unknown): string | undefined {
  const { servers, synchronised, problem } = statusForm(answer, 'status');
  if (servers.length === 0 || synchronised) return undefined;
  return `time: ${problem ?? `none of the servers ${servers.join(', ')} is followed`}`;
}
