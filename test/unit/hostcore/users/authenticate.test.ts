import { describe, expect, it } from 'vitest';
import { sha512Crypt } from '../../../../src/state/password-hash.ts';
import { type UsersHost, usersHost } from './users-host.ts';

const good = 'corrEct7horse';
const goodHash = sha512Crypt(good, 'salt');
async function withRoot(): Promise<UsersHost> {
  const users = await usersHost();
  users.port.configuration.write({ rootPasswordHash: goodHash });
  return users;
}

describe('K5: before root has a password', () => {
  it('nobody logs in over the network, and root at the console has to set one', async () => {
    const { ask, login } = await usersHost();
    await ask('users.create', { name: 'amy', password: good });
    for (const [name, password] of [
      ['root', ''],
      ['root', 'x'],
      ['amy', good],
      ['x', ''],
    ] as const) {
      expect(await login(name, password)).toEqual({ ok: false, why: 'no-root-password' });
    }
    expect(await login('root', '', 'console')).toMatchObject({ ok: true, mustSetPassword: true });
    expect(await login('root', 'x', 'console')).toEqual({ ok: false, why: 'wrong' });
    expect(await login('amy', good, 'console')).toMatchObject({ ok: true, mustSetPassword: false });
  });

  it('root alone does on a trusted network, with the empty password and to set one', async () => {
    const { login, ask } = await usersHost({ trustedNetwork: true });
    expect(await login('root', '')).toMatchObject({ ok: true, mustSetPassword: true });
    expect(await login('root', 'x')).toEqual({ ok: false, why: 'wrong' });
    expect(await login('vpxuser', '')).toEqual({ ok: false, why: 'no-root-password' });
    await ask('users.setPassword', { name: 'root', password: good });
    expect(await login('root', '')).toEqual({ ok: false, why: 'wrong' });
  });

  it('a root that was locked does not log in with an empty one', async () => {
    const { login, port } = await usersHost({ trustedNetwork: true });
    port.configuration.write({ rootPasswordHash: '!' });
    for (const from of ['console', 'network']) {
      expect(await login('root', '', from)).toEqual({ ok: false, why: 'wrong' });
    }
  });
});

describe('K5: a wrong password', () => {
  it('takes as many rounds as a right one, and as one of a name that there is not', async () => {
    const { login, pauses } = await withRoot();
    const rounds = async (name: string, password: string) => {
      pauses.count = 0;
      await login(name, password);
      return pauses.count * 100;
    };
    expect(await rounds('root', good)).toBe(5000);
    expect(await rounds('root', `${good.slice(0, -1)}x`)).toBe(5000);
    expect(await rounds('nobody-at-all', good)).toBe(5000);
    expect(await rounds('dcui', good)).toBe(5000);
  });

  it('locks a name after five, whether there is such a user or not', async () => {
    const { login } = await withRoot();
    for (const name of ['root', 'made-up']) {
      for (let at = 0; at < 5; at++) {
        expect(await login(name, 'wrong')).toEqual({ ok: false, why: 'wrong' });
      }
      expect(await login(name, good)).toEqual({ ok: false, why: 'locked', seconds: 30 });
    }
  });

  it('locks nobody out of the console, and a right one ends the count', async () => {
    const { login } = await withRoot();
    for (let at = 0; at < 5; at++) await login('root', 'wrong');
    expect(await login('root', good)).toMatchObject({ why: 'locked' });
    expect(await login('root', good, 'console')).toMatchObject({ ok: true });
    expect(await login('root', good)).toMatchObject({ ok: true });
    for (let at = 0; at < 4; at++) await login('root', 'wrong');
    expect(await login('root', good)).toMatchObject({ ok: true });
  });

  it('sent many times at once is looked at no more often', async () => {
    const { login } = await withRoot();
    const answers = await Promise.all([...Array(20).keys()].map(() => login('root', 'wrong')));
    expect(answers.filter(({ why }) => why === 'wrong')).toHaveLength(5);
    expect(answers.filter(({ why }) => why === 'locked')).toHaveLength(15);
  });

  it('for more names at once than are checked is refused, and not queued', async () => {
    const { login, pauses } = await withRoot();
    pauses.stuck = true;
    for (let at = 0; at < 32; at++) void login(`name${at}`, 'wrong');
    await expect(login('one-more', 'wrong')).rejects.toMatchObject({ code: 'users.busy' });
  });

  it('of a megabyte is one, and is not hashed', async () => {
    const { login } = await withRoot();
    expect(await login('root', 'x'.repeat(2 ** 20))).toEqual({ ok: false, why: 'wrong' });
  });
});
