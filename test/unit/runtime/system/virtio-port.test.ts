import { describe, expect, it } from 'vitest';
import { type Method, mostPending } from '../../../../src/protocol/json-rpc.ts';
import { type Port, serveVirtioPort } from '../../../../src/runtime/system/virtio-port.ts';

let release: () => void;
const methods: Record<string, Method> = {
  echo: (params) => params,
  wait: () =>
    new Promise((resolve) => {
      release = () => resolve('at last');
    }),
  big: () => 'x'.repeat(100_000),
};

/** A virtio-serial port whose host does what the script says, one entry for each look at it. */
function scriptedPort(script: (Uint8Array | 'away' | 'silent')[], takes = 1 << 20) {
  const sent: Buffer[] = [];
  let looks = 0;
  const port: Port = {
    read(buffer) {
      const step = script[looks++];
      if (step === undefined) throw new Error('ENODEV: no such device, read');
      if (step === 'away') return 0;
      if (step === 'silent') return undefined;
      buffer.set(step);
      return step.length;
    },
    write(bytes) {
      const part = Buffer.from(bytes.subarray(0, takes));
      sent.push(part);
      return part.length;
    },
  };
  return { port, text: () => Buffer.concat(sent).toString(), looks: () => looks };
}

const request = (id: number, params: object = {}): Buffer =>
  Buffer.from(`${JSON.stringify({ id, method: 'echo', params })}\n`);

describe('the virtio-serial port', () => {
  it('answers what comes in chunks, cut inside a character too', async () => {
    const whole = request(1, { text: 'Grüße 🚀' });
    const chunks = [...whole].map((byte) => Uint8Array.of(byte));
    const { port, text } = scriptedPort([...chunks, 'silent', 'silent']);
    await expect(serveVirtioPort(port, methods)).rejects.toThrow('ENODEV');
    expect(JSON.parse(text())).toEqual({ jsonrpc: '2.0', id: 1, result: { text: 'Grüße 🚀' } });
  });

  it('forgets half a line when the host disconnects', async () => {
    const half = Buffer.from('{"id":1,"met');
    const { port, text } = scriptedPort([half, 'away', request(2), 'silent', 'silent']);
    await expect(serveVirtioPort(port, methods)).rejects.toThrow('ENODEV');
    expect(text()).toBe('{"jsonrpc":"2.0","id":2,"result":{}}\n');
  });

  it.each([
    ['disconnects', ['away', 'silent'] as const],
    ['takes the port away', [] as const],
  ])('tells a method that its caller has gone when the host %s', async (_how, after) => {
    const heard: string[] = [];
    const wait: Method = (_params, caller) => {
      caller?.gone.addEventListener('abort', () => void heard.push('gone'));
    };
    const { port } = scriptedPort([Buffer.from('{"id":1,"method":"wait"}\n'), ...after]);
    await expect(serveVirtioPort(port, { wait })).rejects.toThrow('ENODEV');
    expect(heard).toEqual(['gone']);
  });

  it('sends an answer in as many parts as the host takes', async () => {
    const { port, text } = scriptedPort([request(1), ...Array(40).fill('silent')], 3);
    await expect(serveVirtioPort(port, methods)).rejects.toThrow('ENODEV');
    expect(text()).toBe('{"jsonrpc":"2.0","id":1,"result":{}}\n');
  });

  it('does not give an answer to whoever connects after the one that asked', async () => {
    const slow = Buffer.from('{"id":1,"method":"wait"}\n');
    const { port, text } = scriptedPort([
      slow,
      'silent',
      'away',
      request(2),
      'silent',
      'silent',
      'silent',
    ]);
    const served = serveVirtioPort(port, {
      ...methods,
      echo: (params) => {
        release();
        return params;
      },
    });
    await expect(served).rejects.toThrow('ENODEV');
    expect(text()).toBe('{"jsonrpc":"2.0","id":2,"result":{}}\n');
  });

  it('B4: asks a silent port less often, and as often as before once something has come', async () => {
    const silence = Array(45).fill('silent' as const);
    const { port } = scriptedPort([...silence, request(1), 'silent', 'silent']);
    const waited: number[] = [];
    const pause = async (ms: number) => void waited.push(ms);
    await expect(serveVirtioPort(port, methods, pause)).rejects.toThrow('ENODEV');
    expect(waited).toEqual([...Array(39).fill(50), ...Array(6).fill(250), 50, 50]);
  });

  it('reads no more from a host that does not read', async () => {
    const ask = Buffer.from('{"id":1,"method":"big"}\n'.repeat(20));
    const { port, looks } = scriptedPort(Array(50).fill(ask), 0);
    let writes = 0;
    const blocked: Port = {
      ...port,
      write: () => {
        if (++writes === 20) throw new Error('unplugged');
        return 0;
      },
    };
    await expect(serveVirtioPort(blocked, methods)).rejects.toThrow('unplugged');
    expect(looks()).toBeLessThan(4);
  });

  it('reads no more from a host that has asked much which is not answered yet', async () => {
    const ask = Buffer.from('{"id":1,"method":"never"}\n');
    const { port, looks } = scriptedPort([...Array(mostPending).fill(ask), 'silent']);
    const never: Method = () => new Promise(() => {});
    let turns = 0;
    const watched: Port = {
      ...port,
      read: (buffer) => {
        turns++;
        return port.read(buffer);
      },
    };
    void serveVirtioPort(watched, { never }).catch(() => {});
    await expect.poll(() => turns).toBe(mostPending);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(looks()).toBe(mostPending);
  });
});
