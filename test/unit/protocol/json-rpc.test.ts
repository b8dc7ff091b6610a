import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerLine,
  type Method,
  mostPending,
  serveSocket,
} from '../../../src/protocol/json-rpc.ts';
import { RpcError } from '../../../src/protocol/rpc-error.ts';

const called: unknown[] = [];
const methods: Record<string, Method> = {
  echo: (params) => params,
  later: async () => 'later',
  nothing: () => undefined,
  note: (params) => void called.push(params),
  refuse: () => {
    throw new RpcError('usage', 'mode: expected on, found "off"');
  },
  fail: async () => {
    throw new TypeError('x is not a function');
  },
  odd: () => {
    throw 'a string';
  },
  unprintable: () => 1n,
};

async function answer(request: unknown): Promise<unknown> {
  const line = typeof request === 'string' ? request : JSON.stringify(request);
  const text = await answerLine(methods, line);
  if (text === undefined) return undefined;
  expect(text).not.toContain('\n');
  return JSON.parse(text);
}

const ask = (method: string, more: object = {}) =>
  answer({ jsonrpc: '2.0', id: 1, method, ...more });

describe('a caller', () => {
  it('is known to have gone once its connection has ended', async () => {
    const [near, far] = duplexPair();
    const gone = new Promise((resolve) => {
      const wait: Method = (_params, caller) => {
        caller?.gone.addEventListener('abort', () => resolve('gone'));
        near.destroy();
      };
      serveSocket(near, { wait });
    });
    far.write('{"id":1,"method":"wait"}\n');
    expect(await gone).toBe('gone');
  });
});

describe('a request', () => {
  it('is answered with what its method returns, now or later', async () => {
    expect(await ask('echo', { params: { a: [1] } })).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { a: [1] },
    });
    expect(await ask('echo', { id: 'x' })).toEqual({ jsonrpc: '2.0', id: 'x', result: {} });
    expect(await ask('later', { id: null })).toMatchObject({ id: null, result: 'later' });
  });

  it('is answered with null where a method returns nothing', async () => {
    expect(await ask('nothing')).toEqual({ jsonrpc: '2.0', id: 1, result: null });
  });

  it('for a method that throws is answered with its error, and the code where it was foreseen', async () => {
    const message = 'mode: expected on, found "off"';
    expect(await ask('refuse')).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32000, message, data: { code: 'usage' } },
    });
    expect(await ask('fail')).toMatchObject({
      error: { message: 'x is not a function', data: { code: 'internal' } },
    });
    expect(await ask('odd')).toMatchObject({ error: { message: 'a string' } });
    expect(await ask('unprintable')).toMatchObject({ error: { data: { code: 'internal' } } });
  });

  it.each(['status', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'for a method that is not there is refused: %s',
    async (method) => {
      expect(await ask(method)).toMatchObject({
        id: 1,
        error: {
          code: -32601,
          message: `expected one of the methods ${Object.keys(methods).join(', ')}, found "${method}"`,
        },
      });
    },
  );

  it('does not get all of a huge method back', async () => {
    const { error } = (await ask('x'.repeat(100_000))) as { error: { message: string } };
    expect(error.message.length).toBeLessThan(300);
  });

  it('without id gets no answer, whatever becomes of it', async () => {
    expect(await answer({ method: 'note', params: { n: 1 } })).toBeUndefined();
    expect(called).toEqual([{ n: 1 }]);
    expect(await answer({ method: 'fail' })).toBeUndefined();
    expect(await answer({ method: 'no-such-method' })).toBeUndefined();
  });

  it.each(['{', 'nonsense', '{"method":"echo"', '\u0000', '{"id":1,}'])(
    'that is no JSON is refused: %j',
    async (line) => {
      expect(await answer(line)).toMatchObject({ id: null, error: { code: -32700 } });
    },
  );

  it('of more than 64 levels is refused, so that no method goes down as deep', async () => {
    const nested = (levels: number) =>
      `{"id":1,"method":"echo","params":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    expect(await answer(nested(62))).toHaveProperty('result');
    for (const levels of [63, 400_000]) {
      const refused = await answer(nested(levels));
      expect(refused).toMatchObject({ id: null, error: { code: -32700 } });
    }
  });

  it.each([
    [[{ jsonrpc: '2.0', id: 1, method: 'echo' }]],
    [{ id: 1 }],
    [{ id: 1, method: 7 }],
    [{ id: 1, method: 'echo', params: [1] }],
    [{ id: 1, method: 'echo', params: null }],
    [{ id: { a: 1 }, method: 'echo' }],
    [17],
    [null],
    ['"echo"'],
  ])('of another form is refused, a batch too: %j', async (request) => {
    expect(await answer(request)).toMatchObject({ id: null, error: { code: -32600 } });
  });

  it('may carry "__proto__" in its parameters, which is a name like any other', async () => {
    const line = '{"id":1,"method":"echo","params":{"__proto__":{"admin":true}}}';
    expect(await answerLine(methods, line)).toContain('"__proto__":{"admin":true}');
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('of any kind never makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (line) => {
        const text = await answerLine(methods, line);
        if (text !== undefined) expect(JSON.parse(text)).toHaveProperty('jsonrpc', '2.0');
      }),
    );
  });
});

describe('a connection', () => {
  it('that asks much which is not answered yet is not read from until some of it is', async () => {
    const [ours, theirs] = duplexPair();
    const release: (() => void)[] = [];
    serveSocket(ours, { wait: () => new Promise<void>((resolve) => release.push(resolve)) });
    const line = '{"id":1,"method":"wait"}\n';
    for (let count = 0; count < 2 * mostPending; count++) {
      theirs.write(line);
      await new Promise(setImmediate);
    }
    expect(release).toHaveLength(mostPending);
    for (const one of release.splice(0)) one();
    await expect.poll(() => release.length).toBe(mostPending);
  });

  it('works on as many of those that come in one read', async () => {
    const [ours, theirs] = duplexPair();
    const release: (() => void)[] = [];
    serveSocket(ours, { wait: () => new Promise<void>((resolve) => release.push(resolve)) });
    theirs.write('{"id":1,"method":"wait"}\n'.repeat(3 * mostPending));
    for (let round = 0; round < 3; round++) {
      await expect.poll(() => release.length).toBe(mostPending);
      for (const one of release.splice(0)) one();
    }
  });
});
