import { TwinbankError } from '../diagnostics/error.ts';
import type { Method } from '../protocol/json-rpc.ts';
import { RpcError } from '../protocol/rpc-error.ts';
import {
  fullNetwork,
  type NetworkSettings,
  namedUplinks,
  parseNetwork,
} from '../state/network-settings.ts';
import { mutex } from './mutex.ts';
import type { SaveAnswer } from './state-keeper.ts';

export interface NetworkServicePort {
  /** What is saved, or the default: what an unconfirmed change goes back to, and what a host starts with. */
  saved(): NetworkSettings;
  write(settings: NetworkSettings): void;
  save(): Promise<SaveAnswer>;
  /** Changes the running network. Returns what could not be done, or undefined. */
  apply(settings: NetworkSettings): Promise<string | undefined>;
  /** Names of the network devices that the host has. */
  uplinks(): readonly string[];
  /** What else `network.get` tells of the running network. */
  facts(): object | Promise<object>;
  newToken(): string;
  /** Calls back after a time; returns what calls that off. */
  after(ms: number, act: () => void): () => void;
  /** Hears what has happened without anybody asking, one sentence. */
  report(why: string): void;
}

export interface NetworkService {
  readonly methods: Readonly<Record<string, Method>>;
  /** For who changes and saves the settings by another way: that holds at once, and nothing waits for a confirmation any more. */
  replace(settings: NetworkSettings): Promise<string | undefined>;
}

/** Whoever has cut himself off has the old network back after this time. */
const confirmSeconds = 30;

/** A change that is not confirmed yet. */
interface Pending {
  readonly token: string;
  readonly settings: NetworkSettings;
  readonly callOff: () => void;
}

/**
 * The network changed live, with undo:
 *
 *     saved ── network.set ──> pending ── network.confirm ──> saved
 *       ↑                        │ └── network.set: another one, the same way back
 *       └── 30 s, or vmkd ends ──┘
 *
 * Only what is confirmed is written, so that a vmkd that is killed in between, or the next boot, begins with the old settings.
 */
export function networkService(port: NetworkServicePort): NetworkService {
  const alone = mutex();
  let pending: Pending | undefined;
  const forget = (): void => {
    pending?.callOff();
    pending = undefined;
  };
  const undo = (token: string): Promise<void> =>
    alone(async () => {
      if (pending?.token !== token) return;
      forget();
      port.report(
        `the change was not confirmed in ${confirmSeconds} s: the settings before it hold again`,
      );
      const failed = await port.apply(port.saved());
      if (failed !== undefined) port.report(failed);
    });

  async function set(params: Record<string, unknown>): Promise<object> {
    const settings = parseSettings(params.settings);
    assertUplinks(settings, port.uplinks());
    const token = tokenOf(params.token) ?? port.newToken();
    forget();
    const failed = await port.apply(settings);
    const callOff = port.after(confirmSeconds * 1000, () => void undo(token));
    pending = { token, settings, callOff };
    return { token, confirmSeconds, ...(failed !== undefined && { failed: [failed] }) };
  }

  async function confirm({ token }: Record<string, unknown>): Promise<SaveAnswer> {
    if (pending === undefined) {
      const why = `no change of the network waits for a confirmation; one is undone after ${confirmSeconds} s`;
      throw new RpcError('network.not-pending', why);
    }
    if (token !== pending.token) {
      throw usage('token: expected the one of the change that waits, found another');
    }
    port.write(pending.settings);
    forget();
    return port.save();
  }

  return {
    replace: (settings) =>
      alone(() => {
        forget();
        return port.apply(settings);
      }),
    methods: {
      'network.get': async () => ({
        settings: fullNetwork(pending?.settings ?? port.saved()),
        pending: pending !== undefined,
        ...(await port.facts()),
      }),
      'network.set': (params) => alone(() => set(params)),
      'network.confirm': (params) => alone(() => confirm(params)),
    },
  };
}

/** Throws `usage` with the sentence of the first value that is wrong. */
function parseSettings(value: unknown): NetworkSettings {
  try {
    return parseNetwork(value);
  } catch (error) {
    throw error instanceof TwinbankError ? usage(error.message) : error;
  }
}

/** The caller's own choice, for the case that the answer does not reach him over the path that he changes. */
function tokenOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^[\w-]{8,64}$/.test(value)) return value;
  throw usage('token: expected 8 to 64 letters, digits, - and _, found another value');
}

/** A state may name an uplink that this host lacks; a person who asks for it is told. Throws `usage`. */
export function assertUplinks(
  settings: NetworkSettings | undefined,
  uplinks: readonly string[],
): void {
  for (const { place, given, uplink } of settings ? namedUplinks(settings) : []) {
    if (uplinks.includes(uplink)) continue;
    const known = uplinks.join(', ') || 'none';
    throw usage(`${place}: expected one of ${known}, found ${JSON.stringify(given)}`);
  }
}

function usage(message: string): RpcError {
  return new RpcError('usage', message);
}
