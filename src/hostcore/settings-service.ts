import { TwinbankError } from '../diagnostics/error.ts';
import type { Method } from '../protocol/json-rpc.ts';
import { RpcError } from '../protocol/rpc-error.ts';
import type { ListenerSettings } from '../state/listener-settings.ts';
import { type SettingName, type Settings, settingNames } from '../state/setting-rows.ts';
import { parseSettings, shownSettings } from '../state/settings.ts';
import type { LiveConfiguration } from './host-port.ts';
import { mutex } from './mutex.ts';
import { assertUplinks } from './network-service.ts';
import type { SaveAnswer, StateKeeper } from './state-keeper.ts';

/** What has to be done in the running system for a setting that has changed; returns what could not be done. */
export type Appliers = {
  readonly [Name in SettingName]?: (value: Settings[Name]) => Promise<string | undefined>;
};

/** What has become of programs that read a setting at their start only. */
export interface RestartReport {
  /** One sentence each. */
  readonly failed: readonly string[];
  /** Those that do not run yet: the setting is not in force there. */
  readonly restarting: readonly string[];
}

export interface SettingsPort {
  readonly keeper: Pick<StateKeeper, 'save'>;
  readonly configuration: Pick<LiveConfiguration, 'write'>;
  /** What holds now: what an administrator has set, and beneath it the defaults of OEMs. */
  effective(): Partial<Settings>;
  /** Those of which nobody can know what holds, as a simulated host mounts no layers; default none. */
  unknown?(): readonly SettingName[];
  readonly appliers: Appliers;
  /** Starts programs anew that read one of these at their start only. Returns when they run, after so many milliseconds at the latest. */
  restart?(names: readonly SettingName[], waitMs: number): Promise<RestartReport>;
  /** Milliseconds of a clock that nobody sets; default the process's. */
  now?(): number;
  /** Names of the host's network interfaces. */
  interfaces(): readonly string[];
  /** Names of what agents listen at; undefined where nobody knows. */
  listeners?(): readonly string[];
}

/** Nothing is waited for any longer once an answer is so late: callers give up after 30 s, and what is waited for is not all that takes time. */
const answerWithinMs = 15_000;

/** The methods by which an administrator sees and changes the configuration (docs/vmkd.md). */
export function settingsMethods(port: SettingsPort): Readonly<Record<string, Method>> {
  const { keeper, now = () => performance.now() } = port;
  const alone = mutex();
  return {
    'config.get': () => {
      const unknown: readonly string[] = port.unknown?.() ?? [];
      const shown = Object.entries(shownSettings(port.effective()));
      return Object.fromEntries(shown.filter(([name]) => !unknown.includes(name)));
    },
    'config.set': async (params) => {
      const began = now();
      const wanted = parseAll(params);
      assertUplinks(wanted.network, port.interfaces());
      assertListeners(wanted.listeners, port.listeners?.());
      port.configuration.write(wanted);
      // Not alone: changes that wait together share one write. They are done one after another, in the order in which they came.
      const answer = await keeper.save();
      const applied = await alone(() => applyAll(port.appliers, wanted));
      // Whoever has the answer may rely on the change, as far as it does not say otherwise.
      const names = Object.keys(wanted) as SettingName[];
      const waitMs = Math.max(0, answerWithinMs - (now() - began));
      const restarted = await port.restart?.(names, waitMs);
      const failed = [...applied, ...(restarted?.failed ?? [])];
      const restarting = restarted?.restarting ?? [];
      return {
        ...answer,
        ...(failed.length > 0 && { failed }),
        ...(restarting.length > 0 && { restarting }),
      };
    },
    'state.save': (): Promise<SaveAnswer> => keeper.save(),
  };
}

/** Throws `usage` for the first that is wrong, before one is changed. */
function parseAll(params: Record<string, unknown>): Partial<Settings> {
  try {
    return parseSettings(params);
  } catch (error) {
    throw error instanceof TwinbankError ? usage(error.message) : error;
  }
}

/** A state may name a listener that this host lacks; a person who asks for it is told. Throws `usage`. */
function assertListeners(
  settings: ListenerSettings | undefined,
  known: readonly string[] | undefined,
): void {
  if (!settings || !known) return;
  const other = Object.keys(settings).find((name) => !known.includes(name));
  if (other === undefined) return;
  const names = known.join(', ') || 'none, as no agent listens';
  throw usage(`listeners: expected ${names}, found ${JSON.stringify(other)}`);
}

async function applyAll(appliers: Appliers, settings: Partial<Settings>): Promise<string[]> {
  const failed: string[] = [];
  for (const name of settingNames) {
    try {
      const why = await applyOne(appliers, name, settings);
      if (why !== undefined) failed.push(why);
    } catch (error) {
      failed.push((error as Error).message);
    }
  }
  return failed;
}

function applyOne<Name extends SettingName>(
  appliers: Appliers,
  name: Name,
  settings: Partial<Settings>,
): Promise<string | undefined> | undefined {
  const value: Settings[Name] | undefined = settings[name];
  const apply: Appliers[Name] = appliers[name];
  return value === undefined ? undefined : apply?.(value);
}

function usage(message: string): RpcError {
  return new RpcError('usage', message);
}
