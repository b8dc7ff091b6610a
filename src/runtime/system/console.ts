import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { linePrefix } from '../../protocol/console-event.ts';
import { consoleText, type WrittenEvent } from '../../protocol/console-line.ts';
import type { Clock } from './clock.ts';
import { openScreen } from './screen.ts';

/** Writes lines to every console the kernel uses, and to the kernel's log. Never throws, never waits. */
export interface Console {
  line(text: string): void;
  /** A line that programs read too. */
  event(event: WrittenEvent): void;
  /** Lines as they are, on the consoles only; `color` is a name of ANSI's. */
  picture(lines: readonly string[], color?: string): void;
  /** Lines that stay at the top of the host's own screen, and nowhere else. */
  panel(lines: readonly string[]): void;
  /** For the kernel's log only. */
  log(text: string): void;
  /** One line for a stage of the boot, with the time since power-on. */
  stage(name: string, detail: string): void;
  /** When each stage was over, seconds since power-on. */
  stages(): Readonly<Record<string, number>>;
}

/** The kernel refuses longer records (LOG_LINE_MAX in kernel/printk). */
const maxCharacters = 800;

const colors = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

export function systemConsole(
  clock: Clock,
  files = { active: '/sys/class/tty/console/active', log: '/dev/kmsg', devices: '/dev' },
): Console {
  const devices = readFileSync(files.active, 'utf8').trim().split(/\s+/).filter(Boolean);
  const screens = devices
    .filter((device) => /^tty\d+$/.test(device))
    .map((device) => openScreen((text) => writeNow(`${files.devices}/${device}`, text)));
  const stages: Record<string, number> = {};
  // A driver's complaint may have several lines, and an agent's anything that drives a terminal.
  const oneLine = (text: string): string =>
    text
      .slice(0, 2 * maxCharacters)
      .replace(/\s+/g, ' ')
      .replace(/\p{Cc}/gu, '?')
      .trim()
      .slice(0, maxCharacters);
  const log = (text: string): void =>
    void writeNow(files.log, `<6>${linePrefix}${oneLine(text)}\n`);
  const event = (written: WrittenEvent): string => {
    const plain = oneLine(consoleText(written));
    log(plain);
    for (const device of devices)
      writeNow(`${files.devices}/${device}`, `${linePrefix}${plain}\r\n`);
    return `${linePrefix}${plain}`;
  };
  const line = (text: string): void => {
    const said = event({ type: 'text', text });
    for (const screen of screens) screen.remember(said);
  };
  return {
    line,
    event: (written) => void event(written),
    log,
    panel: (lines) => {
      for (const screen of screens) screen.show(lines);
    },
    picture: (lines, color) => {
      // ECMA-48 8.3.117: 31 is red, 37 white; 0 is what it was.
      const at = colors.indexOf(color ?? '');
      const shown = lines.map((text) => text.replace(/[^ -~]/g, '?'));
      const [on, off] = at < 0 ? ['', ''] : [`\x1b[3${at + 1}m`, '\x1b[0m'];
      const text = shown.map((one) => `${on}${one}${off}\r\n`).join('');
      for (const device of devices) writeNow(`${files.devices}/${device}`, text);
    },
    stage: (name, detail) => {
      const at = clock.sincePowerOn();
      stages[name] = at;
      event({ type: 'stage', stage: name, at, detail });
    },
    stages: () => stages,
  };
}

/**
 * What a console does not take now is lost to it: one that Ctrl-S, Scroll Lock or noise on the line has
 * stopped would stop vmkd, and a serial line whose device has gone is no reason to end. False where it did not take all.
 */
function writeNow(path: string, text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      return writeSync(fd, bytes) === bytes.length;
    } finally {
      closeSync(fd);
    }
  } catch {
    // The kernel's log has it, or another console.
    return false;
  }
}
