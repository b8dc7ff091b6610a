import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handover } from '../../../../../src/runtime/system/handover.ts';
import { socketPair } from '../../../../../src/runtime/system/socket-pair.ts';
import {
  type BrokerOptions,
  connectionBroker,
} from '../../../../../src/runtime/vmkernel/agents/connection-broker.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const rows = [{ name: 'proxy', talksTo: ['hostd', 'dcui'] }, { name: 'hostd' }, { name: 'cim' }];

/** A broker whose agents are lists of what each was given; those of `runs` run. */
function broker(runs: readonly string[], options: Partial<BrokerOptions> = {}) {
  const folder = temporaryFiles({});
  const given: [string, object, Socket][] = [];
  const reported: string[] = [];
  onTestFinished(() => {
    for (const [, , socket] of given) socket.destroy();
  });
  const one = connectionBroker(rows, {
    report: (line) => void reported.push(line),
    pair: () => socketPair(folder),
    ...options,
  });
  const attach = (name: string, fails?: string): (() => void) => {
    let end: () => void = () => {};
    const handover: Handover = {
      over: new Promise((resolve) => {
        end = resolve;
      }),
      give: async (message, socket) => {
        if (fails !== undefined) throw new Error(fails);
        given.push([name, message, socket]);
      },
    };
    one.attach(name, handover);
    return end;
  };
  const ends = new Map(runs.map((name) => [name, attach(name)]));
  const ask = async (params: object): Promise<unknown> =>
    one.methods('proxy')['worlds.connect']?.({ ...params });
  return { one, given, reported, attach, ask, end: (name: string) => ends.get(name)?.() };
}

describe('K6: connections between worlds', () => {
  it('are one pair each, whose ends get who talks and who has asked', async () => {
    const { ask, given, one } = broker(['proxy', 'hostd']);
    expect(await ask({ to: 'hostd', id: 7 })).toEqual({});
    expect(given.map(([name, message]) => [name, message])).toEqual([
      ['hostd', { from: 'proxy' }],
      ['proxy', { id: 7 }],
    ]);
    const [far, near] = given.map(([, , socket]) => socket);
    near?.write('hello');
    expect(String(await new Promise((resolve) => far?.resume().once('data', resolve)))).toBe(
      'hello',
    );
    expect(one.counts('proxy')).toEqual({ made: 1, refused: 0 });
  });

  it('are only for rows that have them, and those that ask for others are told of', async () => {
    const { ask, one, reported, given } = broker(['proxy', 'hostd', 'cim']);
    for (const to of ['cim', 'proxy', 'constructor', 7, undefined, ['hostd']]) {
      await expect(ask({ to, id: 1 }), String(to)).rejects.toMatchObject({ code: 'usage' });
    }
    await expect(ask({ to: 'cim', id: 1 })).rejects.toThrow(
      'to: expected hostd, dcui, found "cim"',
    );
    await expect(ask({ to: 'hostd', id: 'x' })).rejects.toThrow('id: expected a whole number');
    expect([given, one.counts('proxy')]).toEqual([[], { made: 0, refused: 8 }]);
    expect(new Set(reported)).toEqual(
      new Set(['agent proxy: asked for a connection that its row does not have']),
    );
    expect([one.methods('hostd'), one.methods('cim')]).toEqual([{}, {}]);
    expect(['proxy', 'hostd', 'dcui', 'cim'].map(one.hasChannel)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('go to whoever runs at the time', async () => {
    const { ask, attach, end, given } = broker(['proxy', 'hostd']);
    const before = end('hostd');
    expect(before).toBeUndefined();
    await new Promise(setImmediate);
    await expect(ask({ to: 'hostd', id: 1 })).rejects.toMatchObject({
      code: 'hostd.no-agent',
      message: 'the agent hostd does not run',
    });
    attach('hostd');
    await ask({ to: 'hostd', id: 2 });
    expect(given.map(([name]) => name)).toEqual(['hostd', 'proxy']);
    // One that ends while it is given a connection.
    attach('hostd', 'it has ended');
    await expect(ask({ to: 'hostd', id: 3 })).rejects.toMatchObject({
      code: 'hostd.no-agent',
      message: 'the agent hostd: it has ended',
    });
  });

  it('are so many at a time at most, of those that are open yet', async () => {
    const { ask, given, one } = broker(['proxy', 'hostd', 'dcui'], {
      limits: { open: 2, perSecond: 1000 },
    });
    await Promise.all([ask({ to: 'hostd', id: 1 }), ask({ to: 'hostd', id: 2 })]);
    await expect(ask({ to: 'hostd', id: 3 })).rejects.toMatchObject({
      code: 'worlds.too-many',
      message: 'hostd: 2 connections are open already',
    });
    // Of another agent there are others.
    await ask({ to: 'dcui', id: 4 });
    const far = given.find(([name]) => name === 'hostd')?.[2];
    await new Promise((resolve) => far?.once('close', resolve).destroy());
    await ask({ to: 'hostd', id: 5 });
    await expect(ask({ to: 'hostd', id: 6 })).rejects.toMatchObject({ code: 'worlds.too-many' });
    expect(one.counts('proxy')).toEqual({ made: 4, refused: 2 });
  });

  it('are so many in a second at most', async () => {
    let now = 0;
    const { ask } = broker(['proxy', 'hostd'], {
      now: () => now,
      limits: { open: 100, perSecond: 2 },
    });
    const times = async (count: number) => {
      for (let id = 1; id <= count; id++) await ask({ to: 'hostd', id });
    };
    await times(2);
    await expect(times(1)).rejects.toMatchObject({
      code: 'worlds.too-many',
      message: 'expected at most 2 in a second',
    });
    now = 1000;
    await times(2);
  });
});
