/** A terminal of the host's own screen, with a part at its top that stays. */
export interface Screen {
  /** Puts these lines at the top, in place of those before; what is said goes on below them. */
  show(lines: readonly string[]): void;
  /** A message that is said again below a part that takes the whole screen anew. */
  remember(text: string): void;
}

/** What is said again: as many as a screen of 25 rows has beside a part of the usual size. */
const remembered = 8;

/**
 * `write` puts text on the terminal, and is false where not all of it was taken: then the next `show` draws all anew. Linux'
 * virtual terminals scroll between the margins that are set (DECSTBM; console_codes(4)), the kernel's own messages too,
 * so that nothing has to be drawn again for a message.
 */
export function openScreen(write: (text: string) => boolean): Screen {
  let shown: readonly string[] | undefined;
  const messages: string[] = [];
  return {
    remember(text) {
      messages.push(text);
      if (messages.length > remembered) messages.shift();
    },
    show(lines) {
      const fresh = lines.map(plain);
      if (shown?.join('\n') === fresh.join('\n')) return;
      const all = shown?.length !== fresh.length;
      shown = write(all ? whole(fresh, messages) : replaced(fresh)) ? fresh : undefined;
    },
  };
}

/** Clears the screen, draws, and sets the margins around what is left. The cursor is in there, and not seen. */
function whole(lines: readonly string[], messages: readonly string[]): string {
  const first = lines.length + 1;
  const said = messages.map((text) => `${text}\r\n`).join('');
  return `\x1b[r\x1b[2J${drawn(lines)}\x1b[${first}r\x1b[${first};1H\x1b[?25l${said}`;
}

/** Draws over the lines that are there; the cursor goes back to where messages go on. */
function replaced(lines: readonly string[]): string {
  return `\x1b7${drawn(lines)}\x1b8`;
}

/** The first line is a bar over the whole width: white on blue, as far as the terminal has colours. */
function drawn(lines: readonly string[]): string {
  return lines
    .map((text, index) => {
      const at = `\x1b[${index + 1};1H`;
      return index === 0 ? `${at}\x1b[1;37;44m ${text}\x1b[K\x1b[0m` : `${at}${text}\x1b[K`;
    })
    .join('');
}

/** No name drives the terminal. */
function plain(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
