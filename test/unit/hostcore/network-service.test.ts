import { beforeEach, describe, expect, it } from 'vitest';
import { networkService } from '../../../src/hostcore/network-service.ts';
import { answerLine } from '../../../src/protocol/json-rpc.ts';
import { fullNetwork, type NetworkSettings } from '../../../src/state/network-settings.ts';

const dhcp: NetworkSettings = { mode: 'dhcp' };
const fixed = { mode: 'static', address: '10.1.2.3', prefix: 24, dns: [] } as const;
const other = { ...fixed, address: '10.1.2.4' };

/** A host whose network is what was applied last, and whose time stands still. */
function host() {
  const seen = { saved: dhcp, live: dhcp, reports: [] as string[], saves: 0, tokens: 0 };
  const timers: { ms: number; act: () => void }[] = [];
  const service = networkService({
    saved: () => seen.saved,
    write: (settings) => {
      seen.saved = settings;
    },
    save: async () => ({ saved: true, generation: ++seen.saves }),
    apply: async (settings) => {
      seen.live = settings;
      return 'mode' in settings && settings.mode === 'static' && settings.address === '10.1.2.9'
        ? '10.1.2.9 is in use'
        : undefined;
    },
    uplinks: () => ['vmnic0', 'vmnic1'],
    facts: () => ({ uplinks: [] }),
    newToken: () => `token-${++seen.tokens}`,
    after(ms, act) {
      const one = { ms, act };
      timers.push(one);
      return () => void timers.splice(timers.indexOf(one), 1);
    },
    report: (why) => void seen.reports.push(why),
  });
  const ask = async (method: string, params: object = {}) =>
    JSON.parse(
      (await answerLine(service.methods, JSON.stringify({ id: 1, method, params }))) ?? '',
    );
  const elapse = async () => {
    for (const { act } of timers.splice(0)) act();
    await new Promise((done) => setImmediate(done));
  };
  return { seen, timers, service, ask, elapse };
}

let one: ReturnType<typeof host>;
beforeEach(() => {
  one = host();
});

describe('network.set', () => {
  it('changes the running network, and saves it when that is confirmed', async () => {
    const { ask, seen, timers } = one;
    const { result } = await ask('network.set', { settings: fixed });
    expect(result).toEqual({ token: 'token-1', confirmSeconds: 30 });
    expect(seen).toMatchObject({ live: fixed, saved: dhcp });
    expect(timers).toMatchObject([{ ms: 30_000 }]);
    const pending = { pending: true, settings: fullNetwork(fixed), uplinks: [] };
    expect((await ask('network.get')).result).toEqual(pending);
    expect((await ask('network.confirm', result)).result).toEqual({ saved: true, generation: 1 });
    expect(seen).toMatchObject({ live: fixed, saved: fixed });
    expect(timers).toEqual([]);
    expect((await ask('network.get')).result).toMatchObject({ pending: false });
  });

  it('is undone after 30 s without a confirmation, however often it was changed meanwhile', async () => {
    const { ask, seen, elapse } = one;
    await ask('network.set', { settings: fixed });
    await ask('network.set', { settings: other });
    await elapse();
    expect(seen).toMatchObject({ live: dhcp, saved: dhcp, saves: 0 });
    expect(seen.reports).toEqual([
      'the change was not confirmed in 30 s: the settings before it hold again',
    ]);
    const { error } = await ask('network.confirm', { token: 'token-2' });
    expect(error).toMatchObject({ data: { code: 'network.not-pending' } });
    expect(seen.saved).toEqual(dhcp);
  });

  it('takes a token of the caller, who may never hear the answer', async () => {
    const { ask, seen } = one;
    const token = 'chosen-by-me';
    await ask('network.set', { settings: fixed, token });
    const wrong = await ask('network.confirm', { token: 'chosen-by-you' });
    expect(wrong.error.message).toBe(
      'token: expected the one of the change that waits, found another',
    );
    expect((await ask('network.confirm', { token })).result).toMatchObject({ saved: true });
    expect(seen.saved).toEqual(fixed);
  });

  it('tells what could not be done, and still waits for the confirmation', async () => {
    const { ask, timers } = one;
    const { result } = await ask('network.set', { settings: { ...fixed, address: '10.1.2.9' } });
    expect(result).toMatchObject({ failed: ['10.1.2.9 is in use'] });
    expect(timers).toHaveLength(1);
  });

  it('gives way to settings that are saved by another way', async () => {
    const { ask, seen, service, elapse } = one;
    await ask('network.set', { settings: fixed });
    await service.replace(other);
    await elapse();
    expect(seen).toMatchObject({ live: other, reports: [] });
  });

  it.each<[string, object, string]>([
    ['no settings', {}, 'network: expected an object with mode'],
    ['a wrong value', { settings: { mode: 'auto' } }, 'network.mode: expected dhcp or static'],
    ['a wrong token', { settings: dhcp, token: 'x' }, 'token: expected 8 to 64 letters'],
    [
      'an uplink that there is not',
      { settings: { ...fixed, interface: 'eth7' } },
      'network.interface: expected one of vmnic0, vmnic1, found "eth7"',
    ],
    [
      'an uplink of a switch that there is not',
      {
        settings: {
          ...fullNetwork(),
          vSwitches: [{ name: 'vSwitch0', uplinks: ['vmnic0', 'vmnic2'] }],
        },
      },
      'network.vSwitches vSwitch0.uplinks: expected one of vmnic0, vmnic1, found "vmnic2"',
    ],
  ])('refuses %s, and changes nothing', async (_what, params, sentence) => {
    const { ask, seen, timers } = one;
    const { error } = await ask('network.set', params);
    expect(error.data.code).toBe('usage');
    expect(error.message).toContain(sentence);
    expect([seen.live, timers]).toEqual([dhcp, []]);
  });
});
