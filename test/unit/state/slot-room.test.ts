import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { mostAccounts } from '../../../src/state/accounts.ts';
import { packState, unpackState } from '../../../src/state/archive.ts';
import { mostRights } from '../../../src/state/authorization.ts';
import type { Settings } from '../../../src/state/setting-rows.ts';
import { filesOfSettings, parseSetting, settingsOfFiles } from '../../../src/state/settings.ts';
import { maxContentBytes } from '../../../src/state/slot.ts';

/** Letters that no packing makes shorter. */
const noise = (length: number, seed: string): string => {
  let text = '';
  for (let at = 0; text.length < length; at++) {
    text += createHash('sha512')
      .update(`${seed}${at}`)
      .digest('base64')
      .replace(/[^A-Za-z]/g, '');
  }
  return text.slice(0, length);
};
const times = <T>(count: number, make: (at: number) => T): T[] =>
  [...Array(count).keys()].map(make);

it('M4: a slot has room for as many users, groups, roles and permissions as there can be', () => {
  const users = times(mostAccounts.users, (at) => ({
    name: noise(32, `user${at}`),
    uid: 1000 + at,
    gid: 100,
    fullName: noise(64, `full${at}`),
    hash: `$6$${noise(16, `salt${at}`)}$${noise(86, `hash${at}`)}`,
  }));
  const names = users.map(({ name }) => name);
  const groups = times(mostAccounts.groups, (at) => ({
    name: noise(32, `group${at}`),
    gid: 1000 + at,
    members: names,
  }));
  const accounts = { users, groups, members: { localadmin: names, users: names }, passwords: {} };
  const roles = times(mostRights.roles, (at) => ({
    id: at + 1,
    name: noise(48, `role${at}`),
    privileges: times(
      mostRights.privileges,
      (n) => `VirtualMachine.Interact.${noise(12, `p${n}`)}`,
    ),
  }));
  const permissions = times(mostRights.permissions, (at) => ({
    entity: noise(80, `entity${at}`),
    principal: names[at % names.length]!,
    group: false,
    role: 1 + (at % mostRights.roles),
    propagate: true,
  }));
  const settings: Partial<Settings> = {
    ...parseSetting('accounts', accounts),
    ...parseSetting('authorization', { roles, permissions }),
  };
  const packed = packState(filesOfSettings(settings));
  // What is left is for the other settings, keys and certificates.
  expect(packed.length).toBeLessThan(maxContentBytes - 64 * 1024);
  expect(settingsOfFiles(unpackState(packed))).toEqual(settings);
});
