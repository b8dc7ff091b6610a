/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly html: string;
}

export type Part = Html | string | number | undefined | null | false | readonly Part[];

/** A template of markup: strings and numbers are escaped, undefined, null and false are nothing, lists are put together. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return {
    html: strings
      .map((text, index) => (index === 0 ? '' : render(parts[index - 1])) + text)
      .join(''),
  };
}

function render(part: Part): string {
  if (part === undefined || part === null || part === false) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map(render).join('');
}

/**
 * Text for an element or a quoted attribute. What is not to be seen shows: controls as their pictures (Unicode block 2400),
 * and what turns the direction of text around, joins or hides by its number.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (one) => {
      const code = one.codePointAt(0) ?? 0;
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      if (code === 0x7f) return '\u2421';
      return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
    })
    .replace(/[&<>"']/g, (one) => entities[one] ?? one);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A share of a width for SVG, where lengths are percent so that a chart is as wide as the page: `12.34%`. */
export function percent(share: number): string {
  return `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;
}

/** `0.4 s`, `14.2 s`, `3 min 05 s`, `1 h 02 min`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(seconds < 0.05 && seconds > 0 ? 3 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
