import { describe, expect, test } from 'vitest';
import type { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { downloadPace } from '../../../../src/update/source/http-pace.ts';
import { download, failure } from './download.ts';
import { webServer } from './web-server.ts';

/** A clock that is set by hand, and the wait that goes on. */
function pace(limits: { stallMs?: number; deadlineMs?: number } = {}) {
  const time = { now: 0 };
  let waiting: { ms: number; call(): void } | undefined;
  const errors: TwinbankError[] = [];
  const made = downloadPace('http://x/', {
    stallMs: 30_000,
    deadlineMs: 12 * 3_600_000,
    now: () => time.now,
    after(ms, call) {
      waiting = { ms, call };
      return () => {
        waiting = undefined;
      };
    },
    ...limits,
  });
  return {
    time,
    errors,
    pace: made,
    /** Waits for so long, until so many bytes come. */
    get(ms: number, bytes: number) {
      const came = made.wait('content', (error) => void errors.push(error));
      if (waiting && ms >= waiting.ms) {
        time.now += waiting.ms;
        waiting.call();
      } else time.now += ms;
      came();
      made.came(bytes);
    },
  };
}

describe('the pace of a download', () => {
  test('is too slow where less than a mebibyte came in a minute of waiting', () => {
    const { get, errors } = pace();
    for (let second = 0; second < 59; second++) get(1000, 1);
    expect(errors).toEqual([]);
    get(1000, 1);
    expect(errors).toMatchObject([{ code: 'update.download' }]);
    expect(errors[0]!.message).toBe(
      'http://x/: the connection broke: 59 B in 60 s, expected 1.0 MiB',
    );
    expect(() => get(0, 1)).toThrow(/the connection broke: /);
  });

  test('is judged by what a connection gives, mebibyte for mebibyte', () => {
    const { get, errors, pace: made } = pace();
    for (let round = 0; round < 100; round++) get(29_000, 2 ** 19);
    get(29_000, 1);
    get(29_000, 1);
    made.connect();
    get(29_000, 1);
    expect(errors).toEqual([]);
  });

  test('is not that of whoever reads', () => {
    const { get, time, errors } = pace();
    for (let round = 0; round < 100; round++) {
      get(1, 1);
      time.now += 100_000;
    }
    expect(errors).toEqual([]);
  });

  test('has a silent line end after half a minute', () => {
    const { get, errors } = pace();
    get(40_000, 1);
    expect(errors[0]!.message).toBe('http://x/: the connection broke: nothing came for 30 s');
  });

  test('has a deadline, over all connections', () => {
    const { get, pace: made, errors, time } = pace({ deadlineMs: 3_600_000 });
    time.now = 3_590_000;
    made.connect();
    get(20_000, 1);
    expect(errors).toMatchObject([
      {
        code: 'update.deadline',
        message: 'http://x/: expected all of it within 1 hours, found that it takes longer',
      },
    ]);
    expect(() => made.wait('head', () => {})).toThrow(expect.objectContaining({ kind: 'io' }));
  });
});

describe('a server that gives a byte at a time', () => {
  const dripping = () =>
    webServer([
      (_request, response) => {
        response.writeHead(200, { 'Content-Length': 1_000_000 });
        const timer = setInterval(() => response.write('x'), 1);
        response.on('close', () => clearInterval(timer));
      },
    ]);
  /** Seconds pass with every look at the clock, and pauses take no time. */
  const fast = () => {
    let ms = 0;
    return {
      now() {
        ms += 5000;
        return ms;
      },
      after: (ms: number, call: () => void) => {
        const timer = ms === 0 ? setImmediate(call) : undefined;
        return () => clearImmediate(timer);
      },
      pauseMs: 0,
    };
  };

  test('is given up', async () => {
    const server = await dripping();
    const error = await failure(download(server.url, { ...fast(), retries: 1 }));
    expect(error.message).toMatch(/ B in 60 s, expected 1.0 MiB; gave up after 2 attempts$/);
    expect(server.requests).toHaveLength(2);
  });

  test('is given up for good at the deadline', async () => {
    const server = await dripping();
    const options = { ...fast(), deadlineMs: 20_000 };
    expect((await failure(download(server.url, options))).code).toBe('update.deadline');
    expect(server.requests).toHaveLength(1);
  });
});
