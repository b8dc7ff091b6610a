import { consoleLine, type WrittenEvent } from '../protocol/console-line.ts';

/** The command that writes an event's line; values may hold GRUB's variables. */
export function echo(event: WrittenEvent): string {
  return `echo "${consoleLine(event)}"`;
}
