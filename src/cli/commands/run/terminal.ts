import type { QemuMachine } from '../../../harness/qemu/qemu.ts';
import type { Context } from '../../command.ts';
import { consoleKeys, keyHelp } from './console-keys.ts';
import { sizeAnswers } from './size-answers.ts';

/** A person's terminal at the serial console of a host. */
export interface Terminal {
  /** Gives it back as it was. */
  close(): void;
}

/** Bytes that a terminal has not taken; what comes beyond is not shown: a host does not wait for it. */
const mostWaiting = 1 << 20;
/** So long what may become a question is kept back from the terminal. */
const holdMs = 50;

/** Whether a person sits at it: who only reads, or only types, has no terminal. */
export function hasTerminal({ stdin, stdout }: Context): boolean {
  return stdin.isTTY === true && stdout.isTTY === true;
}

/** Connects the terminal with a machine's console, byte by byte; `onEnd` hears each Ctrl-A x. */
export function openTerminal(
  { stdin, stdout }: Pick<Context, 'stdin' | 'stdout'>,
  machine: Pick<QemuMachine, 'onOutput' | 'type'>,
  onEnd: () => void,
): Terminal {
  let open = true;
  const read = consoleKeys();
  const sizes = sizeAnswers(() => {
    const { rows, columns } = stdout;
    return rows && columns ? { rows, columns } : undefined;
  });
  const show = (bytes: Uint8Array): void => {
    if (open && bytes.length > 0 && stdout.writableLength < mostWaiting) stdout.write(bytes);
  };
  let held: NodeJS.Timeout | undefined;
  machine.onOutput((bytes) => {
    clearTimeout(held);
    const heard = sizes.hear(bytes);
    show(heard.show);
    if (heard.answer !== '') machine.type(heard.answer);
    held = setTimeout(() => show(sizes.rest()), holdMs);
  });
  const onData = (bytes: Buffer): void => {
    const { send, keys } = read(bytes);
    if (send.length > 0) machine.type(send);
    for (const key of keys) {
      if (key === 'end') onEnd();
      else stdout.write(`\r\n${keyHelp.join('\r\n')}\r\n`);
    }
  };
  stdin.setRawMode?.(true);
  stdin.on('data', onData);
  stdin.resume();
  return {
    close() {
      show(sizes.rest());
      open = false;
      clearTimeout(held);
      stdin.pause();
      stdin.off('data', onData);
      stdin.setRawMode?.(false);
    },
  };
}
