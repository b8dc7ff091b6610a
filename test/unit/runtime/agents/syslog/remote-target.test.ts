import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type LinkEvents,
  remoteTarget,
} from '../../../../../src/runtime/agents/syslog/remote-target.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const limits = { messages: 3, bytes: 1000 };

/** A target whose connections the test makes, loses and blocks. */
function target() {
  const links: LinkEvents[] = [];
  const got: string[] = [];
  const said: string[] = [];
  let takes = true;
  let open = 0;
  const remote = remoteTarget({
    name: 'tcp://a',
    limits,
    connect: (events) => {
      links.push(events);
      open++;
      return {
        send: (message) => {
          got.push(message.toString());
          return takes;
        },
        close: () => void open--,
      };
    },
    report: (why) => void said.push(why),
  });
  return {
    ...{ remote, got, said, links },
    isOpen: () => open,
    last: () => links.at(-1) as LinkEvents,
    block: (blocked: boolean) => {
      takes = !blocked;
    },
    send: (...texts: string[]) => {
      for (const text of texts) remote.send(Buffer.from(text));
    },
  };
}

describe('P5: a remote target', () => {
  it('has what waited for its connection, and then what comes', () => {
    const { remote, send, last, got, said } = target();
    send('1', '2');
    expect(remote.status()).toEqual({
      ...{ target: 'tcp://a', state: 'connecting', sent: 0, dropped: 0, queued: 2 },
      lastError: null,
    });
    last().onOpen();
    send('3');
    expect(got).toEqual(['1', '2', '3']);
    expect(remote.status()).toMatchObject({ state: 'open', sent: 3, queued: 0 });
    expect(said).toEqual([]);
  });

  it('loses the oldest messages and counts them while it hangs in connecting', () => {
    const { remote, send, last, got, links, isOpen } = target();
    send('1', '2', '3', '4', '5');
    vi.advanceTimersByTime(10_000);
    expect(remote.status()).toMatchObject({
      ...{ state: 'waiting', dropped: 2, queued: 3, lastError: 'no connection in 10 s' },
    });
    expect([links.length, isOpen()]).toEqual([1, 0]);
    vi.advanceTimersByTime(1000);
    last().onOpen();
    expect(got).toEqual(['3', '4', '5']);
  });

  it('keeps no more bytes than its limit', () => {
    const { remote, send } = target();
    send('a'.repeat(600), 'b'.repeat(600));
    expect(remote.status()).toMatchObject({ dropped: 1, queued: 1 });
  });

  it('is given up after 30 s in which it has read nothing, and asked again', () => {
    const { remote, send, last, got, block, isOpen } = target();
    last().onOpen();
    block(true);
    send('1', '2', '3');
    expect([got, remote.status().state]).toEqual([['1'], 'blocked']);
    last().onDrain();
    expect(got).toEqual(['1', '2']);
    vi.advanceTimersByTime(30_000);
    expect(remote.status()).toMatchObject({
      state: 'waiting',
      lastError: 'it has read nothing for 30 s',
    });
    expect(isOpen()).toBe(0);
  });

  it('is asked again after 1, 2, 4 and so on up to 60 s, and after 1 s when it was there for long', () => {
    const { links, last } = target();
    const pauses: number[] = [];
    for (let count = 0; count < 8; count++) {
      const begun = performance.now();
      last().onClosed('refused');
      const before = links.length;
      while (links.length === before) vi.advanceTimersByTime(500);
      pauses.push((performance.now() - begun) / 1000);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    last().onOpen();
    vi.advanceTimersByTime(10_000);
    last().onClosed('reset');
    vi.advanceTimersByTime(1000);
    expect(links).toHaveLength(10);
  });

  it('is reported once when it is lost, and once when it is back', () => {
    const { said, last, send } = target();
    send('1');
    last().onClosed('refused');
    vi.advanceTimersByTime(1000);
    last().onClosed('refused');
    vi.advanceTimersByTime(2000);
    last().onOpen();
    expect(said).toEqual(['tcp://a: refused; 1 messages wait', 'tcp://a: messages are sent again']);
  });

  it('hears nothing of a connection that it has given up', () => {
    const { remote, links, got, send } = target();
    vi.advanceTimersByTime(11_000);
    const [old, now] = links;
    now?.onOpen();
    old?.onClosed('late');
    old?.onDrain();
    send('1');
    expect([remote.status().state, got]).toEqual(['open', ['1']]);
    remote.stop();
    send('2');
    now?.onClosed('late');
    expect([remote.status().state, got]).toEqual(['stopped', ['1']]);
  });
});
