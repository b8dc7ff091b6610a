/** What somebody types at the console of a host: bytes that go on, and keys that are for twinbank. */
export interface Typed {
  readonly send: Uint8Array;
  readonly keys: readonly ('end' | 'help')[];
}

/** Ctrl-A, by which every key of twinbank begins, as those of QEMU and screen do. */
const prefix = 0x01;

export const keyHelp: readonly string[] = [
  'Ctrl-A h  lists these keys',
  'Ctrl-A x  ends the host in order; once more: at once',
  'Ctrl-A a  sends Ctrl-A itself, as a second Ctrl-A does',
];

/** Reads what is typed, chunk by chunk: a key may come in two of them. */
export function consoleKeys(): (bytes: Uint8Array) => Typed {
  let afterPrefix = false;
  return (bytes) => {
    const send: number[] = [];
    const keys: ('end' | 'help')[] = [];
    for (const byte of bytes) {
      if (!afterPrefix) {
        if (byte === prefix) afterPrefix = true;
        else send.push(byte);
        continue;
      }
      afterPrefix = false;
      const key = String.fromCharCode(byte).toLowerCase();
      if (key === 'x') keys.push('end');
      else if (key === 'h' || key === '?') keys.push('help');
      else if (key === 'a' || byte === prefix) send.push(prefix);
    }
    return { send: Uint8Array.from(send), keys };
  };
}
