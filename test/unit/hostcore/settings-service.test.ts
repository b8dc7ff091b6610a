import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Appliers,
  type SettingsPort,
  settingsMethods,
} from '../../../src/hostcore/settings-service.ts';
import type { SaveAnswer } from '../../../src/hostcore/state-keeper.ts';
import { answerLine } from '../../../src/protocol/json-rpc.ts';
import type { SettingName } from '../../../src/state/setting-rows.ts';
import { type MemoryHost, memoryHost } from './memory-host.ts';

let host: MemoryHost;
beforeEach(() => {
  host = memoryHost();
});

const hash = `$6$salt$${'a'.repeat(86)}`;

/** A system that has booted bank 5, and asks its methods by their protocol. */
async function system(
  appliers: Appliers = {},
  unknown: readonly SettingName[] = [],
  restart: SettingsPort['restart'] = undefined,
  now: SettingsPort['now'] = undefined,
) {
  const { keeper, configuration } = host.boot(5);
  await keeper.restore();
  const methods = settingsMethods({
    keeper,
    configuration,
    effective: () => configuration.read().settings,
    unknown: () => unknown,
    appliers,
    ...(restart && { restart }),
    ...(now && { now }),
    interfaces: () => ['vmnic0'],
    listeners: () => ['http', 'https'],
  });
  const ask = async (method: string, params: object = {}) => {
    const line = JSON.stringify({ id: 1, method, params });
    return JSON.parse((await answerLine(methods, line)) ?? '');
  };
  return { ask, settings: () => configuration.read().settings };
}

describe('config.get', () => {
  it('tells what holds where nothing was set', async () => {
    const { ask } = await system();
    expect((await ask('config.get')).result).toEqual({
      hostname: 'localhost',
      rootPasswordSet: false,
      network: { mode: 'dhcp' },
      syslog: { targets: [] },
      ntp: { servers: [] },
      security: expect.objectContaining({ lockFailures: 5 }),
      listeners: {},
      resources: {},
    });
  });

  it('leaves out what nobody can know', async () => {
    const { ask } = await system({}, ['ntp', 'syslog']);
    expect(Object.keys((await ask('config.get')).result).sort()).toEqual([
      'hostname',
      'listeners',
      'network',
      'resources',
      'rootPasswordSet',
      'security',
    ]);
  });

  it('tells whether there is a password, and never its hash', async () => {
    const { ask } = await system();
    await ask('config.set', { rootPasswordHash: hash });
    const { result } = await ask('config.get');
    expect(result.rootPasswordSet).toBe(true);
    expect(JSON.stringify(result)).not.toContain('aaaa');
    await ask('config.set', { rootPasswordHash: '' });
    expect((await ask('config.get')).result.rootPasswordSet).toBe(false);
  });
});

describe('config.set', () => {
  it('changes what is given, saves it, does it, and answers with the generation', async () => {
    const done: unknown[] = [];
    const note = (name: string) => async (value: unknown) => {
      // It is saved by then: what takes the connection away does not take the answer's truth.
      done.push([name, value, host.startsFrom(5)?.from]);
      return undefined;
    };
    const { ask, settings } = await system({
      hostname: note('hostname'),
      syslog: note('syslog'),
      network: note('network'),
    });
    const { result } = await ask('config.set', {
      hostname: 'esx1',
      syslog: { targets: ['10.0.0.9'] },
    });
    expect(result).toEqual({ saved: true, generation: 1 });
    expect(done).toEqual([
      ['hostname', 'esx1', 'generation 1 of bank 5'],
      ['syslog', { targets: ['10.0.0.9'] }, 'generation 1 of bank 5'],
    ]);
    expect(settings()).toMatchObject({ hostname: 'esx1' });
    expect(host.startsFrom(6)!.settings).toMatchObject({ syslog: { targets: ['10.0.0.9'] } });
  });

  it('answers when the programs that read a setting at their start run again, and tells those that do not', async () => {
    const events: string[] = [];
    let report = { failed: [] as string[], restarting: [] as string[] };
    const { ask } = await system(
      {
        ntp: async () => {
          events.push('applied');
          return undefined;
        },
      },
      [],
      async (names) => {
        events.push(`restart for ${names}`);
        await new Promise(setImmediate);
        events.push('they run');
        return report;
      },
    );
    const { result } = await ask('config.set', { ntp: { servers: [] }, hostname: 'esx1' });
    expect(result).toEqual({ saved: true, generation: 1 });
    expect(events).toEqual(['applied', 'restart for ntp,hostname', 'they run']);
    report = { failed: ['agent ntp: it ended with exit code 1'], restarting: ['syslog'] };
    expect((await ask('config.set', { hostname: 'esx2' })).result).toEqual({
      ...{ saved: true, generation: 2 },
      ...report,
    });
  });

  it('waits for no program when the save has taken its time', async () => {
    let clock = 0;
    const waits: number[] = [];
    const restart: SettingsPort['restart'] = async (_names, waitMs) => {
      waits.push(waitMs);
      return { failed: [], restarting: ['syslog'] };
    };
    const applied = { ms: 0 };
    const hostname = async () => {
      clock += applied.ms;
      return undefined;
    };
    const { ask } = await system({ hostname }, [], restart, () => clock);
    for (const [index, ms] of [1_000, 14_000, 16_000].entries()) {
      applied.ms = ms;
      expect((await ask('config.set', { hostname: `esx${index}` })).result).toMatchObject({
        restarting: ['syslog'],
      });
    }
    expect(waits).toEqual([14_000, 1_000, 0]);
  });

  it.each<[string, object, string]>([
    [
      'a wrong value among right ones',
      { hostname: 'esx1', ntp: { servers: ['-'] } },
      'ntp.servers[0]: expected a host name or address, found "-"',
    ],
    [
      'a setting that there is not',
      { hostname: 'esx1', hostnam: 'x' },
      'config.set: expected settings of hostname, rootPasswordHash, network, syslog, ntp, security, resources, listeners, found "hostnam"',
    ],
    ['one that every object has', { toString: 'x' }, 'found "toString"'],
    ['nothing', {}, 'config.set: expected one of hostname'],
    [
      'an interface that there is not',
      {
        hostname: 'esx1',
        network: { mode: 'static', interface: 'eth9', address: '10.0.0.1', prefix: 8 },
      },
      'network.interface: expected one of vmnic0, found "eth9"',
    ],
    [
      'a listener that there is not',
      { hostname: 'esx1', listeners: { ssh: { enabled: false } } },
      'listeners: expected http, https, found "ssh"',
    ],
  ])('is refused with %s, and changes nothing', async (_what, params, sentence) => {
    let applied = 0;
    const { ask, settings } = await system({
      hostname: async () => {
        applied++;
        return undefined;
      },
    });
    const { error } = await ask('config.set', params);
    expect(error).toMatchObject({ code: -32000, data: { code: 'usage' } });
    expect(error.message).toContain(sentence);
    expect(applied).toBe(0);
    expect(settings().hostname).toBe('localhost');
    expect(host.startsFrom(5)).toBeUndefined();
  });

  it('says what could not be done, though it is saved', async () => {
    const { ask } = await system({
      hostname: async () => 'hostname: not permitted',
      ntp: () => Promise.reject(new Error('no agent')),
    });
    const { result } = await ask('config.set', { hostname: 'esx1', ntp: { servers: [] } });
    expect(result).toEqual({
      saved: true,
      generation: 1,
      failed: ['hostname: not permitted', 'no agent'],
    });
  });

  it('holds in a trial, and says that it is not saved', async () => {
    const { ask, settings } = await system();
    host.banks[5].mark({ bootstate: '2' });
    const { result } = await ask('config.set', { hostname: 'esx1' });
    expect(result).toEqual({ saved: false, why: 'a trial saves nothing until it is confirmed' });
    expect(settings().hostname).toBe('esx1');
  });

  it('M4: by fifty at once is two writes at most, with everything in the last', async () => {
    const { ask } = await system();
    const write = vi.spyOn(host.banks[5].device, 'write');
    const change = (number: number) =>
      ask('config.set', number % 2 ? { hostname: `esx${number}` } : { ntp: { servers: ['a.b'] } });
    const answers = await Promise.all([...Array(50).keys()].map(change));
    expect(write.mock.calls.length).toBeLessThanOrEqual(2);
    expect(answers.every(({ result }) => result.saved)).toBe(true);
    expect(host.startsFrom(5)!.settings).toMatchObject({
      hostname: 'esx49',
      ntp: { servers: ['a.b'] },
    });
  });

  it('M4: that comes while a save is being written is in a save of its own', async () => {
    const { ask } = await system();
    let begin = (): void => {};
    let finish = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    host.onDrop = () => {
      begin();
      return finished;
    };
    const first = ask('config.set', { hostname: 'a' });
    await begun;
    const second = ask('config.set', { hostname: 'b' });
    finish();
    expect((await first).result).toEqual({ saved: true, generation: 1 });
    expect((await second).result).toEqual({ saved: true, generation: 2 });
    expect(host.startsFrom(5)!.settings.hostname).toBe('b');
  });

  it('by several at once ends as one of them wanted, and every answer is true', async () => {
    const { ask, settings } = await system();
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(names.map((name) => ask('config.set', { hostname: name })));
    const generations = answers.map(({ result }: { result: SaveAnswer }) =>
      result.saved ? result.generation : 0,
    );
    expect(generations).toEqual([1, 1, 1, 1]);
    expect(settings().hostname).toBe('d');
    expect(host.startsFrom(5)!.settings.hostname).toBe('d');
  });
});

describe('state.save', () => {
  it('saves what was changed past vmkd, and the same only once', async () => {
    const { ask } = await system();
    expect((await ask('state.save')).result).toEqual({ saved: true, generation: 1 });
    expect((await ask('state.save')).result).toEqual({ saved: true, generation: 1 });
  });
});
