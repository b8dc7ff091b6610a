import type { Console } from '../../system/console.ts';

export interface OemPort {
  readonly console: Pick<Console, 'picture' | 'line'>;
  oemLogos(): readonly { readonly lines: readonly string[]; readonly color: string | undefined }[];
  oemLines(): readonly string[];
}

/** Shows whose machine it is. */
export function showOems({ console, oemLogos, oemLines }: OemPort): void {
  for (const { lines, color } of oemLogos()) console.picture(lines, color);
  for (const line of oemLines()) console.line(line);
}
