import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import type { LiveConfiguration } from '../../hostcore/host-port.ts';
import { networkService } from '../../hostcore/network-service.ts';
import { type Appliers, settingsMethods } from '../../hostcore/settings-service.ts';
import type { StateKeeper } from '../../hostcore/state-keeper.ts';
import { type TransferPort, transferMethods } from '../../hostcore/state-transfer.ts';
import { tlsService } from '../../hostcore/tls/tls-service.ts';
import { authorizationMethods } from '../../hostcore/users/authorization-service.ts';
import { groupsMethods } from '../../hostcore/users/groups-service.ts';
import type { UsersPort } from '../../hostcore/users/users-port.ts';
import { usersMethods } from '../../hostcore/users/users-service.ts';
import type { Method } from '../../protocol/json-rpc.ts';
import { baseAccounts } from '../../state/base-accounts.ts';
import type { SettingName, Settings } from '../../state/setting-rows.ts';

export interface SimServicesPort {
  readonly keeper: StateKeeper;
  readonly configuration: LiveConfiguration;
  settings(): Partial<Settings>;
  /** As of `SettingsPort`. */
  unknown(): readonly SettingName[];
  line(text: string): void;
  readonly end: TransferPort['end'];
}

/** QEMU's machines have one. */
const uplinks = (): readonly string[] => ['vmnic0'];

/**
 * What an administrator changes on a host, by the services that a host runs, on the simulated one's state. Nothing of it is done to a
 * network, and nobody knows what a layer that is not mounted says: users of agents, the recipe's `firstBoot`.
 */
export function simServices(port: SimServicesPort): Readonly<Record<string, Method>> {
  const { keeper, configuration, line, end } = port;
  const network = networkService({
    saved: () => port.settings().network ?? { mode: 'dhcp' },
    write: (settings) => configuration.write({ network: settings }),
    save: keeper.save,
    apply: async () => undefined,
    uplinks,
    // Links and addresses are a running system's.
    facts: () => ({}),
    newToken: randomUUID,
    after(ms, act) {
      const timer = setTimeout(act, ms).unref();
      return () => clearTimeout(timer);
    },
    report: (why) => line(`network: ${why}`),
  });
  const tls = tlsService({
    keeper,
    configuration,
    random: randomBytes,
    onChange: () => {},
    names: () => ({ hostName: port.settings().hostname || 'localhost', addresses: [] }),
  });
  const users: UsersPort = {
    keeper,
    configuration,
    random: randomBytes,
    trustedNetwork: false,
    system: () => baseAccounts,
    now: () => performance.now(),
    pause: () => pause(),
  };
  const appliers: Appliers = { network: network.replace };
  return {
    ...settingsMethods({
      keeper,
      configuration,
      appliers,
      interfaces: uplinks,
      effective: port.settings,
      unknown: port.unknown,
    }),
    ...usersMethods(users),
    ...groupsMethods(users),
    ...authorizationMethods(users),
    ...tls.methods,
    ...transferMethods({
      keeper,
      configuration,
      end,
      parts: async () => ({ uplinks: uplinks() }),
    }),
    ...network.methods,
  };
}
