import type { SystemAccounts } from '../../state/account-lines.ts';
import { type Accounts, noAccounts } from '../../state/accounts.ts';
import { type SecuritySettings, securityDefaults } from '../../state/security-settings.ts';
import type { Settings } from '../../state/setting-rows.ts';
import type { LiveConfiguration } from '../host-port.ts';
import { usage } from '../params.ts';
import type { SaveAnswer, StateKeeper } from '../state-keeper.ts';

/** What the rules of users need of a host. */
export interface UsersPort {
  readonly keeper: Pick<StateKeeper, 'save'>;
  readonly configuration: Pick<LiveConfiguration, 'read' | 'write'>;
  /** Users and groups that the system itself has. */
  system(): SystemAccounts;
  random(bytes: number): Uint8Array;
  /** Milliseconds that only rise. */
  now(): number;
  /** Lets whatever else waits have its turn. */
  pause(): Promise<void>;
  /** Root may set the first password over the network (recipe: `firstBoot.trustedNetwork`). */
  readonly trustedNetwork: boolean;
}

/** What the answer to a change has beside its own. */
export type Saved = SaveAnswer;

export function accountsOf({ configuration }: Pick<UsersPort, 'configuration'>): Accounts {
  return configuration.read().settings.accounts ?? noAccounts;
}

export function securityOf({ configuration }: Pick<UsersPort, 'configuration'>): SecuritySettings {
  return configuration.read().settings.security ?? securityDefaults;
}

/** Writes settings and saves them. */
export function change(
  { configuration, keeper }: Pick<UsersPort, 'configuration' | 'keeper'>,
  settings: Partial<Settings>,
): Promise<Saved> {
  configuration.write(settings);
  return keeper.save();
}

/** A parameter that is text. Throws `usage`. */
export function textParam(params: Record<string, unknown>, member: string): string {
  const value = params[member];
  if (typeof value === 'string') return value;
  throw usage(member, 'text', value);
}

/** A list of texts, each once. Throws `usage`. */
export function namesParam(params: Record<string, unknown>, member: string): string[] {
  const value = params[member];
  const isNames = Array.isArray(value) && value.every((one) => typeof one === 'string');
  if (!isNames || new Set(value).size < value.length) {
    throw usage(member, 'a list of names, each once', value);
  }
  return value;
}
