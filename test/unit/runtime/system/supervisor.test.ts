import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Running, supervise } from '../../../../src/runtime/system/supervisor.ts';

/** The clock of the supervision stands still unless a test moves it; processes run as ever. */
let running: AbortController;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  running = new AbortController();
});
afterEach(() => {
  running.abort();
  vi.useRealTimers();
});

interface Watched {
  readonly agent: Running;
  /** Why it ended, the next time that it does. */
  ended(): Promise<string>;
  /** What it says, the next time that it does. */
  says(): Promise<string>;
  starts(): number;
}

/** A shell script under supervision, until the test is over. */
function script(text: string): Watched {
  const news = new EventTarget();
  const tell = (type: string, detail: string) =>
    news.dispatchEvent(new CustomEvent(type, { detail }));
  const next = async (type: string): Promise<string> => {
    const [event] = await once(news, type);
    return (event as CustomEvent<string>).detail;
  };
  let starts = 0;
  const agent = supervise(
    { name: 'agent', path: '/bin/sh', args: ['-c', text] },
    {
      wanted: () => {
        if (running.signal.aborted) return false;
        starts++;
        return true;
      },
      onOutput: (chunk) => tell('output', String(chunk)),
      onEnd: (why) => tell('end', why),
    },
  );
  return { agent, ended: () => next('end'), says: () => next('output'), starts: () => starts };
}

/** A script that says its process id, and ends with the test. */
async function lasting(): Promise<Watched & { pid: number }> {
  const watched = script('echo $$; exec sleep 1000');
  const pid = Number(await watched.says());
  running.signal.addEventListener('abort', () => process.kill(pid, 'SIGKILL'));
  return { ...watched, pid };
}

const state = (pid: number) => /.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a supervised program that ends', () => {
  it('is told of by the signal that ended it in its world, which bwrap tells as a shell does', async () => {
    const { ended } = script('exit 137');
    expect(await ended()).toBe('it was ended by SIGKILL');
  });

  it('is started again after 1, 2, 4, 8, 16 and then every 30 seconds', async () => {
    const { ended, starts } = script('exit 3');
    for (const [index, seconds] of [1, 2, 4, 8, 16, 30, 30, 30].entries()) {
      expect(starts()).toBe(index + 1);
      expect(await ended()).toBe('it ended with exit code 3');
      vi.advanceTimersByTime(seconds * 1000 - 1);
      expect(starts()).toBe(index + 1);
      vi.advanceTimersByTime(1);
    }
    expect(starts()).toBe(9);
    await ended();
  });

  it('is started again at once, nearly, when it had lived for a minute before', async () => {
    const { ended, starts, says } = script('echo up; read line </dev/null; [ -e /none ]');
    for (const seconds of [1, 2, 4]) {
      await ended();
      vi.advanceTimersByTime(seconds * 1000);
    }
    // The clock goes on between its start and its end, which is a process of the host's own time.
    await says();
    vi.advanceTimersByTime(60_001);
    await ended();
    vi.advanceTimersByTime(1000);
    expect(starts()).toBe(5);
    await ended();
  });

  it('has the same problem all the time, whether it is down or has just been started', async () => {
    const { agent, ended } = script('exit 3');
    expect(agent.problem()).toBe('it has just been started');
    for (const seconds of [1, 2, 4]) {
      await ended();
      expect(agent.problem()).toBe('it ended with exit code 3');
      vi.advanceTimersByTime(seconds * 1000);
      expect(agent.problem()).toBe('it ended with exit code 3');
    }
    await ended();
  });

  it('says which signal ended it', async () => {
    const { agent, ended } = script('kill -9 $$');
    expect(await ended()).toBe('it was ended by SIGKILL');
    expect(agent.problem()).toBe('it was ended by SIGKILL');
  });

  it('P7: is started when it is wanted, rests when it is not, and holds up nobody meanwhile', async () => {
    let wanted = false;
    const program = { name: 'agent', path: '/bin/sh', args: ['-c', 'exec sleep 1000'] };
    const agent = supervise(program, { wanted: () => wanted });
    await agent.settled;
    expect([agent.report().state, agent.problem()]).toEqual(['idle', undefined]);
    wanted = true;
    const begins = agent.restart();
    vi.advanceTimersByTime(1000);
    expect(await begins).toBeUndefined();
    expect(agent.report()).toMatchObject({ state: 'running', restarts: 0 });
    wanted = false;
    expect(await agent.restart()).toBeUndefined();
    expect(agent.report()).toMatchObject({ state: 'idle', pid: undefined });
    await agent.stop();
    expect(agent.report().state).toBe('stopped');
  });

  it('rests once it is not wanted any more', async () => {
    const { agent, ended, starts } = script('exit 0');
    await ended();
    running.abort();
    vi.advanceTimersByTime(100_000);
    expect(starts()).toBe(1);
    expect(agent.report()).toMatchObject({ state: 'idle', restarts: 0 });
    expect(agent.problem()).toBeUndefined();
  });
});

describe('a supervised program that runs', () => {
  it('has no problem once it has lived for a second', async () => {
    const { agent } = await lasting();
    expect(agent.problem()).toBe('it has just been started');
    vi.advanceTimersByTime(999);
    expect(agent.problem()).toBe('it has just been started');
    vi.advanceTimersByTime(1);
    expect(agent.problem()).toBeUndefined();
  });

  it('has a problem as long as it is stopped', async () => {
    const { agent, pid } = await lasting();
    vi.advanceTimersByTime(1000);
    process.kill(pid, 'SIGSTOP');
    while (state(pid) !== 'T') await turn();
    expect(agent.problem()).toBe('its process is in state T');
    process.kill(pid, 'SIGCONT');
    while (state(pid) === 'T') await turn();
    expect(agent.problem()).toBeUndefined();
  });

  it('has recovered when it has lived for longer than its next pause', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-'));
    try {
      // Ends twice, and stays from then on.
      const counted = `cd ${folder}; mkdir one 2>/dev/null && exit 1; mkdir two 2>/dev/null && exit 1`;
      const { agent, ended, says } = script(`${counted}; echo $$; exec sleep 1000`);
      await ended();
      vi.advanceTimersByTime(1000);
      await ended();
      vi.advanceTimersByTime(2000);
      const pid = Number(await says());
      running.signal.addEventListener('abort', () => process.kill(pid, 'SIGKILL'));
      vi.advanceTimersByTime(3999);
      expect(agent.problem()).toBe('it ended with exit code 1');
      vi.advanceTimersByTime(1);
      expect(agent.problem()).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a supervised program that is asked to begin again', () => {
  it('does so at once, with the arguments of that moment, and is no less trusted', async () => {
    const news = new EventTarget();
    const says = async () => ((await once(news, 'output'))[0] as CustomEvent<string>).detail;
    let word = 'one';
    const agent = supervise(
      { name: 'agent', path: '/bin/sh', args: () => ['-c', `echo ${word}; exec sleep 1000`] },
      {
        wanted: () => !running.signal.aborted,
        onOutput: (chunk) =>
          news.dispatchEvent(new CustomEvent('output', { detail: String(chunk) })),
      },
    );
    expect(await says()).toBe('one\n');
    vi.advanceTimersByTime(1000);
    expect(agent.problem()).toBeUndefined();
    word = 'two';
    agent.restart();
    // A second wish before the first is granted changes nothing.
    agent.restart();
    expect(await says()).toBe('two\n');
    expect(agent.problem()).toBeUndefined();
    await agent.stop();
  });

  it('is started at once when it is down, and not once more after its pause', async () => {
    const { agent, ended, starts } = script('exit 3');
    await ended();
    const problem = agent.restart();
    expect(starts()).toBe(2);
    await ended();
    expect(await problem).toBe('it ended with exit code 3');
    vi.advanceTimersByTime(1999);
    expect(starts()).toBe(2);
    vi.advanceTimersByTime(1);
    expect(starts()).toBe(3);
    await ended();
  });

  it('tells whoever asked when it runs', async () => {
    const { agent, says } = script('echo up; exec sleep 1000');
    await says();
    vi.advanceTimersByTime(1000);
    const runs = agent.restart();
    expect(agent.problem()).toBeUndefined();
    await says();
    vi.advanceTimersByTime(1000);
    expect(await runs).toBeUndefined();
    expect(agent.report()).toMatchObject({ state: 'running', restarts: 1, lastEnd: undefined });
    await agent.stop();
    expect(await agent.restart()).toBe('it was stopped');
  });
});

describe('K6: a supervised program that gives up', () => {
  const giveUp = { ends: 3, withinMs: 60_000 };
  const failing = (text: string) => {
    const ends: string[] = [];
    let heard = (): void => {};
    const agent = supervise(
      { name: 'agent', path: '/bin/sh', args: ['-c', text] },
      {
        wanted: () => !running.signal.aborted,
        giveUp,
        now: () => 1_700_000_000_000,
        onEnd: (why) => {
          ends.push(why);
          heard();
        },
      },
    );
    const next = () =>
      new Promise<void>((resolve) => {
        heard = resolve;
      });
    return { agent, ends, next };
  };

  it('stays down after so many ends in so long, says so, and is tried anew when it is asked to', async () => {
    const { agent, ends, next } = failing('exit 3');
    for (const seconds of [1, 2]) {
      await next();
      expect(agent.report().state).toBe('pausing');
      vi.advanceTimersByTime(seconds * 1000);
    }
    await next();
    expect(ends[2]).toBe('it ended with exit code 3; it has ended 3 times and stays down');
    expect(agent.report()).toEqual({
      state: 'failed',
      pid: undefined,
      restarts: 2,
      lastEnd: { why: 'it ended with exit code 3', time: 1_700_000_000_000 },
    });
    vi.advanceTimersByTime(600_000);
    expect(ends).toHaveLength(3);
    expect(agent.problem()).toBe(
      'it ended with exit code 3; it has ended too often and stays down',
    );
    const problem = agent.restart();
    expect(agent.report().state).toBe('starting');
    expect(agent.problem()).toBe('it ended with exit code 3');
    expect(await problem).toBe('it ended with exit code 3');
    // All its tries are its own again.
    expect(agent.report()).toMatchObject({ state: 'pausing', restarts: 3 });
    await agent.stop();
  });

  it('does not, where its ends are far enough apart', async () => {
    const { agent, ends, next } = failing('exit 3');
    for (let end = 1; end <= 5; end++) {
      await next();
      expect(agent.report().state).toBe('pausing');
      vi.advanceTimersByTime(31_000);
    }
    await next();
    expect(ends).toHaveLength(6);
    await agent.stop();
  });
});

describe('K1: a supervised program that depends on others', () => {
  it('is started when they are there, and says meanwhile for whom it waits', async () => {
    let there = (): void => {};
    const ready = new Promise<void>((resolve) => {
      there = resolve;
    });
    const program = { name: 'agent', path: '/bin/sleep', args: ['1000'] };
    const agent = supervise(program, { after: { names: ['syslog', 'cim'], ready } });
    expect(agent.problem()).toBe('it waits for syslog, cim');
    expect(agent.report()).toMatchObject({ state: 'waiting', pid: undefined });
    there();
    await turn();
    expect(agent.report()).toMatchObject({ state: 'starting', pid: expect.any(Number) });
    vi.advanceTimersByTime(1000);
    await agent.settled;
    expect(agent.report().state).toBe('running');
    await agent.stop();
    expect(agent.report()).toMatchObject({ state: 'stopped', pid: undefined });
  });

  it('is never started when it was stopped before they were there', async () => {
    const program = { name: 'agent', path: '/bin/false', args: [] };
    const agent = supervise(program, { after: { names: ['syslog'], ready: turn() } });
    await agent.stop();
    await turn();
    expect(agent.report()).toMatchObject({ state: 'stopped', restarts: 0, lastEnd: undefined });
  });
});

describe('K1: a supervised program with a socket', () => {
  it('runs when it answers, and not before', async () => {
    vi.useRealTimers();
    const folder = mkdtempSync(join(tmpdir(), 'agent-'));
    try {
      const server = `const s = require('net').createServer((c) => {
        c.on('error', () => {});
        c.once('data', () => process.stdin.once('data', () => c.write('{"id":1,"error":{}}\\n')));
      });
      s.listen({ fd: 3 });`;
      const socket = join(folder, 'agent.sock');
      const gate = join(folder, 'gate');
      execFileSync('mkfifo', [gate]);
      const args = ['-c', `exec "$0" -e "$1" <${gate}`, process.execPath, server];
      const agent = supervise({ name: 'agent', path: '/bin/sh', args, socket });
      expect(agent.problem()).toBe('it has not answered yet');
      writeFileSync(gate, 'answer');
      await agent.settled;
      expect(agent.report().state).toBe('running');
      expect(agent.problem()).toBeUndefined();
      await agent.stop();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is ended by its group: by what asks the program, and by all of it when it does not listen', async () => {
    const asked: number[] = [];
    const { agent, kills } = await new Promise<{ agent: Running; kills: () => number }>((done) => {
      let kills = 0;
      const group = {
        terminate: (pid: number) => void asked.push(pid),
        kill: () => void kills++,
        watchLimits: () => () => undefined,
      };
      const program = { name: 'agent', path: '/bin/sh', args: ['-c', 'echo; sleep 1000'], group };
      const agent = supervise(program, { onOutput: () => done({ agent, kills: () => kills }) });
    });
    const { pid } = agent.report();
    const stopped = agent.stop();
    vi.advanceTimersByTime(4999);
    expect([asked, kills()]).toEqual([[pid], 0]);
    vi.advanceTimersByTime(1);
    await stopped;
    expect(kills()).toBe(1);
  });

  it('has a connection of its own, and ends where that is misused, for the reason that is told', async () => {
    vi.useRealTimers();
    let heard = '';
    const why = await new Promise<string>((resolve) => {
      const program = {
        name: 'agent',
        path: '/bin/sh',
        args: ['-c', 'echo hello >&8; exec sleep 1000'],
        connection: (socket: Duplex, onBreach: (why: string) => void) => {
          socket.once('data', (chunk) => {
            heard = String(chunk);
            onBreach('it said hello');
          });
        },
      };
      supervise(program, { wanted: () => !running.signal.aborted, onEnd: resolve, pauseMs: 1e6 });
    });
    expect([heard, why]).toEqual(['hello\n', 'it said hello']);
  });

  it('is told of by the limit that has ended it', async () => {
    const group = {
      terminate: () => {},
      kill: () => {},
      watchLimits: () => () => 'it ran out of memory: it may have 96 MiB',
    };
    const program = { name: 'agent', path: '/bin/sh', args: ['-c', 'kill -9 $$'], group };
    const why = await new Promise<string>((resolve) => {
      supervise(program, { wanted: () => !running.signal.aborted, onEnd: resolve });
    });
    expect(why).toBe('it ran out of memory: it may have 96 MiB');
  });
});

describe('a supervised program that is stopped for good', () => {
  it('is gone when that is said, and does not come back', async () => {
    const { agent, says, starts } = script('echo $$; exec sleep 1000');
    const pid = Number(await says());
    await Promise.all([agent.stop(), agent.stop()]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    vi.advanceTimersByTime(100_000);
    agent.restart();
    expect(starts()).toBe(1);
  });

  it('is gone though a program that it has started keeps its output open', async () => {
    vi.useRealTimers();
    const { agent, says } = script('sleep 1000 & echo $!; wait');
    const pid = Number(await says());
    running.signal.addEventListener('abort', () => process.kill(pid, 'SIGKILL'));
    await agent.stop();
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  it('has no problem', async () => {
    const { agent, says } = script('echo $$; exec sleep 1000');
    await says();
    expect(agent.problem()).toBe('it has just been started');
    const stopped = agent.stop();
    expect(agent.problem()).toBeUndefined();
    await stopped;
    expect(agent.problem()).toBeUndefined();
  });

  it('is not started again when it was down', async () => {
    const { agent, ended, starts } = script('exit 3');
    await ended();
    await agent.stop();
    vi.advanceTimersByTime(100_000);
    expect(starts()).toBe(1);
  });

  it('is killed when it does not listen', async () => {
    const { agent, says } = script("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
    await says();
    const stopped = agent.stop();
    vi.advanceTimersByTime(5000);
    await stopped;
  });
});

it('a program whose arguments cannot be made says so, and is tried again', () => {
  let tries = 0;
  const args = (): string[] => {
    tries++;
    throw new Error('no such setting');
  };
  const wanted = () => !running.signal.aborted;
  const agent = supervise({ name: 'agent', path: '/bin/true', args }, { wanted });
  expect(agent.problem()).toBe('no such setting');
  vi.advanceTimersByTime(1000);
  expect(tries).toBe(2);
});

it('a program that is not there says so', async () => {
  const path = '/nowhere/agent';
  const why = await new Promise<string>((resolve) => {
    const wanted = () => !running.signal.aborted;
    supervise({ name: 'none', path, args: [] }, { wanted, onEnd: resolve });
  });
  expect(why).toBe(`spawn ${path} ENOENT`);
});

describe('a program of the bank', () => {
  beforeEach(() => void vi.useRealTimers());

  it('is kept running while it is wanted, and heard', async () => {
    let starts = 0;
    let text = '';
    await new Promise<void>((done) => {
      supervise(
        { name: 'echo', path: '/bin/echo', args: ['hi'] },
        {
          wanted: () => {
            if (++starts > 3) done();
            return starts <= 3;
          },
          onOutput: (chunk) => {
            text += chunk;
          },
          pauseMs: 1,
        },
      );
    });
    expect(text).toBe('hi\nhi\nhi\n');
  });

  it('that cannot be started is tried again', async () => {
    let tries = 0;
    await new Promise<void>((done) => {
      const wanted = (): boolean => {
        if (++tries === 3) done();
        return tries < 3;
      };
      const program = { name: 'none', path: '/nowhere/nothing', args: [] };
      supervise(program, { wanted, pauseMs: 1 });
    });
    expect(tries).toBe(3);
  });
});
