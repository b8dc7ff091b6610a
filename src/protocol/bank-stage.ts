import type { ConsoleEvent } from './console-event.ts';

/** The words with which the detail of the stage `bank` begins where the bank was confirmed. */
const confirmed = 'confirmed';

/** What the stage `bank` says of a bank that was confirmed: which device it is on, where that is known, and what it was. */
export function confirmedDetail(was: string, device?: string): string {
  return `${confirmed}${device === undefined ? '' : ` ${device}`}, ${was}`;
}

/** What it says of one that was not. */
export function notConfirmedDetail(why: string): string {
  return `not confirmed: ${why}`;
}

/** Whether the running system tells that it has confirmed its bank; it may also tell why not. */
export function tellsConfirmed(event: ConsoleEvent): boolean {
  if (event.type !== 'stage' || event.stage !== 'bank') return false;
  const { detail = '' } = event;
  return detail.startsWith(`${confirmed} `) || detail.startsWith(`${confirmed},`);
}
